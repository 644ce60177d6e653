import type { Integer } from '../../../objects/json.ts'
import { jsonText } from '../../../objects/json-text.ts'
import type { FieldError } from '../../../objects/field-error.ts'
import { forbiddenField, invalidValue, required } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import { sameValue } from '../../field-checks.ts'
import type { Container, NodeAffinity, NodeSelectorTerm, Pod, PodSchedulingGate, PodSpec, Toleration } from '../../generated/types.ts'
import { checkAnnotationUpdate, checkPodAnnotations, MIRROR_ANNOTATION } from './pod-annotations.ts'
import { checkTolerations } from './scheduling-checks.ts'
import { checkPod } from './validate-pod.ts'

const MAX_INT32 = 2147483647
const UPDATABLE = [
  '`spec.containers[*].image`', '`spec.initContainers[*].image`', '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

/** A pod runs as it was created: images, the deadline, tolerations and gates are all that may change. */
export function validateUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors: Errors = []
  // A write that leaves the spec as it is (labels, finalizers) has nothing new to check in it.
  const isSpecAsBefore = pod.spec === old.spec || sameValue(pod.spec, old.spec) || differsInImagesOnly(pod.spec, old.spec)
  if (!isSpecAsBefore) {
    const [annotations, before] = [pod.metadata.annotations, old.metadata.annotations]
    // Once more below, as upstream has it: what is wrong with them is told before what is wrong with the spec.
    if (annotations !== before) checkPodAnnotations(errors, 'metadata.annotations', annotations, pod.spec ?? { containers: [] }, before)
    checkPod(errors, pod)
  }
  checkAnnotationUpdate(errors, pod, old)
  if (isSpecAsBefore) return errors
  const [spec, before] = [pod.spec ?? { containers: [] }, old.spec ?? { containers: [] }]
  for (const list of ['containers', 'initContainers'] as const) {
    if (!checkImages(errors, `spec.${list}`, spec[list] ?? [], before[list] ?? [])) return errors
  }
  if (!checkDeadline(errors, spec.activeDeadlineSeconds, before.activeDeadlineSeconds)) return errors
  checkOnlyAdded(errors, spec.tolerations ?? [], before.tolerations ?? [])
  checkOnlyDeleted(errors, spec.schedulingGates ?? [], before.schedulingGates ?? [])
  let rest = withUpdatableOf(spec, before)
  if ((before.schedulingGates ?? []).length > 0) rest = checkGated(errors, rest, before)
  const changed = changedFields(rest, before)
  if (changed.length > 0) {
    errors.push(forbiddenField('spec', `pod updates may not change fields other than ${UPDATABLE}\n${changed.join('\n')}`))
  }
  return errors
}

/** Most changes of a spec give it other images: what it shares with the old one was checked when that was written. */
function differsInImagesOnly(spec: PodSpec | undefined, before: PodSpec | undefined): boolean {
  if (spec === undefined || before === undefined || !sharesAll(spec, before, CONTAINER_LISTS)) return false
  return CONTAINER_LISTS.every((list) => {
    const [now = [], then = []] = [spec[list], before[list]]
    return now.length === then.length && now.every((container, index) => hasNewImageOnly(container, then[index]))
  })
}

const CONTAINER_LISTS: readonly ('containers' | 'initContainers')[] = ['containers', 'initContainers']

function hasNewImageOnly(container: Container, before: Container | undefined): boolean {
  if (container === before) return true
  const { image = '' } = container
  return before !== undefined && image !== '' && image === image.trim() && sharesAll(container, before, IMAGE)
}

const IMAGE: readonly ('image')[] = ['image']

/** Whether all members but these are the very same. */
function sharesAll<T extends object>(a: T, b: T, except: readonly (keyof T)[]): boolean {
  for (const name in a) if (a[name] !== b[name] && !except.includes(name)) return false
  for (const name in b) if (a[name] === undefined && b[name] !== undefined && !except.includes(name)) return false
  return true
}

function checkImages(errors: Errors, path: string, containers: readonly Container[], before: readonly Container[]): boolean {
  if (containers.length !== before.length) {
    errors.push(forbiddenField(path, 'pod updates may not add or remove containers'))
    return false
  }
  containers.forEach(({ image = '' }, index) => {
    if (image === '') errors.push(required(`${path}[${index}].image`))
    if (image !== image.trim()) errors.push(invalidValue(`${path}[${index}].image`, image, 'must not have leading or trailing whitespace'))
  })
  return true
}

/** A deadline may appear and come nearer, never move away. */
function checkDeadline(errors: Errors, deadline: Integer | undefined, before: Integer | undefined): boolean {
  const field = 'spec.activeDeadlineSeconds'
  if (deadline === undefined) {
    if (before !== undefined) errors.push(invalidValue(field, null, 'must not update from a positive integer to nil value'))
    return true
  }
  if (deadline < 0 || deadline > MAX_INT32) errors.push(invalidValue(field, deadline, `must be between 0 and ${MAX_INT32}, inclusive`))
  else if (before !== undefined && before < deadline)
    errors.push(invalidValue(field, deadline, 'must be less than or equal to previous value'))
  else return true
  return false
}

