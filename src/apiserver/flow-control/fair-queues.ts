import type { Instant } from '../../words/instant.ts'
import type { RequestInfo, User } from '../access.ts'
import { LevelTimes } from './level-times.ts'
import { SeatDemand } from './seat-demand.ts'
import type { WorkEstimate } from './work-estimate.ts'

export interface QueuesConfig {
  /** 0: nothing waits, what finds no room is refused. */
  readonly queues: number
  /** Requests that may wait in one queue. */
  readonly queueLength: number
}

/** What a request is taken to last before anybody knows, so that a queue pays for a request when it begins (KEP-1040). */
const GUESSED_SERVICE_MS = 3
const SECOND_MS = 1_000
/**
 * Lists last as long as their clients take: were all seats theirs, a small request of somebody else would wait until one of them ends,
 * however fair its turn is.
 */
const LISTS_PART = 3 / 4
/** A queue that never gets empty is moved up after so many. */
const KEPT_TAKEN = 64

export interface Queue {
  /** In order of arrival; some that were taken are before head. */
  waiting: Ticket[]
  head: number
  waitingSeats: number
  executingSeats: number
  executing: number
  /** Virtual time at which its next request would begin, if every queue had a fair share of all seats. */
  nextStart: number
}

export interface Asking {
  readonly work: WorkEstimate
  /** For whoever looks at the queues: of which flow schema it is, and what it asks. */
  readonly schema: FlowName
  readonly request: QueuedRequest
}

export interface FlowName {
  readonly name: string
  /** What tells the flows of the schema apart: the user's name, the namespace, or nothing. */
  distinguisherOf(request: QueuedRequest): string
}

export interface QueuedRequest {
  readonly user: User
  readonly info: RequestInfo
}

/** A request that waits or has its seats. */
export class Ticket {
  readonly work: WorkEstimate
  readonly arrivedAt: Instant
  state: 'waiting' | 'executing' | 'late' | 'over' = 'waiting'
  startedAt: Instant = 0
  arrivedVirtually = 0
  readonly queue: Queue
  readonly schema: FlowName
  readonly request: QueuedRequest
  /** Called when a waiting request got its seats. */
  readonly begin: () => void
  /** Its neighbours among those that have seats: a list costs a request less than a set. */
  previous: Ticket | undefined
  next: Ticket | undefined

  constructor(queue: Queue, asking: Asking, arrivedAt: Instant, begin: () => void) {
    this.queue = queue
    this.work = asking.work
    this.schema = asking.schema
    this.request = asking.request
    this.arrivedAt = arrivedAt
    this.begin = begin
    this.previous = undefined
    this.next = undefined
  }

  /**
   * What its queue pays for it when it begins: all the seats that it keeps from others, for as long as it is guessed to keep them. To pay
   * for less than virtual time counts would put its queue before those of others that come later.
   */
  get guessedWork(): number {
    return this.work.width * (GUESSED_SERVICE_MS + this.work.lateMs)
  }
}

export interface VirtualProgress {
  readonly current: number
  /** Of the request out of a queue that was given its seats last: when that was, and when it would have begun with a fair share. */
  readonly latest: { readonly at: number; readonly start: number } | undefined
  /** Of the first request of each queue that has some. */
  readonly nextStarts: readonly number[]
  /** The same without what those of its queue are taken to do yet that have seats. */
  readonly discountedStarts: readonly number[]
}

export type Entry =
  | { readonly outcome: 'waiting'; readonly ticket: Ticket }
  | { readonly outcome: 'refused'; readonly why: 'queue-full' | 'concurrency-limit' }

/**
 * The seats of one priority level and the requests that wait for them. Fair queuing by virtual time: of the queues that wait the one is
 * served whose next request would have ended first, had every queue had the same share of the seats at every moment. Deterministic: time
 * is given. Work conserving: while a request waits, no seats that it fits in are free. Lists of many objects fit in three quarters of
 * the seats.
 */
