import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { ClusterRoleBinding } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { bindingColumns, checkBinding, checkRoleRefUnchanged, defaultBinding } from './rbac-rules.ts'

export const clusterRoleBindings: ResourceDefinition<ClusterRoleBinding> = {
  ...plainResource,
  kind: kinds.ClusterRoleBinding,
  defaults: defaultBinding,
  validateCreate(binding) {
    const errors: Errors = []
    checkBinding(errors, binding, 'cluster')
    return errors
  },
  validateUpdate(binding, old) {
    const errors: Errors = []
    checkBinding(errors, binding, 'cluster')
    checkRoleRefUnchanged(errors, binding, old)
    return errors
  },
  columns: bindingColumns,
  nameRule: 'path-segment',
}
