import type { FieldError } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { Role } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { checkRule } from './rbac-rules.ts'

function validate(role: Role): FieldError[] {
  const errors: Errors = []
  role.rules?.forEach((rule, index) => checkRule(errors, `rules[${index}]`, rule, 'namespaced'))
  return errors
}

export const roles: ResourceDefinition<Role> = {
  ...plainResource, kind: kinds.Role, validateCreate: validate, validateUpdate: validate, nameRule: 'path-segment',
}
