import type { Integer } from '../../../objects/json.ts'
import type { OtherSubresource, ResourceDefinition, StatusSubresource } from '../../definition.ts'
import { kinds } from '../../generated/kinds.ts'
import type { Pod } from '../../generated/types.ts'
import { plainResource } from '../../plain-resource.ts'
import { podColumns } from './columns.ts'
import { DEFAULT_GRACE_SECONDS, defaultPod } from './defaults.ts'
import { isTerminalPhase } from './phase.ts'
import { podWarnings } from './pod-warnings.ts'
import { prepareEphemeralContainers, prepareForCreate, prepareForUpdate, prepareStatusForUpdate } from './prepare.ts'
import { prepareResize, validateResize } from './resize.ts'
import { validateCreate } from './validate-pod.ts'
import { validateStatusUpdate } from './validate-status.ts'
import { validateEphemeralContainersUpdate, validateUpdate } from './validate-update.ts'

/** A pod that no node has taken, or that has ended, has nothing that would need time to stop. */
function deletionGraceSeconds({ spec, status }: Pod, requested: Integer | undefined): Integer {
  if ((spec?.nodeName ?? '') === '' || isTerminalPhase(status?.phase)) return 0
  const seconds = requested ?? spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
  return seconds < 0 ? 1 : seconds
}

const core = (kind: string): OtherSubresource['kind'] => ({ group: '', version: 'v1', kind })

const subresources: readonly OtherSubresource[] = [
  { name: 'attach', kind: core('PodAttachOptions'), verbs: ['create', 'get'] },
  { name: 'binding', kind: core('Binding'), verbs: ['create'] },
  { name: 'ephemeralcontainers', kind: core('Pod'), verbs: ['get', 'patch', 'update'] },
  { name: 'eviction', kind: { group: 'policy', version: 'v1', kind: 'Eviction' }, verbs: ['create'] },
  { name: 'exec', kind: core('PodExecOptions'), verbs: ['create', 'get'] },
  { name: 'log', kind: core('Pod'), verbs: ['get'] },
  { name: 'portforward', kind: core('PodPortForwardOptions'), verbs: ['create', 'get'] },
  { name: 'proxy', kind: core('PodProxyOptions'), verbs: ['create', 'delete', 'get', 'patch', 'update'] },
  { name: 'resize', kind: core('Pod'), verbs: ['get', 'patch', 'update'] },
]

/** How an update through pods/ephemeralcontainers goes. */
export const podEphemeralContainers: StatusSubresource<Pod> = {
  prepareForUpdate: prepareEphemeralContainers,
  validateUpdate: validateEphemeralContainersUpdate,
}

/** How an update through pods/resize goes. */
export const podResize: StatusSubresource<Pod> = { prepareForUpdate: prepareResize, validateUpdate: validateResize }

export const pods: ResourceDefinition<Pod> = {
  ...plainResource,
  kind: kinds.Pod,
  defaults: defaultPod,
  prepareForCreate,
  prepareForUpdate,
  validateCreate,
  validateUpdate,
  warnings: podWarnings,
  columns: podColumns,
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
    // Its name in clients of long ago.
    'spec.host': ({ spec }) => spec?.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec?.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec?.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec?.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec?.hostNetwork ?? false),
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIPs?.[0]?.ip ?? status?.podIP ?? '',
    'status.podIPs': ({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip).join(','),
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
  status: { prepareForUpdate: prepareStatusForUpdate, validateUpdate: validateStatusUpdate },
  subresources,
  deletionGraceSeconds,
}
