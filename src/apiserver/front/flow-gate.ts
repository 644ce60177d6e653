import type { Histogram } from '../../words/histogram.ts'
import type { Instant } from '../../words/instant.ts'
import type { Clock } from '../../words/ports.ts'
import { timeout, tooManyRequests } from '../../words/status-error.ts'
import type { Delays, RequestInfo, User } from '../access.ts'
import type { Ticket } from '../flow-control/fair-queues.ts'
import type { WorkEstimate } from '../flow-control/work-estimate.ts'
import type { FlowControl, FlowObjects } from '../flow-control/flow-control.ts'
import { KindTimes } from '../flow-control/level-times.ts'
import type { FlowSchemaState, RejectionReason } from '../flow-control/flow-schema-state.ts'
import type { PriorityLevel } from '../flow-control/priority-level.ts'
import { Deadlines } from './deadlines.ts'
import type { Deadline } from './deadlines.ts'

export interface GateLimits {
  readonly requestTimeoutMs: number
}

/** What the gate looks at of a request. */
export interface GatedRequest {
  readonly user: User
  readonly info: RequestInfo
  /** Asked for only where the request has to wait. */
  readonly request: { readonly signal: AbortSignal }
  readonly delays: Delays
}

/** Seats of a request whose answer goes on after it was given: a watch that is still telling its initial state. */
export interface HeldSeats {
  release(): void
}

/** A request may wait for this part of the time it has. */
const WAITING_PART = 1 / 4
/** Lent seats are looked at so often, also while nobody asks for any. */
const LOOK_EVERY_MS = 10_000

/**
 * Lets requests in as their priority levels have seats, and bounds how long they take. What is answered at once, with seats free and
 * nobody waiting, takes none: nothing else can run meanwhile. That case costs a match and a comparison.
 */
export class FlowGate {
  readonly control: FlowControl
  /** Under way, those that wait not counted. */
  readonly inFlight = { read: 0, write: 0 }
  readonly waiting = { read: 0, write: 0 }
  readonly times: KindTimes
  readonly #clock: Clock
  readonly #limits: GateLimits
  readonly #ends: Deadlines
  readonly #waits: Deadlines

  constructor(clock: Clock, limits: GateLimits, control: FlowControl) {
    this.#clock = clock
    this.#limits = limits
    this.control = control
    this.times = new KindTimes(control.totalSeats)
    this.#ends = new Deadlines(clock)
    this.#waits = new Deadlines(clock)
  }

  /** For whoever looks at the metrics: all times are noted up to now. */
  advance(): number {
    const now = this.#clock.now()
    this.times.advance(now, this.inFlight, this.waiting)
    return now
  }

  /** The objects have changed. */
  configure(objects: FlowObjects): void {
    for (const level of this.control.configure(objects, this.#clock.now())) this.#pump(level)
  }

  /** Lends seats and takes them back as time goes, until the signal aborts. */
  keepAdjusting(signal: AbortSignal): void {
    if (signal.aborted) return
    this.#adjust()
    const cancel = this.#clock.after(LOOK_EVERY_MS, () => {
      signal.removeEventListener('abort', cancel)
      this.keepAdjusting(signal)
    })
    signal.addEventListener('abort', cancel, { once: true })
  }

  /** Which flow schema the request belongs to. */
  flowOf(user: User, info: RequestInfo): FlowSchemaState {
    return this.control.classify(user, info)
  }

