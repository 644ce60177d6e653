import type { FieldError } from '../../objects/field-error.ts'
import { invalidValue } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkDnsSubdomain, checkImmutable, checkLabelSelector, NOT_NEGATIVE } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { CSIStorageCapacity } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { textColumn } from '../table.ts'
import { labelDeprecation } from './pod/deprecated-labels.ts'

function validate({ nodeTopology, storageClassName, capacity }: CSIStorageCapacity): FieldError[] {
  const errors: Errors = []
  checkLabelSelector(errors, 'nodeTopology', nodeTopology)
  checkDnsSubdomain(errors, '', 'storageClassName', storageClassName)
  if (capacity?.startsWith('-') === true) errors.push(invalidValue('capacity', capacity, NOT_NEGATIVE))
  return errors
}

function warnings({ nodeTopology }: CSIStorageCapacity): string[] {
  const ofExpressions = (nodeTopology?.matchExpressions ?? []).map(({ key }, index): [string, string, string] => (
    [`nodeTopology.matchExpressions[${index}]`, key, `${key} is `]))
  const ofLabels = Object.keys(nodeTopology?.matchLabels ?? {}).map((key): [string, string, string] => (
    [`nodeTopology.matchLabels.${key}`, key, '']))
  return [...ofExpressions, ...ofLabels].flatMap(([path, label, subject]) => {
    const problem = labelDeprecation(label)
    return problem === undefined ? [] : [`${path}: ${subject}${problem}`]
  })
}

export const csiStorageCapacities: ResourceDefinition<CSIStorageCapacity> = {
  ...plainResource,
  kind: kinds.CSIStorageCapacity,
  needsRevision: true,
  validateCreate: validate,
  validateUpdate(capacity, old) {
    const errors = validate(capacity)
    checkImmutable(errors, 'nodeTopology', capacity.nodeTopology, old.nodeTopology)
    checkImmutable(errors, 'storageClassName', capacity.storageClassName, old.storageClassName)
    return errors
  },
  warnings,
  columns: [
    textColumn('StorageClassName', 'The class whose volumes it is about.', ({ storageClassName }) => storageClassName),
    textColumn('Capacity', 'How much room there is.', ({ capacity }) => capacity ?? '<unset>'),
  ],
}
