import { forbiddenField, invalidValue } from '../../objects/field-error.ts'
import type { FieldError } from '../../objects/field-error.ts'
import { sameJson } from '../../objects/json.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod } from '../../resources/generated/types.ts'
import type { FacetRoute } from '../route.ts'

/** pods/ephemeralcontainers: adds containers for debugging to a running pod; kubectl debug uses it. */
export const ephemeralContainersRoute: FacetRoute<Pod> = {
  type: 'facet', kind: kinds.Pod, subresource: 'ephemeralcontainers',
  prepareForUpdate(draft, old) {
    const added = draft.spec?.ephemeralContainers
    draft.spec = { ...(old.spec ?? { containers: [] }), ...(added === undefined ? {} : { ephemeralContainers: added }) }
    if (added === undefined) delete draft.spec.ephemeralContainers
    for (const container of draft.spec.ephemeralContainers ?? []) {
      container.terminationMessagePath ??= '/dev/termination-log'
      container.terminationMessagePolicy ??= 'File'
      container.imagePullPolicy ??= /:(?!latest$)[^/:]+$|@/.test(container.image ?? '') ? 'IfNotPresent' : 'Always'
    }
    if (old.status === undefined) delete draft.status
    else draft.status = old.status
  },
  validateUpdate(pod, old) {
    const before = old.spec?.ephemeralContainers ?? []
    const after = pod.spec?.ephemeralContainers ?? []
    const regular = new Set([...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].map((container) => container.name))
    return [...unchanged(before, after), ...after.flatMap((container, index) => problems(container, index, regular, after))]
  },
}

type Ephemeral = NonNullable<NonNullable<Pod['spec']>['ephemeralContainers']>[number]

/** What was added once stays as it is. */
function unchanged(before: readonly Ephemeral[], after: readonly Ephemeral[]): FieldError[] {
  const field = 'spec.ephemeralContainers'
  return before.flatMap((old) => {
    const now = after.find((container) => container.name === old.name)
    if (now === undefined) return [forbiddenField(field, `existing ephemeral containers ${JSON.stringify(old.name)} may not be removed`)]
    return sameJson(now, old) ? [] : [forbiddenField(field, `existing ephemeral containers ${JSON.stringify(old.name)} may not be changed`)]
  })
}

const FORBIDDEN: readonly (keyof Ephemeral)[] = ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'resizePolicy']
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

function problems(container: Ephemeral, index: number, regular: ReadonlySet<string>, all: readonly Ephemeral[]): FieldError[] {
  const path = `spec.ephemeralContainers[${index}]`
  const errors: FieldError[] = []
  if (!NAME.test(container.name)) errors.push(invalidValue(`${path}.name`, container.name, 'must be a lowercase RFC 1123 label'))
  const taken = regular.has(container.name) || all.findIndex((other) => other.name === container.name) < index
  if (taken) errors.push({ reason: 'FieldValueDuplicate', field: `${path}.name`, message: `Duplicate value: ${JSON.stringify(container.name)}` })
  if ((container.image ?? '') === '') errors.push({ reason: 'FieldValueRequired', field: `${path}.image`, message: 'Required value' })
  for (const name of FORBIDDEN) if (container[name] !== undefined) errors.push(forbiddenField(`${path}.${name}`, 'cannot be set for an Ephemeral Container'))
  const target = container.targetContainerName ?? ''
  if (target !== '' && !regular.has(target)) errors.push({ reason: 'FieldValueNotFound', field: `${path}.targetContainerName`, message: `Not found: ${JSON.stringify(target)}` })
  return errors
}
