import { plainAddress } from '../objects/ports-and-addresses.ts'
import type { Endpoint, EndpointSlice, Service } from '../resources/generated/types.ts'
import { isReady } from './service-endpoints.ts'

/** A service port by its name, for SRV records. */
export interface NamedPort {
  readonly name: string
  readonly protocol: string
  readonly port: number
}

/** One address behind a headless Service, with the host name that it has below the Service's name. */
export interface HeadlessEndpoint {
  readonly hostName: string
  readonly address: string
  readonly family: 4 | 6
  readonly ports: readonly NamedPort[]
}

/** What the zone knows of one Service. */
export type ServiceNames =
  | { readonly type: 'address'; readonly addresses: readonly string[]; readonly ports: readonly NamedPort[] }
  | { readonly type: 'headless'; readonly endpoints: readonly HeadlessEndpoint[] }
  | { readonly type: 'alias'; readonly target: string }

/** All names of the cluster domain that come from Services, by namespace and name, and all their addresses backwards. */
export class DnsZone {
  readonly #namespaces = new Map<string, Map<string, ServiceNames>>()
  /** Address -> the names that it has: svc or host.svc, each with its namespace. */
  readonly #reverse = new Map<string, Set<string>>()

  set(service: Service, slices: readonly EndpointSlice[]): void {
    const [namespace, name] = [service.metadata.namespace ?? '', service.metadata.name ?? '']
    this.remove(namespace, name)
    const names = namesOf(service, slices)
    const inNamespace = this.#namespaces.get(namespace) ?? new Map<string, ServiceNames>()
    this.#namespaces.set(namespace, inNamespace)
    inNamespace.set(name, names)
    for (const [address, host] of reverseNames(names, `${name}.${namespace}`)) {
      const hosts = this.#reverse.get(address) ?? new Set<string>()
      this.#reverse.set(address, hosts)
      hosts.add(host)
    }
  }

  remove(namespace: string, name: string): void {
    const names = this.get(namespace, name)
    if (names === undefined) return
    this.#namespaces.get(namespace)?.delete(name)
    if (this.#namespaces.get(namespace)?.size === 0) this.#namespaces.delete(namespace)
    for (const [address, host] of reverseNames(names, `${name}.${namespace}`)) {
      this.#reverse.get(address)?.delete(host)
      if (this.#reverse.get(address)?.size === 0) this.#reverse.delete(address)
    }
  }

  get(namespace: string, name: string): ServiceNames | undefined {
    return this.#namespaces.get(namespace)?.get(name)
  }

  hasNamespace(namespace: string): boolean {
    return this.#namespaces.has(namespace)
  }

  /** web.default or host.db.default: names below svc. */
  namesOf(address: string): readonly string[] {
    return [...(this.#reverse.get(address) ?? [])]
  }
}

function namesOf(service: Service, slices: readonly EndpointSlice[]): ServiceNames {
  const spec = service.spec ?? {}
  if (spec.type === 'ExternalName') return { type: 'alias', target: (spec.externalName ?? '').replace(/\.$/, '') }
  if (spec.clusterIP !== 'None') {
    const ports = (spec.ports ?? []).map((port) => ({
      name: port.name ?? '',
      protocol: (port.protocol ?? 'TCP').toLowerCase(),
      port: port.port,
    }))
    const addresses = (spec.clusterIPs ?? [spec.clusterIP ?? '']).filter((address) => address !== '').map(plainAddress)
    return { type: 'address', addresses, ports }
  }
  return {
    type: 'headless',
    endpoints: slices.flatMap((slice) => (slice.endpoints ?? []).filter(isReady).flatMap((endpoint) => headless(slice, endpoint))),
  }
}

/** The slices' conditions already honour publishNotReadyAddresses. An endpoint without a host name gets one from its address. */
function headless(slice: EndpointSlice, endpoint: Endpoint): HeadlessEndpoint[] {
  const ports = (slice.ports ?? []).flatMap((port) =>
    port.port === undefined ? [] : [{ name: port.name ?? '', protocol: (port.protocol ?? 'TCP').toLowerCase(), port: port.port }])
  if (slice.addressType === 'FQDN') return []
  return endpoint.addresses.map((address) => ({
    hostName: endpoint.hostname ?? address.replace(/[.:]/g, '-'),
    address: plainAddress(address),
    family: slice.addressType === 'IPv6' ? 6 : 4,
    ports,
  }))
}

function* reverseNames(names: ServiceNames, serviceName: string): Generator<readonly [string, string]> {
  if (names.type === 'address') for (const address of names.addresses) yield [address, serviceName]
  if (names.type === 'headless') for (const endpoint of names.endpoints) yield [endpoint.address, `${endpoint.hostName}.${serviceName}`]
}