function checkOnlyAdded(errors: Errors, tolerations: readonly Toleration[], before: readonly Toleration[]): void {
  const same = (a: Toleration, b: Toleration): boolean => {
    const { tolerationSeconds: _, ...left } = a
    const { tolerationSeconds: __, ...right } = b
    return sameValue(left, right)
  }
  if (before.some((old) => !tolerations.some((toleration) => same(old, toleration)))) {
    errors.push(forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'))
  } else checkTolerations(errors, 'spec.tolerations', tolerations)
}

function checkOnlyDeleted(errors: Errors, gates: readonly PodSchedulingGate[], before: readonly PodSchedulingGate[]): void {
  gates.forEach(({ name }, index) => {
    if (before.some((old) => old.name === name)) return
    errors.push(forbiddenField(`spec.schedulingGates[${index}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`))
  })
}

/** The new spec with everything that may change put back: what still differs may not. */
function withUpdatableOf(spec: PodSpec, before: PodSpec): PodSpec {
  const { activeDeadlineSeconds: _, schedulingGates: __, tolerations: ___, ...rest } = spec
  const { activeDeadlineSeconds, schedulingGates, tolerations, terminationGracePeriodSeconds: grace = 0 } = before
  return {
    ...rest,
    ...(activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds }),
    ...(schedulingGates === undefined ? {} : { schedulingGates }),
    ...(tolerations === undefined ? {} : { tolerations }),
    ...(grace < 0 && spec.terminationGracePeriodSeconds === 1 ? { terminationGracePeriodSeconds: grace } : {}),
    containers: withImagesOf(spec.containers ?? [], before.containers ?? []),
    ...(spec.initContainers === undefined ? {} : { initContainers: withImagesOf(spec.initContainers, before.initContainers ?? []) }),
  }
}

function withImagesOf(containers: readonly Container[], before: readonly Container[]): Container[] {
  return containers.map((container, index) => {
    const image = before[index]?.image
    return image === undefined ? container : { ...container, image }
  })
}

/** KEP-3838: as long as gates hold a pod back, its node selector and affinity may still be narrowed. */
function checkGated(errors: Errors, spec: PodSpec, before: PodSpec): PodSpec {
  const { nodeSelector: _, affinity: __, ...rest } = spec
  const selector = spec.nodeSelector ?? {}
  for (const [key, value] of Object.entries(before.nodeSelector ?? {})) {
    if (selector[key] !== value) {
      errors.push(
        invalidValue('spec.nodeSelector', selector, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)')
      )
      break
    }
  }
  const { nodeAffinity, ...others } = spec.affinity ?? {}
  const { nodeAffinity: oldAffinity, ...oldOthers } = before.affinity ?? {}
  if (!sameValue(nodeAffinity, oldAffinity)) checkNarrowed(errors, nodeAffinity, oldAffinity)
  const affinity = sameValue(others, oldOthers) ? before.affinity : spec.affinity
  return {
    ...rest,
    ...(before.nodeSelector === undefined ? {} : { nodeSelector: before.nodeSelector }),
    ...(affinity === undefined ? {} : { affinity }),
  }
}

function checkNarrowed(errors: Errors, affinity: NodeAffinity | undefined, before: NodeAffinity | undefined): void {
  const path = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution'
  const oldTerms = before?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  if (oldTerms.length === 0) return
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  if (terms.length !== oldTerms.length) {
    errors.push(invalidValue(`${path}.nodeSelectorTerms`, terms, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'))
    return
  }
  oldTerms.forEach((old, index) => {
    const term = terms[index]
    if (term === undefined || hasOnlyAdditions(term, old)) return
    errors.push(invalidValue(`${path}.nodeSelectorTerms[${index}]`, term, 'only additions are allowed (no mutations or deletions)'))
  })
}

const REQUIREMENT_LISTS = ['matchExpressions', 'matchFields'] as const

/** What stood stays at the beginning. A term without requirements matches no node, and is to stay so. */
function hasOnlyAdditions(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const wasEmpty = REQUIREMENT_LISTS.every((list) => (old[list] ?? []).length === 0)
  if (wasEmpty) return REQUIREMENT_LISTS.every((list) => (term[list] ?? []).length === 0)
  return REQUIREMENT_LISTS.every((list) => {
    const before = old[list] ?? []
    return sameValue((term[list] ?? []).slice(0, before.length), before)
  })
}

/** The names of what differs, for the one who has to find it. */
function changedFields(spec: PodSpec, before: PodSpec): string[] {
  const names = new Set([...Object.keys(spec), ...Object.keys(before)]) as Set<keyof PodSpec>
  return [...names].filter((name) => !sameValue(spec[name], before[name])).sort().map((name) => {
    const [now, then] = [spec[name], before[name]]
    if (typeof now === 'object' || typeof then === 'object') return `spec.${name} differs`
    return `spec.${name}: ${jsonText(then) ?? 'unset'} -> ${jsonText(now) ?? 'unset'}`
  })
}

/** For the subresource ephemeralcontainers: they come and stay. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors: Errors = []
  checkPod(errors, pod)
  checkAnnotationUpdate(errors, pod, old)
  if (old.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) {
    errors.push(forbiddenField('[]', 'static pods do not support ephemeral containers'))
    return errors
  }
  for (const before of old.spec?.ephemeralContainers ?? []) {
    const now = pod.spec?.ephemeralContainers?.find((container) => container.name === before.name)
    const path = 'spec.ephemeralContainers'
    if (now === undefined) errors.push(forbiddenField(path, `existing ephemeral containers "${before.name}" may not be removed\n`))
    else if (!sameValue(now, before))
      errors.push(forbiddenField(path, `existing ephemeral containers "${before.name}" may not be changed\n`))
  }
  return errors
}
