import { forbiddenField, invalidValue, notSupported } from '../../../objects/field-error.ts'
import type { LabelSelectorSpec } from '../../../objects/label-selector.ts'
import { matchesLabels, selectorFromSpec } from '../../../objects/label-selector.ts'
import { isStatus } from '../../../words/status-error.ts'
import type { Errors } from '../../field-checks.ts'
import { checkAnnotations, checkLabels } from '../../field-checks.ts'
import type { PodTemplateSpec } from '../../generated/types.ts'
import { checkPodSpec } from './validate-spec.ts'

/** A template on its own: DaemonSets, Jobs and the like add rules of theirs. */
function checkPodTemplate(errors: Errors, path: string, template: PodTemplateSpec): void {
  const { metadata, spec } = template
  checkLabels(errors, `${path}.labels`, metadata?.labels)
  checkAnnotations(errors, `${path}.annotations`, metadata?.annotations)
  checkPodSpec(errors, `${path}.spec`, spec ?? { containers: [] }, { of: 'template', podName: '' })
  if ((spec?.ephemeralContainers?.length ?? 0) > 0) {
    errors.push(forbiddenField(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'))
  }
}

/** A template whose pods run forever and are told by their labels (ReplicaSet, Deployment). */
export function checkReplicatedTemplate(
  errors: Errors,
  path: string,
  template: PodTemplateSpec,
  selector: LabelSelectorSpec | undefined
): void {
  const labels = template.metadata?.labels
  if (selector !== undefined && !isEmpty(selector) && !matches(selector, labels)) {
    errors.push(invalidValue(`${path}.metadata.labels`, labels ?? {}, '`selector` does not match template `labels`'))
  }
  checkPodTemplate(errors, path, template)
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {}
  if (restartPolicy !== 'Always') errors.push(notSupported(`${path}.spec.restartPolicy`, restartPolicy ?? '', ['Always']))
  if (activeDeadlineSeconds !== undefined) {
    errors.push(forbiddenField(`${path}.spec.activeDeadlineSeconds`, 'activeDeadlineSeconds in ReplicaSet is not Supported'))
  }
}

export function isEmpty({ matchLabels = {}, matchExpressions = [] }: LabelSelectorSpec): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0
}

/** A selector that is wrong in itself has been reported already: it counts as matching here. */
function matches(selector: LabelSelectorSpec, labels: Readonly<Record<string, string>> | undefined): boolean {
  try {
    return matchesLabels(selectorFromSpec(selector), labels)
  } catch (error) {
    if (isStatus(error, 'BadRequest')) return true
    throw error
  }
}
