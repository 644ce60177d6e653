import type { Container, Pod, Probe } from '../resources/generated/types.ts'
import type { Instant } from '../words/instant.ts'
import type { Clock, Random } from '../words/ports.ts'
import { fraction } from '../words/random.ts'
import { thrownMessage } from '../words/thrown.ts'
import type { Limiter } from './limiter.ts'
import type { ProbeVerdicts } from './pod-memory.ts'
import type { ProbeState } from './probe-state.ts'
import { NO_ANSWERS, afterAnswer } from './probe-state.ts'
import { probeTarget } from './probe-target.ts'
import type { ProbeAnswer, Prober } from './prober.ts'
import type { NodeRuntime } from './runtime.ts'

export type ProbeType = 'startup' | 'liveness' | 'readiness'

export interface ProbeParts {
  readonly clock: Clock
  readonly random: Random
  readonly prober: Prober
  readonly runtime: NodeRuntime
  /** Probes of the whole node that may be under way at one time. */
  readonly limiter: Limiter
}

/** One running container to be probed. */
export interface ProbeSubject {
  readonly pod: Pod
  readonly container: Container
  readonly containerId: string
  readonly startedAt: Instant
  readonly address: string
  /** What was known of it before this agent started. */
  readonly adopted: ProbeVerdicts | undefined
}

export interface ProbeListener {
  verdicts(containerId: string, verdicts: ProbeVerdicts): void
  /** Liveness probe failed: HTTP probe failed with statuscode: 500 */
  unhealthy(container: Container, message: string): void
}

const TRIES = 3
const LABELS = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const

/** The probes of one running container, from its start to its end. Until its startup probe has passed the other two wait. */
export class ProbeWorker {
  readonly #parts: ProbeParts
  readonly #listener: ProbeListener
  readonly #controller = new AbortController()
  readonly #states: Record<ProbeType, ProbeState> = { startup: NO_ANSWERS, liveness: NO_ANSWERS, readiness: NO_ANSWERS }
  readonly #timers = new Map<ProbeType, () => void>()
  readonly #running = new Set<ProbeType>()
  #subject: ProbeSubject

  constructor(parts: ProbeParts, subject: ProbeSubject, listener: ProbeListener) {
    this.#parts = parts
    this.#subject = subject
    this.#listener = listener
    const { adopted, container } = subject
    if (adopted?.startup === true) this.#states.startup = { ...NO_ANSWERS, verdict: true }
    if (adopted?.readiness === true) this.#states.readiness = { ...NO_ANSWERS, verdict: true }
    const { startupProbe } = container
    if (startupProbe === undefined || this.#states.startup.verdict === true) this.#startOthers()
    else this.#schedule('startup', this.#firstDelayMs(startupProbe))
  }

  /** A changed pod of the same container. A pod that is being deleted is not restarted, so only its readiness matters. */
  update(subject: ProbeSubject): void {
    this.#subject = subject
    if (subject.pod.metadata.deletionTimestamp === undefined) return
    for (const type of ['startup', 'liveness'] as const) {
      this.#timers.get(type)?.()
      this.#timers.delete(type)
    }
  }

  get containerId(): string {
    return this.#subject.containerId
  }

  stop(): void {
    this.#controller.abort()
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  #startOthers(): void {
    const { livenessProbe, readinessProbe } = this.#subject.container
    if (readinessProbe !== undefined) this.#schedule('readiness', this.#firstDelayMs(readinessProbe))
    if (livenessProbe !== undefined) this.#schedule('liveness', this.#firstDelayMs(livenessProbe))
  }

  /** Adopted containers are probed at a random moment of the first period: a restarted agent must not probe all at once. */
  #firstDelayMs(probe: Probe): number {
    const initialMs = this.#subject.startedAt + (probe.initialDelaySeconds ?? 0) * 1000 - this.#parts.clock.now()
    const spreadMs = this.#subject.adopted === undefined ? 0 : fraction(this.#parts.random) * periodMs(probe)
    return Math.max(0, initialMs, spreadMs)
  }

