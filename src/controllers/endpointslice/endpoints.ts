import { kinds } from '../../resources/generated/kinds.ts'
import type { Endpoint, Node, Pod, Service } from '../../resources/generated/types.ts'
import { isReady } from '../pod-state.ts'
import { podAddress, publishedHostname } from '../service-pods.ts'

export type AddressFamily = 'IPv4' | 'IPv6'

const ZONE_LABEL = 'topology.kubernetes.io/zone'

/** The families that a service is reached by; told by its cluster IP where it does not say. */
export function familiesOf(service: Service): readonly AddressFamily[] {
  const { ipFamilies, clusterIP = '' } = service.spec ?? {}
  const named = (ipFamilies ?? []).filter((family): family is AddressFamily => family === 'IPv4' || family === 'IPv6')
  if (named.length > 0) return named
  return [clusterIP.includes(':') ? 'IPv6' : 'IPv4']
}

/** A pod as an endpoint; undefined when it has no address of that family. */
export function endpointOf(service: Service, pod: Pod, node: Node | undefined, family: AddressFamily): Endpoint | undefined {
  const address = podAddress(pod, family)
  if (address === undefined) return undefined
  const serving = isReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating)
  const hostname = publishedHostname(service, pod)
  const zone = node?.metadata.labels?.[ZONE_LABEL]
  const { name = '', namespace = '', uid = '' } = pod.metadata
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec?.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: { kind: kinds.Pod.kind, namespace, name, uid },
    ...(zone === undefined ? {} : { zone }),
  }
}