  /** Runs the work when there is room, or refuses it with 429. The caller is answered with 504 at the deadline, though the work may go on. */
  run<T>(flow: FlowSchemaState, asked: GatedRequest, work: WorkEstimate, answering: () => T | Promise<T>): T | Promise<T> {
    if (work.width !== 1) flow.counts.otherSeats.observe(work.width)
    if (!this.#hasRoom(flow.level, work)) return this.#wait(flow, asked, work, answering)
    flow.counts.dispatched++
    flow.counts.atOnce++
    asked.delays.execution = flow.counts.executed.regular
    const answer = answering()
    if (!(answer instanceof Promise)) return answer
    const ticket = this.#enter(flow, asked, work)
    return this.#finish(flow, asked, ticket, answer)
  }

  /** As run, for work that is answered at once but keeps its seats until it gives them back, or the request's time is over. */
  async hold<T>(
    flow: FlowSchemaState, asked: GatedRequest, work: WorkEstimate, answering: (held: HeldSeats) => T | Promise<T>,
  ): Promise<T> {
    const ticket = await this.#seatsFor(flow, asked, work)
    this.#count(flow, ticket, 1)
    const deadline: Deadline = { at: this.#clock.now() + this.#limits.requestTimeoutMs, expire: () => release() }
    const release = (): void => {
      this.#ends.remove(deadline)
      if (ticket.state === 'over') return
      const now = this.#clock.now()
      flow.counts.executed.watch.observe((now - ticket.startedAt) / 1_000)
      this.#count(flow, ticket, -1)
      this.#leave(flow, ticket, now)
    }
    this.#ends.add(deadline)
    try {
      return await answering({ release })
    } catch (error) {
      release()
      throw error
    }
  }

  /** For what takes no seat, because it lasts as long as its client likes: only its beginning has a deadline. */
  withinDeadline<T>(answering: () => T | Promise<T>): T | Promise<T> {
    const answer = answering()
    return answer instanceof Promise ? this.#bounded(answer, nothing) : answer
  }

  #hasRoom(level: PriorityLevel, work: WorkEstimate): boolean {
    if (level.isExempt || level.queues.hasRoom(work)) return true
    if (!this.#adjust()) return false
    return level.queues.hasRoom(work)
  }

  #enter(flow: FlowSchemaState, asked: GatedRequest, work: WorkEstimate): Ticket {
    return flow.level.queues.enter(flow.hand(asked.user, asked.info), { work, schema: flow, request: asked }, this.#clock.now())
  }

  #adjust(): boolean {
    const levels = this.control.adjust(this.#clock.now())
    for (const level of levels) this.#pump(level)
    return levels.length > 0
  }

  async #wait<T>(flow: FlowSchemaState, asked: GatedRequest, work: WorkEstimate, answering: () => T | Promise<T>): Promise<T> {
    const ticket = await this.#turn(flow, asked, work)
    asked.delays.execution = flow.counts.executed.regular
    try {
      const answer = answering()
      if (answer instanceof Promise) return await this.#finish(flow, asked, ticket, answer)
      this.#leave(flow, ticket, this.#clock.now())
      return answer
    } catch (error) {
      // Once more does no harm where the answer was a promise.
      this.#leave(flow, ticket, this.#clock.now())
      throw error
    }
  }

  async #seatsFor(flow: FlowSchemaState, asked: GatedRequest, work: WorkEstimate): Promise<Ticket> {
    if (work.width !== 1) flow.counts.otherSeats.observe(work.width)
    if (!this.#hasRoom(flow.level, work)) return this.#turn(flow, asked, work)
    flow.counts.dispatched++
    flow.counts.atOnce++
    return this.#enter(flow, asked, work)
  }

  /** Resolves when the request has its seats. */
  #turn(flow: FlowSchemaState, asked: GatedRequest, work: WorkEstimate): Promise<Ticket> {
    return new Promise((resolve, reject) => {
      const { counts, level } = flow
      const arrivedAt = this.#clock.now()
      const { user, info, request } = asked
      const entry = level.queues.wait(flow.hand(user, info), { work, schema: flow, request: asked }, arrivedAt, () => {
        stopWaiting(counts.waited.letIn)
        counts.dispatched++
        if (entry.outcome === 'waiting') resolve(entry.ticket)
      })
      if (entry.outcome === 'refused') return reject(this.#refusal(flow, entry.why))
      const { signal } = request
      const giveUp = (why: RejectionReason): void => {
        stopWaiting(counts.waited.refused)
        level.queues.leave(entry.ticket, this.#clock.now())
        reject(this.#refusal(flow, why))
      }
      const onAbort = (): void => giveUp('cancelled')
      const deadline: Deadline = { at: arrivedAt + this.#limits.requestTimeoutMs * WAITING_PART, expire: () => giveUp('time-out') }
      const stopWaiting = (seconds: Histogram): void => {
        this.#waits.remove(deadline)
        signal.removeEventListener('abort', onAbort)
        const now = this.advance()
        counts.waiting--
        this.waiting[kindOf(info)]--
        asked.delays.queuedMs += now - arrivedAt
        seconds.observe(asked.delays.queuedMs / 1_000)
      }
      const { waiting, head } = entry.ticket.queue
      counts.queueLengths.observe(waiting.length - head)
      this.times.advance(arrivedAt, this.inFlight, this.waiting)
      counts.waiting++
      this.waiting[kindOf(info)]++
      this.#waits.add(deadline)
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      // A wide request may have been let to the front of a queue whose seats are free by now.
      this.#pump(level)
    })
  }

  #refusal(flow: FlowSchemaState, why: RejectionReason): Error {
    const { counts, level } = flow
    counts.rejected[why]++
    level.dropped.note(this.#clock.now())
    return tooManyRequests('Too many requests, please try again later.', level.dropped.retryAfterSeconds)
  }

  #finish<T>(flow: FlowSchemaState, { info }: GatedRequest, ticket: Ticket, answer: Promise<T>): Promise<T> {
    const of = kindOf(info)
    this.times.advance(ticket.startedAt, this.inFlight, this.waiting)
    this.inFlight[of]++
    this.#count(flow, ticket, 1)
    return this.#bounded(answer, () => {
      const now = this.advance()
      this.inFlight[of]--
      this.#count(flow, ticket, -1)
      this.#answered(flow, ticket, now)
    })
  }

  /** What its events cost comes after the answer. Who is exempt needs no seats. */
  #answered(flow: FlowSchemaState, ticket: Ticket, now: Instant): void {
    const { lateMs } = ticket.work
    if (lateMs === 0 || flow.level.isExempt || ticket.state !== 'executing') return this.#leave(flow, ticket, now)
    flow.level.queues.answered(ticket, now)
    this.#clock.after(lateMs, () => this.#leave(flow, ticket, this.#clock.now()))
  }

