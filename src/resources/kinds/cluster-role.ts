import type { FieldError } from '../../objects/field-error.ts'
import { invalidValue, required } from '../../objects/field-error.ts'
import { selectorOrMalformed } from '../../objects/label-selector.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkLabelSelector } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { ClusterRole } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { checkRule } from './rbac-rules.ts'

function validate(role: ClusterRole): FieldError[] {
  const errors: Errors = []
  role.rules?.forEach((rule, index) => checkRule(errors, `rules[${index}]`, rule, 'cluster'))
  if (role.aggregationRule !== undefined) {
    const selectors = role.aggregationRule.clusterRoleSelectors ?? []
    const path = 'aggregationRule.clusterRoleSelectors'
    if (selectors.length === 0) errors.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'))
    selectors.forEach((selector, index) => {
      checkLabelSelector(errors, `${path}[${index}]`, selector)
      if (selectorOrMalformed(selector) === 'malformed') errors.push(invalidValue(`${path}[${index}]`, null, 'invalid label selector.'))
    })
  }
  return errors
}

export const clusterRoles: ResourceDefinition<ClusterRole> = {
  ...plainResource, kind: kinds.ClusterRole, validateCreate: validate, validateUpdate: validate, nameRule: 'path-segment',
}
