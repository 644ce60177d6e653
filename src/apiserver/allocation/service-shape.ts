import type { Service, ServiceSpec } from '../../resources/generated/types.ts'

/** Which of the values that the cluster allocates a Service has a place for. */
export function needsClusterAddress(spec: ServiceSpec): boolean {
  return spec.type !== 'ExternalName'
}

export function isHeadless(spec: ServiceSpec): boolean {
  return spec.clusterIP === 'None'
}

export function mayHaveNodePorts(spec: ServiceSpec): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer'
}

/** A load balancer that reaches pods by itself needs no port on every node. */
export function needsNodePorts(spec: ServiceSpec): boolean {
  return spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
}

/** Load balancers ask this port which nodes have a pod of the Service. */
export function needsHealthCheckPort(spec: ServiceSpec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
}

export function nodePortsOf(service: Service): readonly number[] {
  const ports = (service.spec?.ports ?? []).map((port) => port.nodePort ?? 0)
  return [...ports, service.spec?.healthCheckNodePort ?? 0].filter((port) => port !== 0)
}

export function clusterAddressesOf(service: Service): readonly string[] {
  const spec = service.spec
  const addresses = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP])
  return addresses.filter((address) => address !== '' && address !== 'None')
}