  #count(flow: FlowSchemaState, ticket: Ticket, by: 1 | -1): void {
    flow.counts.executing += by
    flow.counts.executingSeats += by * ticket.work.width
  }

  /** Settles as the answer does, or fails at the deadline; over is called once, at that time. */
  #bounded<T>(answer: Promise<T>, over: () => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const deadline: Deadline = {
        at: this.#clock.now() + this.#limits.requestTimeoutMs,
        expire: () => {
          over()
          reject(timeout('The request did not complete within the time allowed.'))
        },
      }
      this.#ends.add(deadline)
      answer.then((value) => {
        if (this.#ends.remove(deadline)) over()
        resolve(value)
      }, (error: unknown) => {
        if (this.#ends.remove(deadline)) over()
        reject(error)
      })
    })
  }

  #leave({ level }: FlowSchemaState, ticket: Ticket, now: Instant): void {
    level.queues.leave(ticket, now)
    if (level.queues.waiting === 0) return
    this.#adjust()
    this.#pump(level)
  }

  /** Lets those begin that there is room for. */
  #pump(level: PriorityLevel): void {
    if (level.queues.waiting === 0) return
    const now = this.#clock.now()
    for (let ticket = level.queues.next(now); ticket !== undefined; ticket = level.queues.next(now)) ticket.begin()
  }
}

function kindOf({ verb }: RequestInfo): 'read' | 'write' {
  return verb === 'get' || verb === 'list' || verb === 'watch' ? 'read' : 'write'
}

function nothing(): void {}
