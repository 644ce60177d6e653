import type { FieldError } from '../../objects/field-error.ts'
import { duplicate } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkDnsLabel, checkImmutable, checkLabels } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { RuntimeClass, Scheduling } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { canonicalizeResources, checkResourceRequirements } from '../resource-list.ts'
import { ageColumn, textColumn } from '../table.ts'
import { labelDeprecation } from './pod/deprecated-labels.ts'
import { checkTolerations } from './pod/scheduling-checks.ts'

function validate({ handler, overhead, scheduling }: RuntimeClass): FieldError[] {
  const errors: Errors = []
  checkDnsLabel(errors, '', 'handler', handler)
  if (overhead?.podFixed !== undefined) checkResourceRequirements(errors, 'overhead', { limits: overhead.podFixed })
  if (scheduling !== undefined) checkScheduling(errors, scheduling)
  return errors
}

/** How long it is tolerated does not make it another one. */
const TOLERATION_KEYS = ['key', 'operator', 'value', 'effect'] as const

function checkScheduling(errors: Errors, { nodeSelector, tolerations = [] }: Scheduling): void {
  checkLabels(errors, 'scheduling.nodeSelector', nodeSelector)
  checkTolerations(errors, 'scheduling.tolerations', tolerations)
  tolerations.forEach((toleration, index) => {
    const repeated = tolerations.slice(0, index).some((other) => TOLERATION_KEYS.every((field) => other[field] === toleration[field]))
    if (repeated) errors.push(duplicate(`scheduling.tolerations[${index}]`, toleration))
  })
}

export const runtimeClasses: ResourceDefinition<RuntimeClass> = {
  ...plainResource,
  kind: kinds.RuntimeClass,
  finalizerRule: 'qualified',
  needsRevision: true,
  defaults(draft) {
    canonicalizeResources(draft.overhead?.podFixed)
  },
  validateCreate: validate,
  validateUpdate(runtimeClass, old) {
    const errors = validate(runtimeClass)
    checkImmutable(errors, 'handler', runtimeClass.handler, old.handler)
    return errors
  },
  warnings({ scheduling }) {
    const labels = Object.keys(scheduling?.nodeSelector ?? {})
    return labels.flatMap((label) => {
      const problem = labelDeprecation(label)
      return problem === undefined ? [] : [`scheduling.nodeSelector: ${problem}`]
    })
  },
  columns: [textColumn('Handler', 'What the container runtime calls it.', ({ handler }) => handler ?? ''), ageColumn],
}
