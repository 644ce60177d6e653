import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { RoleBinding } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { bindingColumns, checkBinding, checkRoleRefUnchanged, defaultBinding } from './rbac-rules.ts'

export const roleBindings: ResourceDefinition<RoleBinding> = {
  ...plainResource,
  kind: kinds.RoleBinding,
  defaults: defaultBinding,
  validateCreate(binding) {
    const errors: Errors = []
    checkBinding(errors, binding, 'namespaced')
    return errors
  },
  validateUpdate(binding, old) {
    const errors: Errors = []
    checkBinding(errors, binding, 'namespaced')
    checkRoleRefUnchanged(errors, binding, old)
    return errors
  },
  columns: bindingColumns,
  nameRule: 'path-segment',
}
