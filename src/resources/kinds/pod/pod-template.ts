import { forbiddenField, invalidValue, notSupported } from '../../../objects/field-error.ts'
import type { LabelSelectorSpec } from '../../../objects/label-selector.ts'
import { matchesLabels, selectorOrMalformed } from '../../../objects/label-selector.ts'
import type { Errors } from '../../field-checks.ts'
import { checkAnnotations, checkLabels } from '../../field-checks.ts'
import type { PodTemplateSpec } from '../../generated/types.ts'
import { checkPodAnnotations, checkProfilesMatch } from './pod-annotations.ts'
import { checkPodSpec } from './validate-spec.ts'

/** A template on its own: DaemonSets, Jobs and the like add rules of theirs. */
export function checkPodTemplate(errors: Errors, path: string, template: PodTemplateSpec): void {
  const { metadata, spec } = template
  checkLabels(errors, `${path}.labels`, metadata?.labels)
  checkAnnotations(errors, `${path}.annotations`, metadata?.annotations)
  const podSpec = spec ?? { containers: [] }
  checkPodAnnotations(errors, `${path}.annotations`, metadata?.annotations, podSpec)
  checkPodSpec(errors, `${path}.spec`, podSpec, { of: 'template', podName: '' })
  checkProfilesMatch(errors, `${path}.spec`, metadata, podSpec)
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
  if (selectorOrMalformed(selector) === 'malformed') {
    errors.push(invalidValue('spec.selector', selector, 'invalid label selector'))
    return
  }
  checkSelected(errors, path, template, selector)
  checkPodTemplate(errors, path, template)
  checkRunsForever(errors, path, template, 'ReplicaSet')
}

/** A selector has to find the pods of its own template: one that is missing finds none, an empty one all. */
export function checkSelected(
  errors: Errors, path: string, { metadata }: PodTemplateSpec, selector: LabelSelectorSpec | undefined,
): void {
  if (matches(selector, metadata?.labels)) return
  errors.push(invalidValue(`${path}.metadata.labels`, metadata?.labels ?? {}, '`selector` does not match template `labels`'))
}

/** Pods that are started again whenever they end. kind is the one that upstream names in its message. */
export function checkRunsForever(errors: Errors, path: string, { spec }: PodTemplateSpec, kind: string): void {
  const { restartPolicy, activeDeadlineSeconds } = spec ?? {}
  if (restartPolicy !== 'Always') errors.push(notSupported(`${path}.spec.restartPolicy`, restartPolicy ?? '', ['Always']))
  if (activeDeadlineSeconds !== undefined) {
    errors.push(forbiddenField(`${path}.spec.activeDeadlineSeconds`, `activeDeadlineSeconds in ${kind} is not Supported`))
  }
}

export function isEmpty({ matchLabels = {}, matchExpressions = [] }: LabelSelectorSpec): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0
}

/** A selector that is wrong in itself has been reported already: it counts as matching here. */
function matches(selector: LabelSelectorSpec | undefined, labels: Readonly<Record<string, string>> | undefined): boolean {
  const read = selectorOrMalformed(selector)
  return read === 'malformed' || matchesLabels(read, labels)
}
