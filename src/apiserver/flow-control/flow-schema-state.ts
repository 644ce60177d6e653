import type { FlowSchemaSpec } from '../../resources/generated/types.ts'
import type { RequestInfo, User } from '../access.ts'
import { Histogram } from '../../words/histogram.ts'
import type { ResponseHeaders } from '../http.ts'
import type { FlowName, QueuedRequest } from './fair-queues.ts'
import type { PriorityLevel } from './priority-level.ts'
import { dealHand, flowSeed } from './shuffle-shard.ts'

/** For /metrics, and kept when the schema changes. */
export interface FlowCounts {
  dispatched: number
  executing: number
  executingSeats: number
  waiting: number
  readonly rejected: Record<RejectionReason, number>
  /** In seconds: how long those waited that had to wait, by whether they were let in. */
  readonly waited: { readonly letIn: Histogram; readonly refused: Histogram }
  /** Of those let in: that did not have to wait. */
  atOnce: number
  /** In seconds: how long those took that were let in, and how long watches had seats. */
  readonly executed: { readonly regular: Histogram; readonly watch: Histogram }
  /** Seats of those that want another number than one. */
  readonly otherSeats: Histogram
  /** How many waited in a queue when a request had come to wait there. */
  readonly queueLengths: Histogram
  /** How many watches may have heard of a write. */
  readonly watchers: Histogram
}

const WAIT_SECONDS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30] as const

const EXECUTION_SECONDS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30] as const
const SEATS = [1, 2, 4, 10] as const
const QUEUE_LENGTHS = [0, 10, 25, 50, 100, 250, 500, 1_000] as const
const WATCHERS = [0, 1, 10, 100, 1_000, 10_000] as const

export type RejectionReason = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled'

/** Hands of this many flows are remembered; after that all are dealt again, each as before. */
const MAX_KNOWN_FLOWS = 1024
const NO_HAND: readonly number[] = []

/** A flow schema in force, with the level that its requests go to. */
export class FlowSchemaState implements FlowName {
  readonly name: string
  readonly uid: string
  readonly spec: FlowSchemaSpec
  readonly level: PriorityLevel
  readonly counts: FlowCounts
  readonly #distinguisher: string
  readonly #hands = new Map<string, readonly number[]>()
  #lastHeaders: { readonly of: ResponseHeaders; readonly levelUid: string; readonly all: ResponseHeaders } = {
    of: {}, levelUid: '', all: {},
  }

  constructor({ name, uid, spec, level, counts }: {
    name: string; uid: string; spec: FlowSchemaSpec; level: PriorityLevel; counts: FlowCounts | undefined
  }) {
    this.name = name
    this.uid = uid
    this.spec = spec
    this.level = level
    this.#distinguisher = spec.distinguisherMethod?.type ?? ''
    this.counts = counts ?? {
      dispatched: 0, executing: 0, executingSeats: 0, waiting: 0, atOnce: 0,
      waited: { letIn: new Histogram(WAIT_SECONDS), refused: new Histogram(WAIT_SECONDS) },
      executed: { regular: new Histogram(EXECUTION_SECONDS), watch: new Histogram(EXECUTION_SECONDS) },
      otherSeats: new Histogram(SEATS), queueLengths: new Histogram(QUEUE_LENGTHS), watchers: new Histogram(WATCHERS),
      rejected: { 'queue-full': 0, 'concurrency-limit': 0, 'time-out': 0, cancelled: 0 },
    }
  }

  /** Which flow it was, with the others. Most responses have the same few headers, so the last ones are kept. */
  headers(others: ResponseHeaders): ResponseHeaders {
    if (this.#lastHeaders.of !== others || this.#lastHeaders.levelUid !== this.level.uid) {
      const flow = { 'x-kubernetes-pf-flowschema-uid': this.uid, 'x-kubernetes-pf-prioritylevel-uid': this.level.uid }
      this.#lastHeaders = { of: others, levelUid: this.level.uid, all: { ...others, ...flow } }
    }
    return this.#lastHeaders.all
  }

  distinguisherOf({ user, info }: QueuedRequest): string {
    return this.#flowOf(user, info)
  }

  #flowOf(user: User, info: RequestInfo): string {
    return this.#distinguisher === 'ByUser' ? user.name : this.#distinguisher === 'ByNamespace' ? info.namespace : ''
  }

  /** The queues that a request may wait in. */
  hand(user: User, info: RequestInfo): readonly number[] {
    const { queueCount, handSize } = this.level
    if (queueCount === 0) return NO_HAND
    const flow = this.#flowOf(user, info)
    const known = this.#hands.get(flow)
    if (known !== undefined) return known
    if (this.#hands.size >= MAX_KNOWN_FLOWS) this.#hands.clear()
    const hand = dealHand(flowSeed(this.name, flow), queueCount, handSize)
    this.#hands.set(flow, hand)
    return hand
  }
}