  #schedule(type: ProbeType, delayMs: number): void {
    this.#timers.set(type, this.#parts.clock.after(delayMs, () => void this.#probe(type)))
  }

  async #probe(type: ProbeType): Promise<void> {
    const probe = probeOf(this.#subject.container, type)
    const { signal } = this.#controller
    if (probe === undefined || signal.aborted || this.#running.has(type)) return
    const startedAt = this.#parts.clock.now()
    this.#running.add(type)
    let answer: ProbeAnswer
    try {
      answer = await this.#parts.limiter.run(signal, () => this.#ask(probe))
    } catch (error) {
      answer = { outcome: 'unknown', output: thrownMessage(error) }
    }
    this.#running.delete(type)
    if (signal.aborted) return
    const isDeleted = this.#subject.pod.metadata.deletionTimestamp !== undefined
    if (isDeleted && type !== 'readiness') return
    const goesOn = this.#learn(type, probe, answer)
    if (goesOn) this.#schedule(type, Math.max(0, startedAt + periodMs(probe) - this.#parts.clock.now()))
  }

  /** False: this probe has said all that it can of this container. */
  #learn(type: ProbeType, probe: Probe, answer: ProbeAnswer): boolean {
    if (answer.outcome !== 'success') {
      const word = answer.outcome === 'failure' ? 'failed' : 'errored'
      this.#listener.unhealthy(this.#subject.container, `${LABELS[type]} probe ${word}: ${answer.output}`)
    }
    if (answer.outcome === 'unknown') return true
    const before = this.#states[type]
    const after = afterAnswer(before, answer.outcome === 'success', probe)
    this.#states[type] = after
    if (after.verdict !== before.verdict) {
      const { startup, liveness, readiness } = this.#states
      const verdicts = { startup: startup.verdict, liveness: liveness.verdict, readiness: readiness.verdict }
      this.#listener.verdicts(this.#subject.containerId, verdicts)
    }
    if (type === 'startup' && after.verdict === true) {
      this.#startOthers()
      return false
    }
    return type === 'readiness' || after.verdict !== false
  }

  async #ask(probe: Probe): Promise<ProbeAnswer> {
    let answer: ProbeAnswer = { outcome: 'unknown', output: '' }
    for (let attempt = 0; attempt < TRIES && answer.outcome === 'unknown' && !this.#controller.signal.aborted; attempt++) {
      const { exec } = probe
      answer = exec === undefined ? await this.#askFromOutside(probe) : await this.#askInside(exec.command ?? [], timeoutMs(probe))
    }
    return answer
  }

  async #askFromOutside(probe: Probe): Promise<ProbeAnswer> {
    const target = probeTarget(probe, this.#subject.container, this.#subject.address)
    if (typeof target === 'string') return { outcome: 'unknown', output: target }
    return this.#parts.prober.probe(target, timeoutMs(probe), this.#controller.signal)
  }

  async #askInside(command: readonly string[], limitMs: number): Promise<ProbeAnswer> {
    const outcome = await this.#parts.runtime.exec(this.#subject.containerId, command, limitMs, this.#controller.signal)
    if (outcome.outcome === 'exited') return { outcome: outcome.exitCode === 0 ? 'success' : 'failure', output: outcome.output }
    if (outcome.outcome === 'timed-out') {
      const title = JSON.stringify(command.join(' '))
      return { outcome: 'failure', output: `command timed out: ${title} timed out after ${limitMs / 1000}s` }
    }
    return { outcome: 'unknown', output: outcome.message }
  }
}

function probeOf(container: Container, type: ProbeType): Probe | undefined {
  return type === 'startup' ? container.startupProbe : type === 'liveness' ? container.livenessProbe : container.readinessProbe
}

function periodMs(probe: Probe): number {
  return Math.max(1, probe.periodSeconds ?? 10) * 1000
}

function timeoutMs(probe: Probe): number {
  return Math.max(1, probe.timeoutSeconds ?? 1) * 1000
}
