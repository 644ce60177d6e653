import { sameJson } from '../../objects/json.ts'
import { keyOf } from '../../objects/kube-object.ts'
import type { Action, NameFn, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Endpoint, EndpointSlice, Node, Pod, Service } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { controllerReference } from '../ownership.ts'
import type { PodPort } from '../service-pods.ts'
import { HEADLESS_LABEL, hasOwnEndpoints, isHeadless, portsOnPod } from '../service-pods.ts'
import type { AddressFamily } from './endpoints.ts'
import { endpointOf, familiesOf } from './endpoints.ts'
import { fill } from './fill.ts'

export const SERVICE_LABEL = 'kubernetes.io/service-name'
export const MANAGER_LABEL = 'endpointslice.kubernetes.io/managed-by'
export const MANAGER = 'endpointslice-controller.k8s.io'

export interface EndpointSliceView {
  readonly service: Service
  readonly pods: readonly Pod[]
  readonly nodes: ReadonlyMap<string, Node>
  /** The slices of this service that this controller manages. */
  readonly slices: readonly EndpointSlice[]
}

/** Endpoints that share one list of ports: a named target port may be another number on each pod. */
interface Group {
  readonly family: AddressFamily
  readonly ports: readonly PodPort[]
  readonly endpoints: Endpoint[]
}

/** The slices of one Service, changed by as few writes as possible. */
export function planEndpointSlices(view: EndpointSliceView, _now: Instant, name: NameFn): Plan {
  const { service, slices } = view
  const ending = service.metadata.deletionTimestamp !== undefined
  if (ending) return { actions: [], why: 'The service is being deleted: its slices are left to the garbage collector.' }
  if (!hasOwnEndpoints(service)) {
    const obsolete = service.spec?.type === 'ExternalName' ? slices : []
    return { actions: obsolete.map(deletion), why: 'The service has no selector: its endpoints come from elsewhere.' }
  }
  const groups = groupsOf(view)
  const changes: Action[] = []
  const deletions: Action[] = []
  const obsolete = slices.filter((slice) => !groups.has(groupKey(slice.addressType, slice.ports ?? [])))
  for (const [key, group] of groups) {
    const own = slices.filter((slice) => groupKey(slice.addressType, slice.ports ?? []) === key)
    fillGroup(service, group, own.length > 0 ? own : reused(obsolete, group), name, changes, deletions)
  }
  deletions.push(...obsolete.map(deletion))
  return { actions: [...changes, ...deletions], why: explain([...groups.values()], changes.length + deletions.length) }
}

/** A slice whose ports nobody has any more serves for others: an update instead of a deletion and a creation. */
function reused(obsolete: EndpointSlice[], group: Group): readonly EndpointSlice[] {
  const index = obsolete.findIndex((slice) => slice.addressType === group.family)
  return index === -1 ? [] : obsolete.splice(index, 1)
}

function fillGroup(
  service: Service,
  group: Group,
  own: readonly EndpointSlice[],
  name: NameFn,
  changes: Action[],
  deletions: Action[]
): void {
  const { kept, created } = fill(own, group.endpoints)
  for (const endpoints of created) {
    changes.push({
      verb: 'create',
      kind: kinds.EndpointSlice,
      object: sliceOf(service, group, endpoints, `${service.metadata.name}-${name()}`),
    })
  }
  // A service without endpoints keeps one empty slice: that tells consumers that there are none, rather than not yet.
  let placeholder = group.endpoints.length === 0
  for (const [slice, endpoints] of kept) {
    if (endpoints.length === 0 && !placeholder) deletions.push(deletion(slice))
    else changes.push(...update(service, group, slice, endpoints))
    if (endpoints.length === 0) placeholder = false
  }
  if (placeholder) {
    changes.push({ verb: 'create', kind: kinds.EndpointSlice, object: sliceOf(service, group, [], `${service.metadata.name}-${name()}`) })
  }
}

function groupsOf({ service, pods, nodes }: EndpointSliceView): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>()
  for (const family of familiesOf(service)) {
    const before = groups.size
    for (const pod of pods) {
      const endpoint = endpointOf(service, pod, nodes.get(pod.spec?.nodeName ?? ''), family)
      if (endpoint === undefined) continue
      const ports = portsOnPod(service, pod)
      const key = groupKey(family, ports)
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { family, ports, endpoints: [endpoint] })
      else group.endpoints.push(endpoint)
    }
    if (groups.size === before) groups.set(groupKey(family, []), { family, ports: [], endpoints: [] })
  }
  return groups
}

interface PortLike {
  readonly name?: string
  readonly protocol?: string
  readonly port?: number
  readonly appProtocol?: string
}

function groupKey(family: string, ports: readonly PortLike[]): string {
  const texts = ports.map(({ name = '', protocol = 'TCP', port = 0, appProtocol = '' }) =>
    JSON.stringify([name, protocol, port, appProtocol])
  )
  return `${family} ${texts.sort().join(' ')}`
}

function sliceOf(service: Service, group: Group, endpoints: readonly Endpoint[], name: string): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace ?? '',
      labels: labelsOf(service),
      ownerReferences: [controllerReference(service, kinds.Service)],
    },
    addressType: group.family,
    ports: group.ports.map((port) => ({ ...port })),
    endpoints: [...endpoints],
  }
}

function update(service: Service, group: Group, slice: EndpointSlice, endpoints: readonly Endpoint[]): readonly Action[] {
  const labels = labelsOf(service)
  const samePorts = groupKey(slice.addressType, slice.ports ?? []) === groupKey(group.family, group.ports)
  if (samePorts && sameJson(slice.endpoints ?? [], endpoints) && sameJson(slice.metadata.labels ?? {}, labels)) return []
  const object: EndpointSlice = {
    ...slice, metadata: { ...slice.metadata, labels }, ports: group.ports.map((port) => ({ ...port })), endpoints: [...endpoints],
  }
  return [{ verb: 'update', kind: kinds.EndpointSlice, object }]
}

function labelsOf(service: Service): Record<string, string> {
  const { [HEADLESS_LABEL]: _, ...own } = service.metadata.labels ?? {}
  return {
    ...own,
    [SERVICE_LABEL]: service.metadata.name ?? '',
    [MANAGER_LABEL]: MANAGER,
    ...(isHeadless(service) ? { [HEADLESS_LABEL]: '' } : {}),
  }
}

function deletion(slice: EndpointSlice): Action {
  const uid = slice.metadata.uid === undefined ? {} : { uid: slice.metadata.uid }
  return { verb: 'delete', kind: kinds.EndpointSlice, key: keyOf(slice), options: uid }
}

function explain(groups: readonly Group[], writes: number): string {
  const endpoints = groups.flatMap((group) => group.endpoints)
  const ready = endpoints.filter((endpoint) => endpoint.conditions?.ready === true).length
  const state =
    endpoints.length === 0 ? 'No pod that the service chooses has an address' : `${ready} of ${endpoints.length} endpoints are ready`
  return writes === 0 ? `${state}; the slices say so.` : `${state}: writes ${writes} slices.`
}
