import { assert } from '../../words/assert.ts'
import { facetId } from '../pipeline/write-request.ts'
import type { ConnectRoute, FacetRoute, ObjectRoute, PathRoute, Route } from '../route.ts'

/** What was plugged in, by what it answers to. */
export interface RouteTable {
  /** By group/plural/subresource. */
  readonly resources: ReadonlyMap<string, ObjectRoute | ConnectRoute>
  readonly facets: ReadonlyMap<string, FacetRoute>
  readonly paths: readonly PathRoute[]
}

export function routeTable(routes: readonly Route[]): RouteTable {
  const resources = new Map<string, ObjectRoute | ConnectRoute>()
  const facets = new Map<string, FacetRoute>()
  const paths: PathRoute[] = []
  for (const route of routes) {
    if (route.type === 'path') {
      paths.push(route)
      continue
    }
    const of = route.type === 'facet' ? { group: route.kind.group, resource: route.kind.plural } : route
    const id = facetId(of.group, of.resource, route.subresource)
    assert(!resources.has(id) && !facets.has(id), `two handlers for ${id}`)
    if (route.type === 'facet') facets.set(id, route)
    else resources.set(id, route)
  }
  return { resources, facets, paths }
}
