import type { Verb } from '../../resources/definition.ts'
import type { RequestInfo } from '../access.ts'

const OBJECTS_PER_SEAT = 100
/** No request has more seats at once. */
export const MAX_SEATS = 10
const WATCHES_PER_SEAT = 10
/** How long an event is taken to keep the server busy, per seat of the watches that hear of it. */
const EVENT_MS = 5

/** What a request is taken to cost, before it runs (KEP-1040). */
export interface WorkEstimate {
  /** While it is answered. */
  readonly seats: number
  /** After it was answered, for lateMs: while its events go out to watches. The client does not wait for that. */
  readonly lateSeats: number
  readonly lateMs: number
  /** The larger of both: what must be free for it to begin. */
  readonly width: number
}

/** All that ordinary requests need is known beforehand: one object per width. */
const ESTIMATES: readonly WorkEstimate[] = Array.from(
  { length: MAX_SEATS + 1 }, (_, seats) => ({ seats, lateSeats: 0, lateMs: 0, width: seats }),
)

export function seatsOnly(seats: number): WorkEstimate {
  return ESTIMATES[seats] ?? { seats, lateSeats: 0, lateMs: 0, width: seats }
}

export const oneSeat = seatsOnly(1)

export interface ListSize {
  /** Objects of the resource, in all namespaces. */
  readonly stored: number
  /** 0: none was given. */
  readonly limit: number
  readonly hasSelector: boolean
  /** Upstream answers it without its store. */
  readonly isFromCache: boolean
}

/** A list, or a watch that begins with the state: a large one does the work of many small requests. */
export function workOfList(
  { stored, limit, hasSelector, isFromCache }: ListSize, info: Pick<RequestInfo, 'name'>, maxSeats: number,
): WorkEstimate {
  // A list of one object by its name is a get.
  if (info.name !== '') return oneSeat
  const shown = limit > 0 && limit < stored ? limit : stored
  const walked = isFromCache ? stored : hasSelector ? stored + shown : 2 * shown
  return seatsOnly(Math.min(maxSeats, Math.max(1, Math.ceil(walked / OBJECTS_PER_SEAT))))
}

/** Which lists upstream answers from its cache: consistent ones and such of any age, but no pages and no past. */
export function isListFromCache(query: URLSearchParams): boolean {
  const match = query.get('resourceVersionMatch') ?? ''
  if ((query.get('continue') ?? '') !== '' || (match !== '' && match !== 'NotOlderThan')) return false
  return limitIn(query) === 0 || query.get('resourceVersion') === '0'
}

/** 0 where there is none, or none that makes sense. */
export function limitIn(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? 0)
  return Number.isSafeInteger(limit) && limit > 0 ? limit : 0
}

/** A write: others hear of it too, which costs what it costs after it was answered. */
export function workOfWrite(watches: number, maxSeats: number): WorkEstimate {
  if (watches < WATCHES_PER_SEAT) return oneSeat
  const wanted = Math.ceil(watches / WATCHES_PER_SEAT)
  const lateSeats = Math.min(wanted, maxSeats)
  return { seats: 1, lateSeats, lateMs: (wanted * EVENT_MS) / lateSeats, width: Math.max(1, lateSeats) }
}

const WRITES: ReadonlySet<string> = new Set<Verb>(['create', 'update', 'patch', 'delete'])
/** Answered without anything being stored. */
const UNSTORED: ReadonlySet<string> = new Set([
  'tokenreviews', 'subjectaccessreviews', 'localsubjectaccessreviews', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews',
  'selfsubjectreviews',
])

/** Whether watches may hear of what the request does. */
export function isHeardOf({ verb, resource, subresource }: RequestInfo): boolean {
  return WRITES.has(verb) && !UNSTORED.has(resource) && !(resource === 'serviceaccounts' && subresource === 'token')
}
