import type { FieldError } from '../../objects/field-error.ts'
import { invalidValue } from '../../objects/field-error.ts'
import { checkConditions } from '../condition-checks.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkLabelSelector, checkNotNegative, checkOneOfIfSet } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { PodDisruptionBudget } from '../generated/types.ts'
import { keepSpec, keepStatus, plainResource } from '../plain-resource.ts'
import { ageColumn, numberColumn, textColumn } from '../table.ts'
import { checkAtMostAll, checkCountOrPercent } from './count-or-percent.ts'

function validate({ spec = {} }: PodDisruptionBudget): FieldError[] {
  const errors: Errors = []
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    errors.push(invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set'))
  }
  for (const field of ['minAvailable', 'maxUnavailable'] as const) {
    const value = spec[field]
    if (value === undefined) continue
    checkCountOrPercent(errors, `spec.${field}`, value)
    checkAtMostAll(errors, `spec.${field}`, value)
  }
  checkLabelSelector(errors, 'spec.selector', spec.selector)
  checkOneOfIfSet(errors, 'spec', 'unhealthyPodEvictionPolicy', spec.unhealthyPodEvictionPolicy, ['AlwaysAllow', 'IfHealthyBudget'])
  return errors
}

const COUNTS = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const

export const podDisruptionBudgets: ResourceDefinition<PodDisruptionBudget> = {
  ...plainResource,
  kind: kinds.PodDisruptionBudget,
  // Upstream looks at no more of its metadata than at that of any object.
  nameRule: 'path-segment',
  finalizerRule: 'qualified',
  needsRevision: true,
  prepareForCreate(draft) {
    draft.status = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }
  },
  prepareForUpdate: keepStatus,
  validateCreate: validate,
  validateUpdate: validate,
  generationOf: 'spec',
  columns: [
    textColumn('Min Available', 'Pods that have to stay.', ({ spec }) => String(spec?.minAvailable ?? 'N/A')),
    textColumn('Max Unavailable', 'Pods that may be away at once.', ({ spec }) => String(spec?.maxUnavailable ?? 'N/A')),
    numberColumn('Allowed Disruptions', 'Pods that may be evicted now.', ({ status }) => status?.disruptionsAllowed ?? 0),
    ageColumn,
  ],
  status: {
    prepareForUpdate: keepSpec,
    validateUpdate({ status }) {
      const errors: Errors = []
      checkConditions(errors, 'status.conditions', status?.conditions)
      for (const field of COUNTS) checkNotNegative(errors, 'status', field, status?.[field])
      return errors
    },
  },
}
