import type { FlowSchemaSpec } from '../../resources/generated/types.ts'
import type { RequestInfo, User } from '../access.ts'
import type { ResponseHeaders } from '../http.ts'
import type { PriorityLevel } from './priority-level.ts'
import { dealHand, flowSeed } from './shuffle-shard.ts'

/** For /metrics, and kept when the schema changes. */
export interface FlowCounts {
  dispatched: number
  executing: number
  executingSeats: number
  waiting: number
  readonly rejected: Record<RejectionReason, number>
  /** How long those waited that had to wait, whether they were let in or not. */
  readonly waitMs: { count: number; sum: number }
}

export type RejectionReason = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled'

/** Hands of this many flows are remembered; after that all are dealt again, each as before. */
const MAX_KNOWN_FLOWS = 1024
const NO_HAND: readonly number[] = []

/** A flow schema in force, with the level that its requests go to. */
export class FlowSchemaState {
  readonly name: string
  readonly uid: string
  readonly spec: FlowSchemaSpec
  readonly level: PriorityLevel
  readonly counts: FlowCounts
  readonly #distinguisher: string
  readonly #hands = new Map<string, readonly number[]>()
  #lastHeaders: { readonly of: ResponseHeaders; readonly levelUid: string; readonly all: ResponseHeaders } = { of: {}, levelUid: '', all: {} }

  constructor({ name, uid, spec, level, counts }: {
    name: string; uid: string; spec: FlowSchemaSpec; level: PriorityLevel; counts: FlowCounts | undefined
  }) {
    this.name = name
    this.uid = uid
    this.spec = spec
    this.level = level
    this.#distinguisher = spec.distinguisherMethod?.type ?? ''
    this.counts = counts ?? {
      dispatched: 0, executing: 0, executingSeats: 0, waiting: 0, waitMs: { count: 0, sum: 0 },
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

  /** The queues that a request may wait in. */
  hand(user: User, info: RequestInfo): readonly number[] {
    const { queueCount, handSize } = this.level
    if (queueCount === 0) return NO_HAND
    const flow = this.#distinguisher === 'ByUser' ? user.name : this.#distinguisher === 'ByNamespace' ? info.namespace : ''
    const known = this.#hands.get(flow)
    if (known !== undefined) return known
    if (this.#hands.size >= MAX_KNOWN_FLOWS) this.#hands.clear()
    const hand = dealHand(flowSeed(this.name, flow), queueCount, handSize)
    this.#hands.set(flow, hand)
    return hand
  }
}
