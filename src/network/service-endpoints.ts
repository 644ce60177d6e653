import { plainAddress } from '../objects/ports-and-addresses.ts'
import type { Endpoint, EndpointSlice, Service } from '../resources/generated/types.ts'

export type Protocol = 'tcp' | 'udp' | 'sctp'

export interface Backend {
  readonly address: string
  readonly port: number
  readonly isLocal: boolean
}

/** One port of a Service: where it is reached, and what is behind it. */
export interface ServicePort {
  readonly name: string
  readonly protocol: Protocol
  readonly port: number
  readonly nodePort: number
  /** For clients in the cluster: internalTrafficPolicy. */
  readonly internal: readonly Backend[]
  /** For node ports and external addresses: externalTrafficPolicy. */
  readonly external: readonly Backend[]
}

export interface ServiceRoute {
  readonly clusterAddresses: readonly string[]
  /** externalIPs and the addresses of a load balancer. */
  readonly externalAddresses: readonly string[]
  readonly stickyByClient: boolean
  readonly ports: readonly ServicePort[]
}

const PROTOCOLS: Readonly<Record<string, Protocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' }

/** Undefined where nothing is to be routed: headless Services, external names, no address yet. */
export function serviceRoute(service: Service, slices: readonly EndpointSlice[], nodeName: string): ServiceRoute | undefined {
  const spec = service.spec ?? {}
  const clusterAddresses = (spec.clusterIPs ?? [spec.clusterIP ?? '']).flatMap(ipv4In)
  if (spec.type === 'ExternalName' || clusterAddresses.length === 0) return undefined
  const ingress = (service.status?.loadBalancer?.ingress ?? []).flatMap((each) => (each.ip === undefined ? [] : [each.ip]))
  return {
    clusterAddresses,
    externalAddresses: [...(spec.externalIPs ?? []), ...ingress].flatMap(ipv4In),
    stickyByClient: spec.sessionAffinity === 'ClientIP',
    ports: (spec.ports ?? []).map((port) => {
      const backends = backendsOf(port.name ?? '', slices, nodeName)
      return {
        name: port.name ?? '',
        protocol: PROTOCOLS[port.protocol ?? 'TCP'] ?? 'tcp',
        port: port.port,
        nodePort: port.nodePort ?? 0,
        internal: byPolicy(backends, spec.internalTrafficPolicy),
        external: byPolicy(backends, spec.externalTrafficPolicy),
      }
    }),
  }
}

function byPolicy(backends: readonly Backend[], policy: string | undefined): readonly Backend[] {
  return policy === 'Local' ? backends.filter((backend) => backend.isLocal) : backends
}

/** Ready endpoints; where there are none, those that still serve while they terminate (KEP-1669). In order of address. */
function backendsOf(portName: string, slices: readonly EndpointSlice[], nodeName: string): Backend[] {
  const ready = new Map<string, Backend>()
  const terminating = new Map<string, Backend>()
  for (const slice of slices) {
    const port = slice.ports?.find((each) => (each.name ?? '') === portName)?.port
    if (slice.addressType !== 'IPv4' || port === undefined) continue
    for (const endpoint of slice.endpoints ?? []) {
      const target = isReady(endpoint) ? ready : isServing(endpoint) ? terminating : undefined
      const [address] = endpoint.addresses.slice(0, 1).flatMap(ipv4In)
      if (target !== undefined && address !== undefined) {
        target.set(`${address}:${port}`, { address, port, isLocal: endpoint.nodeName === nodeName })
      }
    }
  }
  const chosen = ready.size > 0 ? ready : terminating
  return [...chosen.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, backend]) => backend)
}

/** An absent condition counts as true, as the API documents. */
export function isReady(endpoint: Endpoint): boolean {
  return endpoint.conditions?.ready !== false
}

function isServing(endpoint: Endpoint): boolean {
  return endpoint.conditions?.serving !== false && endpoint.conditions?.terminating === true
}

/** None or one, as the kernel's tables want it. */
function ipv4In(text: string): string[] {
  const address = plainAddress(text)
  return /^[\d.]+$/.test(address) ? [address] : []
}
