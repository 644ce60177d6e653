import type { Endpoint, EndpointSlice, Service, ServiceSpec } from '../resources/generated/types.ts'

export function service(name: string, spec: ServiceSpec, namespace = 'default'): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec }
}

/** Endpoints as "address" or "address@node"; a trailing ! means not ready. */
export function slice(
  serviceName: string,
  ports: Record<string, number>,
  endpoints: readonly string[],
  namespace = 'default',
  more: Partial<Endpoint> = {}
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${serviceName}-1`, namespace, labels: { 'kubernetes.io/service-name': serviceName } },
    addressType: 'IPv4',
    ports: Object.entries(ports).map(([name, port]) => ({ name, port, protocol: 'TCP' })),
    endpoints: endpoints.map((text) => {
      const [address = '', nodeName = 'here'] = text.replace('!', '').split('@')
      return { addresses: [address], nodeName, conditions: { ready: !text.endsWith('!') }, ...more }
    }),
  }
}
