import type { FieldError } from '../../objects/field-error.ts'
import { forbiddenField } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkImmutable, checkOneOf } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { PriorityClass } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { ageColumn, numberColumn, textColumn } from '../table.ts'

const MAX_USER_PRIORITY = 1_000_000_000
const SYSTEM_PREFIX = 'system-'

function systemClass(name: string, value: number, description: string): PriorityClass {
  return {
    apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, description,
    preemptionPolicy: 'PreemptLowerPriority',
  }
}

/** The two classes that every cluster has: what runs a node stays before what runs the cluster. */
export const systemPriorityClasses: readonly PriorityClass[] = [
  systemClass('system-node-critical', 2_000_001_000, 'Pods without which their node does not work.'),
  systemClass('system-cluster-critical', 2_000_000_000, 'Pods without which the cluster does not work, on whichever node they run.'),
]

function validate({ metadata: { name = '' }, value, globalDefault = false, preemptionPolicy }: PriorityClass): FieldError[] {
  const errors: Errors = []
  if (name.startsWith(SYSTEM_PREFIX)) {
    const problem = systemProblem(name, value, globalDefault)
    if (problem !== undefined) {
      const detail = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${problem}`
      errors.push(forbiddenField('metadata.name', detail))
    }
  } else if (value > MAX_USER_PRIORITY) {
    errors.push(forbiddenField('value', `maximum allowed value of a user defined priority is ${MAX_USER_PRIORITY}`))
  }
  if (preemptionPolicy !== undefined) checkOneOf(errors, '', 'preemptionPolicy', preemptionPolicy, ['PreemptLowerPriority', 'Never'])
  return errors
}

function systemProblem(name: string, value: number, globalDefault: boolean): string | undefined {
  const known = systemPriorityClasses.find(({ metadata }) => metadata.name === name)
  if (known === undefined) return `${name} is not a known system priority class`
  if (value !== known.value) return `value of ${name} PriorityClass must be ${known.value}`
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined
}

export const priorityClasses: ResourceDefinition<PriorityClass> = {
  ...plainResource,
  kind: kinds.PriorityClass,
  defaults(draft) {
    draft.value ??= 0
    draft.preemptionPolicy ??= 'PreemptLowerPriority'
  },
  validateCreate: validate,
  validateUpdate(priority, old) {
    const errors: Errors = []
    if (priority.value !== old.value) errors.push(forbiddenField('Value', 'may not be changed in an update.'))
    checkImmutable(errors, 'preemptionPolicy', priority.preemptionPolicy, old.preemptionPolicy)
    return errors
  },
  generationOf: 'spec',
  columns: [
    numberColumn('Value', 'Pods with a higher one go first.', ({ value }) => value ?? 0),
    {
      name: 'Global-Default', type: 'boolean', priority: 0, description: 'Whether pods without a class have it.',
      cell: ({ globalDefault }) => globalDefault ?? false,
    },
    ageColumn,
    textColumn('PreemptionPolicy', 'Whether its pods push others out.', ({ preemptionPolicy }) => preemptionPolicy ?? ''),
  ],
}
