import { kinds } from '../../resources/generated/kinds.ts'
import { prepareForFinalize, validateFinalize } from '../../resources/kinds/namespace.ts'
import type { Namespace } from '../../resources/generated/types.ts'
import type { FacetRoute } from '../route.ts'

/** namespaces/finalize: takes over spec.finalizers and nothing else. */
export const finalizeRoute: FacetRoute<Namespace> = {
  type: 'facet', kind: kinds.Namespace, subresource: 'finalize', prepareForUpdate: prepareForFinalize, validateUpdate: validateFinalize,
}