export class FairQueues {
  #config: QueuesConfig
  #seats: number
  #queues: Queue[] = []
  /** For requests that no queue is kept for: levels that are exempt or refuse what finds no room. */
  readonly #common: Queue = emptyQueue()
  #executingSeats = 0
  /** Of them those of lists. */
  #listSeats = 0
  #executing = 0
  #waiting = 0
  #waitingSeats = 0
  #activeQueues = 0
  #virtual = 0
  #lastAt: Instant | undefined
  /** Where the search for the next queue begins, so that equals take turns. */
  #turn = 0
  #newest: Ticket | undefined
  readonly demand = new SeatDemand()
  readonly times = new LevelTimes()
  /** Of the request that was given its seats last. */
  #latest: { readonly at: number; readonly start: number } | undefined
  /** How often the next request found too few seats, by its flow schema. */
  readonly unaccommodated = new Map<string, number>()

  constructor(config: QueuesConfig, seats: number) {
    this.#config = config
    this.#seats = seats
    this.#resize()
  }

  /** Those that have seats, the newest first. */
  *withSeats(): Generator<Ticket> {
    for (let ticket = this.#newest; ticket !== undefined; ticket = ticket.next) yield ticket
  }

  /** With what waits in it. */
  *all(): Generator<Queue> {
    yield* this.#queues
    if (this.#common.waiting.length > this.#common.head) yield this.#common
  }

  get isIdle(): boolean {
    return this.#executing === 0 && this.#waiting === 0 && this.#executingSeats === 0
  }

  get executing(): number {
    return this.#executing
  }

  get executingSeats(): number {
    return this.#executingSeats
  }

  get waiting(): number {
    return this.#waiting
  }

  get waitingSeats(): number {
    return this.#waitingSeats
  }

  get seats(): number {
    return this.#seats
  }

  /** What waits goes on to wait where it is, also in queues that are dealt to nobody any more. */
  configure(config: QueuesConfig): void {
    this.#config = config
    this.times.waiting.setLimit(config.queues * config.queueLength)
    this.#resize()
  }

  /** Followed by calls of next: there may be room now. shown: what the seats in use are told as a part of. */
  setSeats(seats: number, now: Instant, shown = seats): void {
    this.#advance(now)
    this.#seats = seats
    this.times.setSeats(shown)
  }

  /** For whoever looks at the metrics: virtual time, in seconds that a seat was had. */
  progress(now: Instant): VirtualProgress {
    this.#advance(now)
    this.demand.advance(now)
    const next = this.#queues.filter(({ waiting, head }) => waiting.length > head)
    const startOf = (queue: Queue): number => Math.max(queue.nextStart, queue.waiting[queue.head]?.arrivedVirtually ?? 0) / SECOND_MS
    return {
      current: this.#virtual / SECOND_MS,
      latest: this.#latest && { at: this.#latest.at / SECOND_MS, start: this.#latest.start / SECOND_MS },
      nextStarts: next.map(startOf),
      discountedStarts: next.map((queue) => startOf(queue) - (queue.executingSeats * GUESSED_SERVICE_MS) / SECOND_MS),
    }
  }

  /** Nobody waits, and the seats are free: a request need not queue. */
  hasRoom(work: WorkEstimate): boolean {
    return this.#waiting === 0 && this.#fits(work)
  }

  /** Takes the seats, whatever the limit: the caller has asked hasRoom, or its requests are exempt. */
  enter(hand: readonly number[], asking: Asking, now: Instant): Ticket {
    this.#advance(now)
    const queue = this.#shortest(hand)
    const ticket = new Ticket(queue, asking, now, nothing)
    this.#arrive(queue, ticket)
    this.#start(ticket, now)
    this.#noteDemand(now)
    return ticket
  }

  /** Lets a request wait in the shortest queue of its hand. begin is called out of next. */
  wait(hand: readonly number[], asking: Asking, now: Instant, begin: () => void): Entry {
    if (this.#config.queues === 0) return { outcome: 'refused', why: 'concurrency-limit' }
    const queue = this.#shortest(hand)
    if (queue.waiting.length - queue.head >= this.#config.queueLength) return { outcome: 'refused', why: 'queue-full' }
    this.#advance(now)
    const ticket = new Ticket(queue, asking, now, begin)
    const { width } = asking.work
    this.#arrive(queue, ticket)
    queue.waiting.push(ticket)
    queue.waitingSeats += width
    this.#waiting++
    this.#waitingSeats += width
    this.#noteDemand(now)
    return { outcome: 'waiting', ticket }
  }

  /** Gives the next request its seats; undefined where nobody waits or the next one does not fit. The caller calls its begin. */
  next(now: Instant): Ticket | undefined {
    if (this.#waiting === 0) return undefined
    this.#advance(now)
    const queue = this.#nextQueue()
    const ticket = queue?.waiting[queue.head]
    if (queue === undefined || ticket === undefined) return undefined
    if (!this.#fits(ticket.work)) {
      this.unaccommodated.set(ticket.schema.name, (this.unaccommodated.get(ticket.schema.name) ?? 0) + 1)
      return undefined
    }
    this.#unqueue(queue, ticket)
    this.#latest = { at: this.#virtual, start: Math.max(queue.nextStart, ticket.arrivedVirtually) }
    this.#start(ticket, now)
    return ticket
  }

  /** A request that had its seats ended, or one that waited gave up. More than once does no harm. */
  leave(ticket: Ticket, now: Instant): void {
    if (ticket.state === 'over') return
    this.#advance(now)
    const { queue } = ticket
    if (ticket.state === 'waiting') this.#giveUp(queue, ticket)
    else {
      if (ticket.state === 'executing') this.#end(ticket, now)
      queue.executingSeats -= ticket.work.width
      this.#executingSeats -= ticket.work.width
      if (isList(ticket.work)) this.#listSeats -= ticket.work.width
    }
    ticket.state = 'over'
    if (isIdle(queue)) this.#activeQueues--
    this.#noteDemand(now)
  }

  /** It was answered, and keeps its seats until leave. */
  answered(ticket: Ticket, now: Instant): void {
    if (ticket.state !== 'executing') return
    this.#advance(now)
    this.#end(ticket, now)
    ticket.state = 'late'
  }

  #end(ticket: Ticket, now: Instant): void {
    const { queue, previous, next } = ticket
    queue.executing--
    this.#executing--
    if (previous === undefined) this.#newest = next
    else previous.next = next
    if (next !== undefined) next.previous = previous
    ticket.previous = undefined
    ticket.next = undefined
    // Its queue paid for the guess when it began: now it pays for what it really took.
    queue.nextStart -= ticket.work.width * (GUESSED_SERVICE_MS - (now - ticket.startedAt))
  }

  #fits(work: WorkEstimate): boolean {
    // What asks for more than there is at all gets its turn alone.
    if (this.#executingSeats === 0) return this.#seats > 0
    return this.#executingSeats + work.width <= this.#seats && !this.#isHeldBack(work)
  }

  #isHeldBack(work: WorkEstimate): boolean {
    return isList(work) && this.#listSeats > 0 && this.#listSeats + work.width > this.#seats * LISTS_PART
  }

  #arrive(queue: Queue, ticket: Ticket): void {
    ticket.arrivedVirtually = this.#virtual
    if (!isIdle(queue)) return
    this.#activeQueues++
    queue.nextStart = this.#virtual
  }

  #start(ticket: Ticket, now: Instant): void {
    const { queue, work } = ticket
    ticket.state = 'executing'
    ticket.startedAt = now
    ticket.next = this.#newest
    if (this.#newest !== undefined) this.#newest.previous = ticket
    this.#newest = ticket
    queue.executing++
    queue.executingSeats += work.width
    this.#executing++
    this.#executingSeats += work.width
    if (isList(work)) this.#listSeats += work.width
    // A queue does not save up for later what it did not use before its request came.
    if (queue.nextStart < ticket.arrivedVirtually) queue.nextStart = ticket.arrivedVirtually
    queue.nextStart += ticket.guessedWork
  }

  /** Takes the head of a queue off. */
  #unqueue(queue: Queue, ticket: Ticket): void {
    queue.head++
    if (queue.head === queue.waiting.length || queue.head >= KEPT_TAKEN) {
      queue.waiting = queue.waiting.slice(queue.head)
      queue.head = 0
    }
    this.#uncount(queue, ticket)
  }

  #giveUp(queue: Queue, ticket: Ticket): void {
    queue.waiting = queue.waiting.slice(queue.head).filter((other) => other !== ticket)
    queue.head = 0
    this.#uncount(queue, ticket)
  }

