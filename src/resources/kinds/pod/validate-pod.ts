import type { FieldError } from '../../../objects/field-error.ts'
import { forbiddenField } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import type { Pod, PodSpec } from '../../generated/types.ts'
import { checkPodAnnotations, checkProfilesMatch } from './pod-annotations.ts'
import { checkImage } from './validate-container.ts'
import { checkPodSpec } from './validate-spec.ts'

export function validateCreate(pod: Pod): FieldError[] {
  const errors: Errors = []
  const annotations = pod.metadata.annotations
  if (annotations !== undefined) checkPodAnnotations(errors, 'metadata.annotations', annotations, pod.spec ?? { containers: [] })
  checkPod(errors, pod)
  const spec = pod.spec ?? { containers: [] }
  if ((spec.ephemeralContainers ?? []).length > 0) errors.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'))
  if ((spec.nodeName ?? '') !== '' && (spec.schedulingGates ?? []).length > 0) {
    errors.push(forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'))
  }
  if (annotations !== undefined) checkProfilesMatch(errors, 'spec', pod.metadata, spec)
  return errors
}

/** What holds for a pod at any time. */
export function checkPod(errors: Errors, pod: Pod): void {
  const spec = pod.spec ?? { containers: [] }
  checkPodSpec(errors, 'spec', spec, { of: 'pod', podName: pod.metadata.name ?? '' })
  if ((spec.serviceAccountName ?? '') === '') checkNoTokens(errors, spec)
  for (const list of ['containers', 'initContainers'] as const) {
    spec[list]?.forEach((container, index) => checkImage(errors, `spec.${list}[${index}]`, container))
  }
}

function checkNoTokens(errors: Errors, { volumes }: PodSpec): void {
  volumes?.forEach(({ projected }, index) => {
    projected?.sources?.forEach(({ serviceAccountToken }, at) => {
      if (serviceAccountToken === undefined) return
      const field = `spec.volumes[${index}].projected.sources[${at}].serviceAccountToken`
      errors.push(forbiddenField(field, 'must not be specified when serviceAccountName is not set'))
    })
  })
}
