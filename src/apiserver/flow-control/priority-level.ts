import type { PriorityLevelConfigurationSpec } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { DroppedRequests } from './dropped-requests.ts'
import { FairQueues } from './fair-queues.ts'
import { MAX_SEATS } from './work-estimate.ts'
import { isExempt, smoothedDemand } from './seat-limits.ts'
import type { SeatLimits } from './seat-limits.ts'

/** A priority level with the requests that are in it now. */
export class PriorityLevel {
  readonly name: string
  readonly queues = new FairQueues({ queues: 0, queueLength: 0 }, 0)
  uid = ''
  spec: PriorityLevelConfigurationSpec = { type: 'Limited' }
  limits: SeatLimits = { nominal: 0, least: 0, most: 0 }
  /** Seats as of the last adjustment; an exempt level takes what it wants, and what it takes is not there to be lent. */
  currentSeats = 0
  handSize = 0
  /** No request has more seats at once. */
  maxRequestSeats = MAX_SEATS
  queueCount = 0
  isExempt = false
  readonly dropped = new DroppedRequests()
  /** Of the last ten seconds, and what came of it: for whoever looks at the metrics. */
  lastDemand = { average: 0, deviation: 0, highest: 0, smoothed: 0 }
  targetSeats = 0
  #smoothed = 0

  constructor(name: string) {
    this.name = name
  }

  configure(spec: PriorityLevelConfigurationSpec, uid: string, limits: SeatLimits, now: Instant): void {
    const isSameLimit = limits.nominal === this.limits.nominal && limits.most === this.limits.most && limits.least === this.limits.least
    const wasExempt = this.isExempt
    this.uid = uid
    this.spec = spec
    this.limits = limits
    this.queues.demand.times.setLimit(limits.nominal)
    this.isExempt = isExempt(spec)
    const response = spec.limited?.limitResponse
    const queuing = response?.type === 'Queue' ? (response.queuing ?? {}) : undefined
    this.queueCount = queuing === undefined ? 0 : (queuing.queues ?? DEFAULT_QUEUING.queues)
    this.handSize = queuing?.handSize ?? DEFAULT_QUEUING.handSize
    this.maxRequestSeats = queuing === undefined ? MAX_SEATS : widest(limits.nominal, this.handSize)
    this.queues.configure({ queues: this.queueCount, queueLength: queuing?.queueLengthLimit ?? DEFAULT_QUEUING.queueLengthLimit })
    if (!isSameLimit || wasExempt !== this.isExempt) this.setSeats(limits.nominal, now)
  }

  setSeats(seats: number, now: Instant): void {
    this.currentSeats = seats
    this.queues.setSeats(this.isExempt ? Infinity : seats, now, seats)
  }

  takeDemand(now: Instant): { readonly highest: number; readonly smoothed: number } {
    const demand = this.queues.demand.take(now)
    this.#smoothed = smoothedDemand(this.#smoothed, demand)
    this.lastDemand = { ...demand, smoothed: this.#smoothed }
    return { highest: demand.highest, smoothed: this.#smoothed }
  }
}

/** What one request takes must leave seats to the other queues of its level. */
const MAX_PART_OF_LEVEL = 0.15

function widest(nominal: number, handSize: number): number {
  return Math.max(1, Math.min(MAX_SEATS, Math.ceil(nominal * MAX_PART_OF_LEVEL), Math.floor(nominal / Math.max(1, handSize))))
}

const DEFAULT_QUEUING = { queues: 64, handSize: 8, queueLengthLimit: 50 } as const
