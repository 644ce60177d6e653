import { claimLimitProblem, podLimitProblem } from '../../policy/limit-range/limit-checks.ts'
import { applyLimitDefaults } from '../../policy/limit-range/limit-defaults.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { PersistentVolumeClaim, Pod } from '../../resources/generated/types.ts'
import type { AdmissionRequest, Mutator, Validator } from '../access.ts'
import { isAbout, isSubresourceOf, isWrite } from './targets.ts'
import { ALLOWED, forbiddenBecause } from './verdicts.ts'

/** Containers that do not say what they need get the namespace's defaults, when they are created and when they are resized. */
export const limitRangerDefaults: Mutator = {
  name: 'LimitRanger',
  matches: isPodSize,
  admit(request, reader) {
    if (isEnding(request)) return
    const limitRanges = reader.list(kinds.LimitRange, request.key.namespace)
    if (limitRanges.length > 0) applyLimitDefaults(request.object as Pod, limitRanges)
  },
}

export const limitRanger: Validator = {
  name: 'LimitRanger',
  matches: (request) => isPodSize(request) || isClaim(request),
  review(request, reader) {
    if (isEnding(request)) return ALLOWED
    const isPod = request.kind.plural === kinds.Pod.plural
    for (const limitRange of reader.list(kinds.LimitRange, request.key.namespace)) {
      const problem = isPod
        ? podLimitProblem(request.object as Pod, limitRange)
        : claimLimitProblem(request.object as PersistentVolumeClaim, limitRange)
      if (problem !== undefined) return forbiddenBecause(problem)
    }
    return ALLOWED
  },
}

/** Where the size of a pod is decided: other updates cannot change it. */
function isPodSize(request: AdmissionRequest): boolean {
  if (request.operation === 'CREATE') return isAbout(request, '', 'pods')
  return request.operation === 'UPDATE' && isSubresourceOf(request, '', 'pods', 'resize')
}

function isClaim(request: AdmissionRequest): boolean {
  return isWrite(request) && isAbout(request, '', 'persistentvolumeclaims')
}

function isEnding({ old }: AdmissionRequest): boolean {
  return old?.metadata.deletionTimestamp !== undefined
}
