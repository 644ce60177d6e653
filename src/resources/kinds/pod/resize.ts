import type { FieldError } from '../../../objects/field-error.ts'
import { forbiddenField, invalidValue } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import { sameValue } from '../../field-checks.ts'
import type { Container, Pod } from '../../generated/types.ts'
import { keepMetadata, keepStatus } from '../../plain-resource.ts'
import { MIRROR_ANNOTATION } from './pod-annotations.ts'
import { qualityOfService } from './quality-of-service.ts'
import { RESIZABLE } from './resize-policy.ts'
import { checkPod } from './validate-pod.ts'

/** KEP-1287, pods/resize: takes only the resources of the containers over. The node says what becomes of them. */
export function prepareResize(draft: Pod, old: Pod): void {
  const containers = draft.spec?.containers ?? []
  const before = old.spec?.containers ?? []
  keepStatus(draft, old)
  keepMetadata(draft, old)
  if (old.spec === undefined) return
  // A container more or less is no resize: it is left for the check to refuse.
  if (containers.length !== before.length) {
    draft.spec = { ...old.spec, containers }
    return
  }
  // By their names: a list in another order means the same.
  const wanted = new Map(containers.map((container) => [container.name, container]))
  draft.spec = { ...old.spec, containers: before.map((container) => resized(container, wanted.get(container.name) ?? container)) }
  const changed = before.some(({ name, resources }) => wanted.has(name) && !sameValue(resources, wanted.get(name)?.resources))
  if (changed) draft.status = { ...old.status, resize: 'Proposed' }
}

function resized(container: Container, wanted: Container): Container {
  const { resources: _, resizePolicy: __, ...rest } = container
  return {
    ...rest,
    ...(wanted.resources === undefined ? {} : { resources: wanted.resources }),
    ...(wanted.resizePolicy === undefined ? {} : { resizePolicy: wanted.resizePolicy }),
  }
}

export function validateResize(pod: Pod, old: Pod): FieldError[] {
  const errors: Errors = []
  if (old.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) return [forbiddenField('[]', 'static pods cannot be resized')]
  if (old.spec?.os?.name === 'windows') return [forbiddenField('[]', 'windows pods cannot be resized')]
  checkPod(errors, pod)
  const quality = qualityOfService(pod.spec)
  if (quality !== qualityOfService(old.spec)) {
    errors.push(invalidValue('spec', quality, 'Pod QOS Class may not change as a result of resizing'))
  }
  const [containers, before] = [pod.spec?.containers ?? [], old.spec?.containers ?? []]
  if (containers.length !== before.length) return [...errors, forbiddenField('spec', 'pod resize may not add or remove containers')]
  containers.forEach((container, index) => checkRemoved(errors, `spec.containers[${index}].resources`, container, before[index]))
  if (!sameValue(containers.map(withoutResizable), before.map(withoutResizable))) {
    errors.push(forbiddenField('spec', 'only cpu and memory resources are mutable'))
  }
  return errors
}

function checkRemoved(errors: Errors, path: string, { resources }: Container, old: Container | undefined): void {
  for (const list of ['requests', 'limits'] as const) {
    const removed = RESIZABLE.some((name) => old?.resources?.[list]?.[name] !== undefined && resources?.[list]?.[name] === undefined)
    if (removed) errors.push(forbiddenField(`${path}.${list}`, `resource ${list} cannot be removed`))
  }
}

function withoutResizable(container: Container): object {
  const { resizePolicy: _, resources = {}, ...rest } = container
  const others = (list: Record<string, string> = {}): object =>
    Object.fromEntries(Object.entries(list).filter(([name]) => !RESIZABLE.includes(name)))
  return { ...rest, requests: others(resources.requests), limits: others(resources.limits) }
}
