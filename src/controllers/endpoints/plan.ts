import { sameJson } from '../../objects/json.ts'
import { keyOf } from '../../objects/kube-object.ts'
import type { Action, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { EndpointAddress, EndpointSubset, Endpoints, Pod, Service } from '../../resources/generated/types.ts'
import { isReady } from '../pod-state.ts'
import type { PodPort } from '../service-pods.ts'
import { HEADLESS_LABEL, hasOwnEndpoints, isHeadless, podAddress, portsOnPod, publishedHostname } from '../service-pods.ts'

export interface EndpointsView {
  readonly service: Service | undefined
  readonly endpoints: Endpoints | undefined
  readonly pods: readonly Pod[]
}

/** Marks objects that may go with their service: people keep Endpoints of their own too. */
const MANAGER_LABEL = 'endpoints.kubernetes.io/managed-by'
const MANAGER = 'endpoint-controller'
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity'
const MAX_ADDRESSES = 1_000

/** Made by this controller, not by hand: only then may it be changed or removed. */
export function isManaged(endpoints: Endpoints): boolean {
  return endpoints.metadata.labels?.[MANAGER_LABEL] === MANAGER
}

/** The older Endpoints object of one Service: one object for all addresses, cut off at 1,000. */
export function planEndpoints({ service, endpoints, pods }: EndpointsView): Plan {
  if (service === undefined) {
    const actions = endpoints === undefined ? [] : [deletion(endpoints)]
    return { actions, why: 'The service is gone: its Endpoints go too.' }
  }
  if (!hasOwnEndpoints(service)) return { actions: [], why: 'The service has no selector: its endpoints come from elsewhere.' }
  if (service.metadata.deletionTimestamp !== undefined) return { actions: [], why: 'The service is being deleted.' }
  const wanted = endpointsOf(service, pods, endpoints)
  const subsets = wanted.subsets ?? []
  const count = subsets.reduce((total, subset) => total + (subset.addresses?.length ?? 0), 0)
  const why = `${count} of ${pods.length} pods with an address are ready.`
  if (endpoints === undefined) return { actions: [{ verb: 'create', kind: kinds.Endpoints, object: wanted }], why }
  const same = sameJson(endpoints.subsets ?? [], subsets) && sameJson(endpoints.metadata.labels, wanted.metadata.labels)
    && sameJson(endpoints.metadata.annotations ?? {}, wanted.metadata.annotations ?? {})
  return { actions: same ? [] : [{ verb: 'update', kind: kinds.Endpoints, object: wanted }], why }
}

function endpointsOf(service: Service, pods: readonly Pod[], current: Endpoints | undefined): Endpoints {
  const kept = pods.slice(0, MAX_ADDRESSES)
  const { [OVER_CAPACITY]: _, ...annotations } = current?.metadata.annotations ?? {}
  const overCapacity = pods.length > MAX_ADDRESSES ? { [OVER_CAPACITY]: 'truncated' } : {}
  const subsets = subsetsOf(service, kept)
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      ...current?.metadata,
      name: service.metadata.name ?? '',
      namespace: service.metadata.namespace ?? '',
      labels: { ...service.metadata.labels, [MANAGER_LABEL]: MANAGER, ...(isHeadless(service) ? { [HEADLESS_LABEL]: '' } : {}) },
      annotations: { ...annotations, ...overCapacity },
    },
    ...(subsets.length === 0 ? {} : { subsets }),
  }
}

interface SubsetDraft {
  readonly ready: EndpointAddress[]
  readonly notReady: EndpointAddress[]
  readonly subset: EndpointSubset
}

function emptySubset(ports: readonly PodPort[]): SubsetDraft {
  return { ready: [], notReady: [], subset: ports.length === 0 ? {} : { ports: ports.map(withoutEmptyName) } }
}

/** Pods with the same ports make one subset; addresses in order, so that an unchanged state gives an unchanged object. */
function subsetsOf(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const subsets = new Map<string, SubsetDraft>()
  const publishNotReady = service.spec?.publishNotReadyAddresses === true
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined && !publishNotReady) continue
    const address = addressOf(service, pod)
    const ports = portsOnPod(service, pod)
    if (address === undefined || (ports.length === 0 && !isHeadless(service))) continue
    const key = JSON.stringify(ports)
    const entry = subsets.get(key) ?? emptySubset(ports)
    subsets.set(key, entry)
    if (publishNotReady || isReady(pod)) entry.ready.push(address)
    else entry.notReady.push(address)
  }
  return [...subsets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { ready, notReady, subset }]) => ({
    ...(ready.length === 0 ? {} : { addresses: ready.sort(byIp) }),
    ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady.sort(byIp) }),
    ...subset,
  }))
}

function withoutEmptyName<P extends { readonly name: string }>({ name, ...port }: P): Omit<P, 'name'> & { name?: string } {
  return name === '' ? port : { name, ...port }
}

function addressOf(service: Service, pod: Pod): EndpointAddress | undefined {
  const family = service.spec?.ipFamilies?.[0] === 'IPv6' ? 'IPv6' : 'IPv4'
  const ip = podAddress(pod, family)
  if (ip === undefined) return undefined
  const hostname = publishedHostname(service, pod)
  const { name = '', namespace = '', uid = '' } = pod.metadata
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec?.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: { kind: kinds.Pod.kind, namespace, name, uid },
  }
}

function byIp(a: EndpointAddress, b: EndpointAddress): number {
  return a.ip < b.ip ? -1 : 1
}

function deletion(endpoints: Endpoints): Action {
  const uid = endpoints.metadata.uid === undefined ? {} : { uid: endpoints.metadata.uid }
  return { verb: 'delete', kind: kinds.Endpoints, key: keyOf(endpoints), options: uid }
}
