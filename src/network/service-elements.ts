import type { Backend, Protocol, ServicePort, ServiceRoute } from './service-endpoints.ts'
import { slotsFor } from './slots.ts'

/** Elements by the map or set that they are in: container -> key -> value ('' in sets). Keys and values are written as nft reads them. */
export type Elements = Map<string, Map<string, string>>

export interface LocalDns {
  /** The Service address that pods ask. */
  readonly serviceAddress: string
  /** The node's own server. */
  readonly target: { readonly address: string; readonly port: number }
}

/** What makes one Service work on this node. */
export function serviceElements(route: ServiceRoute): Elements {
  const elements: Elements = new Map()
  for (const port of route.ports) {
    for (const address of route.clusterAddresses) addAddress(elements, address, port, port.internal, route.stickyByClient)
    for (const address of route.externalAddresses) {
      addAddress(elements, address, port, port.external, route.stickyByClient)
      if (port.external.length === 0) put(elements, 'refused', `${address} . ${port.protocol} . ${port.port}`, '')
    }
    if (port.nodePort > 0) addNodePort(elements, port, route.stickyByClient)
    addHairpins(elements, [...port.internal, ...port.external])
  }
  return elements
}

/** Questions to the cluster's DNS address go to the server on this very node. */
export function localDnsElements(dns: LocalDns): Elements {
  const elements: Elements = new Map()
  const value = `${dns.target.address} . ${dns.target.port}`
  for (const protocol of ['udp', 'tcp']) put(elements, 'one', `${dns.serviceAddress} . ${protocol} . 53`, value)
  return elements
}

function addAddress(elements: Elements, address: string, port: ServicePort, backends: readonly Backend[], sticky: boolean): void {
  addSlots(elements, '', `${address} . ${port.protocol} . ${port.port}`, backends, sticky)
}

/** A client from outside keeps its address as long as all backends are on this node; otherwise answers must come back through it. */
function addNodePort(elements: Elements, port: ServicePort, sticky: boolean): void {
  const key = nodePortKey(port.protocol, port.nodePort)
  addSlots(elements, 'node-', key, port.external, sticky)
  if (port.external.some((backend) => !backend.isLocal)) put(elements, 'node-masquerade', key, '')
  if (port.external.length === 0) put(elements, 'node-refused', key, '')
}

function nodePortKey(protocol: Protocol, port: number): string {
  return `${protocol} . ${port}`
}

function addSlots(elements: Elements, prefix: string, key: string, backends: readonly Backend[], sticky: boolean): void {
  const slots = slotsFor(backends, sticky)
  if (slots === undefined) return
  slots.backends.forEach((backend, slot) => {
    const slotKey = slots.slotClass === 'one' ? key : `${key} . ${slot}`
    put(elements, `${prefix}${slots.slotClass}`, slotKey, `${backend.address} . ${backend.port}`)
  })
}

/** A pod that reaches itself through its own Service must see another source, or it would answer itself directly. */
function addHairpins(elements: Elements, backends: readonly Backend[]): void {
  for (const backend of backends) if (backend.isLocal) put(elements, 'hairpin', `${backend.address} . ${backend.address}`, '')
}

function put(elements: Elements, container: string, key: string, value: string): void {
  const inContainer = elements.get(container) ?? new Map<string, string>()
  elements.set(container, inContainer)
  inContainer.set(key, value)
}
