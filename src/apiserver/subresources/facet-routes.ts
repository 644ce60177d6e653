import { kinds } from '../../resources/generated/kinds.ts'
import type { Namespace, Pod } from '../../resources/generated/types.ts'
import { prepareForFinalize, validateFinalize } from '../../resources/kinds/namespace.ts'
import { podEphemeralContainers } from '../../resources/kinds/pod/pod.ts'
import type { FacetRoute } from '../route.ts'

/** Takes over spec.finalizers and nothing else: the last step of a namespace's deletion. */
export const finalizeRoute: FacetRoute<Namespace> = {
  type: 'facet', kind: kinds.Namespace, subresource: 'finalize', prepareForUpdate: prepareForFinalize, validateUpdate: validateFinalize,
}

/** Adds containers for debugging to a running pod: kubectl debug. */
export const ephemeralContainersRoute: FacetRoute<Pod> = {
  type: 'facet', kind: kinds.Pod, subresource: 'ephemeralcontainers',
  prepareForUpdate: (draft, old, context) => podEphemeralContainers.prepareForUpdate(draft, old, context),
  validateUpdate: (object, old) => podEphemeralContainers.validateUpdate(object, old),
}