  #uncount(queue: Queue, { work: { width } }: Ticket): void {
    queue.waitingSeats -= width
    this.#waiting--
    this.#waitingSeats -= width
  }

  #shortest(hand: readonly number[]): Queue {
    let best: Queue | undefined
    for (const card of hand) {
      const queue = this.#queues[card]
      if (queue === undefined) continue
      if (best === undefined || isShorter(queue, best)) best = queue
    }
    return best ?? this.#queues[0] ?? this.#common
  }

  #nextQueue(): Queue | undefined {
    const { length } = this.#queues
    let best: Queue | undefined
    let bestEnd = Infinity
    let bestIndex = 0
    for (let step = 1; step <= length; step++) {
      const index = (this.#turn + step) % length
      const queue = this.#queues[index]
      const first = queue?.waiting[queue.head]
      if (queue === undefined || first === undefined || this.#isHeldBack(first.work)) continue
      const end = Math.max(queue.nextStart, first.arrivedVirtually) + first.guessedWork
      if (end >= bestEnd) continue
      best = queue
      bestEnd = end
      bestIndex = index
    }
    if (best === undefined) return this.#common.waiting.length > this.#common.head ? this.#common : undefined
    this.#turn = bestIndex
    return best
  }

  /** Virtual time runs as fast as every queue that has something to do would be served. */
  #advance(now: Instant): void {
    const elapsedMs = this.#lastAt === undefined ? 0 : Math.max(0, now - this.#lastAt)
    this.#lastAt = now
    if (elapsedMs > 0) {
      const { seats, executing, waiting } = this.times
      seats.note(this.#executingSeats, elapsedMs)
      executing.note(this.#executing, elapsedMs)
      waiting.note(this.#waiting, elapsedMs)
    }
    if (this.#activeQueues === 0 || elapsedMs === 0) return
    const served = Math.min(this.#executingSeats + this.#waitingSeats, this.#seats)
    this.#virtual += elapsedMs * (served / this.#activeQueues)
  }

  #noteDemand(now: Instant): void {
    this.demand.set(this.#executingSeats + this.#waitingSeats, now)
  }

  /** Queues are only ever added: what waits in one that is not needed any more is served as before. */
  #resize(): void {
    while (this.#queues.length < this.#config.queues) this.#queues.push(emptyQueue())
  }
}

function emptyQueue(): Queue {
  return { waiting: [], head: 0, waitingSeats: 0, executingSeats: 0, executing: 0, nextStart: 0 }
}

function isList({ seats }: WorkEstimate): boolean {
  return seats > 1
}

/** In the order of their turns. */
export function waitingIn(queue: Queue): readonly Ticket[] {
  return queue.head === 0 ? queue.waiting : queue.waiting.slice(queue.head)
}

function isIdle(queue: Queue): boolean {
  return queue.executing === 0 && queue.executingSeats === 0 && queue.waiting.length === queue.head
}

function isShorter(queue: Queue, other: Queue): boolean {
  if (queue.waitingSeats !== other.waitingSeats) return queue.waitingSeats < other.waitingSeats
  return queue.executingSeats < other.executingSeats
}

function nothing(): void {}
