import type { FieldError } from '../../objects/field-error.ts'
import { duplicate, forbiddenField, invalidValue, required, tooLong } from '../../objects/field-error.ts'
import { byteLength } from '../../words/bytes.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkImmutable, checkOneOfIfSet, checkQualifiedName, checkUnique, sameValue } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { StorageClass, TopologySelectorLabelRequirement, TopologySelectorTerm } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { ageColumn, nameColumn, textColumn } from '../table.ts'
import { labelDeprecation } from './pod/deprecated-labels.ts'

const MAX_PARAMETERS = 512
const MAX_PARAMETER_BYTES = 256 * 1024
const RECLAIM_POLICIES = ['Delete', 'Retain']
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer']
const DEFAULT_ANNOTATIONS = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']

/** Whether claims that name no class get this one. */
function isDefaultClass({ metadata }: Pick<StorageClass, 'metadata'>): boolean {
  return DEFAULT_ANNOTATIONS.some((annotation) => metadata.annotations?.[annotation] === 'true')
}

function validate(storageClass: StorageClass): FieldError[] {
  const errors: Errors = []
  checkProvisioner(errors, storageClass.provisioner ?? '')
  checkParameters(errors, storageClass.parameters ?? {})
  if (storageClass.reclaimPolicy !== '') checkOneOfIfSet(errors, '', 'reclaimPolicy', storageClass.reclaimPolicy, RECLAIM_POLICIES)
  checkOneOfIfSet(errors, '', 'volumeBindingMode', storageClass.volumeBindingMode, BINDING_MODES)
  checkTopologies(errors, storageClass.allowedTopologies ?? [])
  return errors
}

function checkProvisioner(errors: Errors, provisioner: string): void {
  if (provisioner === '') errors.push(required('provisioner'))
  else checkQualifiedName(errors, '', 'provisioner', provisioner.toLowerCase())
}

function checkParameters(errors: Errors, parameters: Readonly<Record<string, string>>): void {
  const entries = Object.entries(parameters)
  if (entries.length > MAX_PARAMETERS) {
    errors.push(tooLong('parameters', MAX_PARAMETERS))
    return
  }
  let size = 0
  for (const [key, value] of entries) {
    if (key === '') errors.push(invalidValue('parameters', key, 'field can not be empty.'))
    size += byteLength(key, MAX_PARAMETER_BYTES) + byteLength(value, MAX_PARAMETER_BYTES)
  }
  if (size > MAX_PARAMETER_BYTES) errors.push(tooLong('parameters', MAX_PARAMETER_BYTES))
}

function checkTopologies(errors: Errors, topologies: readonly TopologySelectorTerm[]): void {
  topologies.forEach(({ matchLabelExpressions = [] }, index) => {
    const path = `allowedTopologies[${index}].matchLabelExpressions`
    const keys = new Set<string>()
    matchLabelExpressions.forEach((expression, at) => {
      checkTopology(errors, `${path}[${at}]`, expression)
      checkUnique(errors, `${path}[${at}]`, 'key', expression.key ?? '', keys)
    })
    const wanted = valuesByKey(matchLabelExpressions)
    // A term that demands nothing counts as one that is there already, upstream too.
    const isEmpty = matchLabelExpressions.length === 0
    if (isEmpty || topologies.slice(0, index).some((term) => sameValue(valuesByKey(term.matchLabelExpressions ?? []), wanted))) {
      errors.push(duplicate(path, ''))
    }
  })
}

function checkTopology(errors: Errors, path: string, { key = '', values = [] }: TopologySelectorLabelRequirement): void {
  if (values.length === 0) errors.push(required(`${path}.values`))
  const seen = new Set<string>()
  values.forEach((value, index) => checkUnique(errors, path, `values[${index}]`, value, seen))
  checkQualifiedName(errors, path, 'key', key)
}

function valuesByKey(expressions: readonly TopologySelectorLabelRequirement[]): Record<string, string[]> {
  return Object.fromEntries(expressions.map(({ key = '', values = [] }) => [key, values.toSorted()]))
}

function validateUpdate(storageClass: StorageClass, old: StorageClass): FieldError[] {
  const errors = validate(storageClass)
  const keep = (field: 'parameters' | 'provisioner' | 'reclaimPolicy'): void => {
    if (!sameValue(storageClass[field] ?? {}, old[field] ?? {})) errors.push(forbiddenField(field, `updates to ${field} are forbidden.`))
  }
  keep('parameters')
  keep('provisioner')
  keep('reclaimPolicy')
  checkImmutable(errors, 'volumeBindingMode', storageClass.volumeBindingMode, old.volumeBindingMode)
  return errors
}

function warnings({ allowedTopologies }: StorageClass): string[] {
  return (allowedTopologies ?? []).flatMap(({ matchLabelExpressions }, index) => (matchLabelExpressions ?? []).flatMap(({ key }, at) => {
    const problem = labelDeprecation(key)
    return problem === undefined ? [] : [`allowedTopologies[${index}].matchLabelExpressions[${at}]: ${problem}`]
  }))
}

export const storageClasses: ResourceDefinition<StorageClass> = {
  ...plainResource,
  kind: kinds.StorageClass,
  defaults(draft) {
    draft.reclaimPolicy ??= 'Delete'
    draft.volumeBindingMode ??= 'Immediate'
  },
  validateCreate: validate,
  validateUpdate,
  warnings,
  columns: [
    { ...nameColumn, cell: (storageClass) => `${storageClass.metadata.name ?? ''}${isDefaultClass(storageClass) ? ' (default)' : ''}` },
    textColumn('Provisioner', 'Who makes its volumes.', ({ provisioner }) => provisioner),
    textColumn('ReclaimPolicy', 'What becomes of a volume when its claim goes.', ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete'),
    textColumn('VolumeBindingMode', 'When a claim gets its volume.', ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate'),
    textColumn('AllowVolumeExpansion', 'Whether its volumes can grow.', ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false),
    ageColumn,
  ],
}
