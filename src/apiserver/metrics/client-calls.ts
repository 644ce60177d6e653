import { Histogram } from '../../words/histogram.ts'
import type { Clock } from '../../words/ports.ts'
import { StatusError } from '../../words/status-error.ts'
import { histogramFamily } from './histogram-family.ts'
import { counter } from './metric-family.ts'
import type { MetricFamily } from './metric-family.ts'

export type CallMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

const DURATION_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60] as const
/** Users say which webhooks there are: what goes to more servers than that is not counted. */
const MAX_HOSTS = 200
/** As client-go says of a call that had no answer. */
const NO_ANSWER = '<error>'

/** What this process asks of servers as a client, by the names of client-go. */
export class ClientCalls {
  readonly #clock: Clock
  readonly #hosts = new Map<string, HostCalls>()
  readonly #others: HostCalls

  constructor(clock: Clock) {
    this.#clock = clock
    this.#others = new HostCalls(clock)
  }

  /** host: as a URL names it, 127.0.0.1:6443. */
  of(host: string): HostCalls {
    let calls = this.#hosts.get(host)
    if (calls === undefined) {
      if (this.#hosts.size >= MAX_HOSTS) return this.#others
      this.#hosts.set(host, (calls = new HostCalls(this.#clock)))
    }
    return calls
  }

  families(): readonly MetricFamily[] {
    const hosts = [...this.#hosts]
    return [
      counter('rest_client_requests_total', 'Requests that this process has made, by the status of the answer, method and host.',
        hosts.flatMap(([host, calls]) => calls.counts().map(([code, method, count]) => [{ code, host, method }, count] as const))),
      histogramFamily('rest_client_request_duration_seconds', 'Seconds until requests were answered that this process has made.',
        hosts.flatMap(([host, calls]) => calls.durations().map(([verb, histogram]) => [{ host, verb }, histogram] as const))),
    ]
  }
}

interface MethodCalls {
  readonly codes: Map<number, number>
  readonly seconds: Histogram
}

/** Of one server. Counting looks two numbers up, and makes nothing. */
export class HostCalls {
  readonly #clock: Clock
  readonly #methods = new Map<CallMethod, MethodCalls>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  /** code: 0 where no answer came. */
  answered(method: CallMethod, code: number, startedAt: number): void {
    let calls = this.#methods.get(method)
    if (calls === undefined) this.#methods.set(method, (calls = { codes: new Map(), seconds: new Histogram(DURATION_SECONDS) }))
    calls.codes.set(code, (calls.codes.get(code) ?? 0) + 1)
    calls.seconds.observe((this.#clock.now() - startedAt) / 1_000)
  }

  /** Of a part of this process that asks without a connection: what is no StatusError is a defect. */
  failed(method: CallMethod, error: unknown, startedAt: number): void {
    this.answered(method, error instanceof StatusError ? error.code : 500, startedAt)
  }

  counts(): readonly (readonly [code: string, method: CallMethod, count: number])[] {
    return [...this.#methods].flatMap(([method, { codes }]) => (
      Array.from(codes, ([code, count]) => [code === 0 ? NO_ANSWER : String(code), method, count] as const)))
  }

  durations(): readonly (readonly [CallMethod, Histogram])[] {
    return Array.from(this.#methods, ([method, { seconds }]) => [method, seconds] as const)
  }
}
