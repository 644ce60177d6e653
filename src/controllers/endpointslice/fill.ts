import { sameJson } from '../../objects/json.ts'
import type { Endpoint, EndpointSlice } from '../../resources/generated/types.ts'

const MAX_ENDPOINTS = 100

/** What becomes of the slices of one set of ports: which endpoints each has afterwards. */
export interface Filling {
  /** By slice; an empty list is a slice to delete. */
  readonly kept: ReadonlyMap<EndpointSlice, readonly Endpoint[]>
  /** One list for each new slice. */
  readonly created: readonly (readonly Endpoint[])[]
}

/**
 * Spreads endpoints over slices with few writes: each stays where it is; new ones go first to slices that change anyway, then to a slice
 * with room for all that remain, then to new slices. Endpoints are never moved only to save a slice.
 */
export function fill(slices: readonly EndpointSlice[], wanted: readonly Endpoint[]): Filling {
  const missing = new Map(wanted.map((endpoint) => [identity(endpoint), endpoint]))
  const kept = new Map<EndpointSlice, readonly Endpoint[]>()
  for (const slice of slices) kept.set(slice, keep(slice, missing))
  const rest = [...missing.values()]
  for (const slice of slices) {
    const endpoints = kept.get(slice) ?? []
    const changes = endpoints.length > 0 && !sameJson(endpoints, slice.endpoints)
    if (rest.length > 0 && changes) kept.set(slice, [...endpoints, ...rest.splice(0, MAX_ENDPOINTS - endpoints.length)])
  }
  const created: Endpoint[][] = []
  while (rest.length > 0) {
    const roomy = roomiest(kept, Math.min(rest.length, MAX_ENDPOINTS))
    if (roomy === undefined) created.push(rest.splice(0, MAX_ENDPOINTS))
    else kept.set(roomy.slice, [...roomy.endpoints, ...rest.splice(0, MAX_ENDPOINTS - roomy.endpoints.length)])
  }
  return { kept, created }
}

/** The slice's endpoints that are still wanted, as they are wanted now; takes them out of what is missing. */
function keep(slice: EndpointSlice, missing: Map<string, Endpoint>): readonly Endpoint[] {
  const endpoints: Endpoint[] = []
  for (const present of slice.endpoints ?? []) {
    const wanted = missing.get(identity(present))
    if (wanted === undefined || endpoints.length >= MAX_ENDPOINTS) continue
    missing.delete(identity(present))
    endpoints.push(sameJson(present, wanted) ? present : wanted)
  }
  return endpoints
}

/** The fullest slice that still has room for so many: nearly full ones are left alone. */
function roomiest(
  kept: ReadonlyMap<EndpointSlice, readonly Endpoint[]>,
  count: number
): { slice: EndpointSlice; endpoints: readonly Endpoint[] } | undefined {
  let best: { slice: EndpointSlice; endpoints: readonly Endpoint[] } | undefined
  for (const [slice, endpoints] of kept) {
    if (MAX_ENDPOINTS - endpoints.length < count) continue
    if (best === undefined || endpoints.length > best.endpoints.length) best = { slice, endpoints }
  }
  return best
}

function identity(endpoint: Endpoint): string {
  return `${endpoint.targetRef?.uid ?? ''} ${endpoint.addresses[0] ?? ''}`
}
