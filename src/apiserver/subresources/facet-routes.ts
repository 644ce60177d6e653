import { facets } from '../../resources/registry.ts'
import type { FacetRoute } from '../route.ts'

/** pods/ephemeralcontainers, namespaces/finalize: what the kinds say of themselves. */
export function facetRoutes(): readonly FacetRoute[] {
  return facets().map(({ kind, subresource, update }) => ({
    type: 'facet', kind, subresource,
    prepareForUpdate: (draft, old, context) => update.prepareForUpdate(draft, old, context),
    validateUpdate: (object, old) => update.validateUpdate(object, old),
  }))
}
