import { selectsByMap } from '../objects/selects.ts'
import type { Snapshot } from '../reconcile/controller.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Container, Pod, Service, ServicePort } from '../resources/generated/types.ts'
import { isFinished } from './pod-state.ts'

/** A port as endpoints publish it: of the pod, under the service port's name. */
export interface PodPort {
  readonly name: string
  readonly protocol: string
  readonly port: number
  readonly appProtocol?: string
}

/** Label of endpoint objects of a service without a cluster IP: the service proxy passes them over. */
export const HEADLESS_LABEL = 'service.kubernetes.io/headless'

export function isHeadless(service: Service): boolean {
  return service.spec?.clusterIP === 'None'
}

/** Pods that the service chooses and that have an address, ending ones too. */
export function podsOfService(service: Service, snapshot: Snapshot): readonly Pod[] {
  const selector = service.spec?.selector
  const namespace = service.metadata.namespace ?? ''
  return snapshot.list(kinds.Pod, namespace).filter((pod) => selectsByMap(selector, pod.metadata.labels) && hasAddress(pod))
}

function hasAddress(pod: Pod): boolean {
  return !isFinished(pod) && ((pod.status?.podIP ?? '') !== '' || (pod.status?.podIPs ?? []).length > 0)
}

/** Services whose endpoints the controllers keep. One without selector has its endpoints from elsewhere. */
export function hasOwnEndpoints(service: Service): boolean {
  return service.spec?.type !== 'ExternalName' && Object.keys(service.spec?.selector ?? {}).length > 0
}

/** The services of the pod's namespace that choose it. */
export function servicesOfPod(pod: Pod, snapshot: Snapshot): readonly Service[] {
  const services = snapshot.list(kinds.Service, pod.metadata.namespace ?? '')
  return services.filter((service) => hasOwnEndpoints(service) && selectsByMap(service.spec?.selector, pod.metadata.labels))
}

export function podAddress(pod: Pod, family: 'IPv4' | 'IPv6'): string | undefined {
  const addresses = pod.status?.podIPs?.map(({ ip }) => ip ?? '') ?? [pod.status?.podIP ?? '']
  return addresses.find((ip) => ip !== '' && ip.includes(':') === (family === 'IPv6'))
}

/** The service's ports on this pod; one whose name the pod does not know is left out. */
export function portsOnPod(service: Service, pod: Pod): readonly PodPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const { name = '', protocol = 'TCP', appProtocol } = servicePort
    const port = targetPort(servicePort, pod)
    return port === undefined ? [] : [{ name, protocol, port, ...(appProtocol === undefined ? {} : { appProtocol }) }]
  })
}

function targetPort({ targetPort: target, port, protocol = 'TCP' }: ServicePort, pod: Pod): number | undefined {
  if (typeof target === 'number' && target > 0) return target
  if (typeof target !== 'string' || target === '') return port
  const named = portCarriers(pod)
    .flatMap((container) => container.ports ?? [])
    .find((candidate) => candidate.name === target && (candidate.protocol ?? 'TCP') === protocol)
  return named?.containerPort
}

/** Containers that run for as long as the pod: init containers only where they are sidecars. */
function portCarriers(pod: Pod): readonly Container[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')
  return [...(pod.spec?.containers ?? []), ...sidecars]
}

/** The name under which a headless service's DNS publishes this pod alone: web-0 of web-0.web.shop.svc. */
export function publishedHostname(service: Service, pod: Pod): string | undefined {
  const { hostname, subdomain } = pod.spec ?? {}
  return hostname !== undefined && hostname !== '' && subdomain === service.metadata.name ? hostname : undefined
}
