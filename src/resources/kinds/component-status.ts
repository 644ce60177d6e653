import type { ResourceDefinition } from '../definition.ts'
import { kinds } from '../generated/kinds.ts'
import type { ComponentCondition, ComponentStatus } from '../generated/types.ts'
import { virtualResource } from '../plain-resource.ts'
import { textColumn } from '../table.ts'

function healthy({ conditions = [] }: ComponentStatus): ComponentCondition | undefined {
  return conditions.find(({ type }) => type === 'Healthy')
}

/** How the parts of the control plane are: asked for when it is read, stored nowhere. Deprecated since 1.19, and still looked at. */
export const componentStatuses: ResourceDefinition<ComponentStatus> = {
  ...virtualResource,
  kind: kinds.ComponentStatus,
  verbs: ['get', 'list'],
  columns: [
    textColumn('Status', 'Whether it is well.', (component) => {
      const condition = healthy(component)
      return condition === undefined ? 'Unknown' : condition.status === 'True' ? 'Healthy' : 'Unhealthy'
    }),
    textColumn('Message', 'What it says of itself.', (component) => healthy(component)?.message ?? ''),
    textColumn('Error', 'What is wrong with it.', (component) => healthy(component)?.error ?? ''),
  ],
}
