import type { RequestInfo } from '../access.ts'

const OBJECTS_PER_SEAT = 100
const MAX_SEATS = 10
/** No request takes more than this part of its level's own seats. */
const MAX_PART_OF_LEVEL = 0.15

export interface ListSize {
  /** Objects of the resource, in all namespaces. */
  readonly stored: number
  /** 0: none was given. */
  readonly limit: number
  readonly hasSelector: boolean
}

/** How many seats a list, or a watch that begins with the state, takes: a large one does the work of many small requests. */
export function seatsOfList(size: ListSize, info: Pick<RequestInfo, 'name'>, nominalSeats: number): number {
  // A list of one object by its name is a get.
  if (info.name !== '' || size.stored <= OBJECTS_PER_SEAT) return 1
  const { stored, limit, hasSelector } = size
  const walked = limit === 0 || limit >= stored ? stored : hasSelector ? stored : limit
  const most = Math.max(1, Math.min(MAX_SEATS, Math.ceil(nominalSeats * MAX_PART_OF_LEVEL)))
  return Math.min(most, Math.max(1, Math.ceil(walked / OBJECTS_PER_SEAT)))
}
