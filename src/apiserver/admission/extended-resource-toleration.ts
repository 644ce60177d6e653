import { isExtendedResource } from '../../policy/quota/resource-names.ts'
import type { Pod } from '../../resources/generated/types.ts'
import type { AdmissionRequest, Mutator } from '../access.ts'
import { podOf } from './pod-writes.ts'

/** Nodes with costly devices are tainted with the device's name; a pod that asks for one may go there. */
export const extendedResourceToleration: Mutator = {
  name: 'ExtendedResourceToleration',
  matches: (request) => (request.operation === 'CREATE' || request.operation === 'UPDATE') && untolerated(request).length > 0,
  admit(request) {
    const { spec } = request.object as Pod
    if (spec === undefined) return
    spec.tolerations = [...(spec.tolerations ?? []), ...untolerated(request).map((key) => ({ key, operator: 'Exists' }))]
  },
}

function untolerated(request: AdmissionRequest): readonly string[] {
  const spec = podOf(request)?.spec
  if (spec === undefined) return []
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  const asked = new Set(containers.flatMap(({ resources }) => Object.keys(resources?.requests ?? {})))
  const isTolerated = (name: string): boolean =>
    (spec.tolerations ?? []).some(({ key, operator, effect = '' }) => key === name && operator === 'Exists' && effect === '')
  return [...asked].filter((name) => isExtendedResource(name) && !isTolerated(name)).sort()
}
