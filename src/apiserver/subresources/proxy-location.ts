import { parseSloppyIp } from '../../objects/ports-and-addresses.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { EndpointAddress, EndpointSubset, Pod, Service } from '../../resources/generated/types.ts'
import { badRequest, notFound, serviceUnavailable } from '../../words/status-error.ts'
import type { ObjectReader } from '../access.ts'
import type { ObjectKey } from '../../objects/kube-object.ts'
import { nodeAgentAddress } from './node-address.ts'

/** Where a proxied request goes. */
export interface Backend {
  readonly scheme: 'http' | 'https'
  /** IPv4 or IPv6, without brackets. */
  readonly address: string
  readonly port: number
}

/** What a path names: web, web:8080, https:web:8443, https:web: */
export interface ProxyName {
  readonly scheme: 'http' | 'https'
  readonly name: string
  /** A number or a name; '' where none is asked for. */
  readonly port: string
}

const STANDARD_PORTS = { http: 80, https: 443 } as const

export function proxyName(text: string, what: 'pod' | 'service' | 'node'): ProxyName {
  const parts = text.split(':')
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts]
  if (parts.length > 3 || name === '' || !(scheme === '' || scheme === 'http' || scheme === 'https')) {
    throw badRequest(`invalid ${what} request ${JSON.stringify(text)}: give the name, name:port or scheme:name:port with http or https`)
  }
  return { scheme: scheme === '' ? 'http' : scheme, name, port }
}

/** The port that is asked for, by its number or its name; else the first that a container declares; else that of the scheme. */
export function podBackend(reader: ObjectReader, key: ObjectKey): Backend {
  const { scheme, name, port } = proxyName(key.name, 'pod')
  const pod = reader.get(kinds.Pod, { ...key, name })
  if (pod === undefined) throw notFound({ group: '', resource: kinds.Pod.plural }, name)
  const address = pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? ''
  return { scheme, address: allowedAddress(address), port: podPort(pod, port) ?? STANDARD_PORTS[scheme] }
}

function podPort(pod: Pod, asked: string): number | undefined {
  const declared = (pod.spec?.containers ?? []).flatMap(({ ports = [] }) => ports)
  if (asked === '') return declared[0]?.containerPort
  const port = declared.find(({ name }) => name === asked)?.containerPort ?? portNumber(asked)
  if (port === undefined) throw badRequest(`pod ${JSON.stringify(pod.metadata.name)} has no port ${JSON.stringify(asked)}`)
  return port
}

/**
 * A ready endpoint that is a pod of the service's namespace. Others would let whoever may write endpoints reach what only this server
 * reaches (CVE-2021-25740). random: from 0 to below 1.
 */
export function serviceBackend(reader: ObjectReader, key: ObjectKey, random: () => number): Backend {
  const { scheme, name, port } = proxyName(key.name, 'service')
  const service = reader.get(kinds.Service, { ...key, name })
  if (service === undefined) throw notFound({ group: '', resource: kinds.Service.plural }, name)
  const endpoints = reader.get(kinds.Endpoints, { ...key, name })
  const portName = servicePortName(service, port)
  const isPod = (address: EndpointAddress): boolean => isPodAddress(reader, key.namespace, address)
  const found = (endpoints?.subsets ?? []).flatMap((subset) => backendsOf(subset, portName, isPod))
  const chosen = found[Math.floor(random() * found.length)]
  if (chosen === undefined) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(key.name)}`)
  return { scheme, address: allowedAddress(chosen.address), port: chosen.port }
}

/** Endpoints know ports by name. Without one asked for it is the one without a name, or the only one. */
function servicePortName({ metadata, spec }: Service, asked: string): string {
  const ports = spec?.ports ?? []
  if (asked === '') return ports.length === 1 ? ports[0]?.name ?? '' : ''
  const number = portNumber(asked)
  if (number === undefined) return asked
  const port = ports.find((candidate) => candidate.port === number)
  if (port === undefined) throw serviceUnavailable(`no service port ${number} found for service ${JSON.stringify(metadata.name)}`)
  return port.name ?? ''
}

function backendsOf(
  { addresses = [], ports = [] }: EndpointSubset, portName: string, isPod: (address: EndpointAddress) => boolean,
): Pick<Backend, 'address' | 'port'>[] {
  const port = ports.find(({ name = '' }) => name === portName)?.port
  return port === undefined ? [] : addresses.filter(isPod).map(({ ip }) => ({ address: ip, port }))
}

function isPodAddress(reader: ObjectReader, namespace: string, { ip, targetRef }: EndpointAddress): boolean {
  if (targetRef?.kind !== 'Pod' || targetRef.name === undefined || (targetRef.namespace ?? namespace) !== namespace) return false
  const { podIP, podIPs = [] } = reader.get(kinds.Pod, { namespace, name: targetRef.name })?.status ?? {}
  return podIP === ip || podIPs.some((address) => address.ip === ip)
}

/** A node's agent, which knows this server by its certificate; or any other port of the node, as a stranger. */
export type NodeBackend = { readonly agent: { readonly nodeName: string; readonly address: string; readonly port: number } } | Backend

export function nodeBackend(reader: ObjectReader, key: ObjectKey): NodeBackend {
  const { scheme, name, port: asked } = proxyName(key.name, 'node')
  const agent = { nodeName: name, ...nodeAgentAddress(name, reader) }
  if (asked === '') return { agent }
  const port = portNumber(asked)
  if (port === undefined) throw badRequest(`invalid node request ${JSON.stringify(key.name)}: the port must be a number from 1 to 65535`)
  return port === agent.port ? { agent } : { scheme, address: allowedAddress(agent.address), port }
}

function portNumber(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}

/** What only this machine or its own link reaches (its other programs, a cloud's metadata) is nobody's to ask through this server. */
function allowedAddress(text: string): string {
  const ip = parseSloppyIp(text)
  if (ip === undefined || isLocal(ip.family, ip.value)) throw badRequest('address not allowed')
  return text
}

/** Unspecified, loopback, link-local, multicast, broadcast: RFC 6890 and RFC 4291. */
function isLocal(family: 4 | 6, value: bigint): boolean {
  if (family === 4) {
    const first = Number(value >> 24n)
    return value === 0n || first === 127 || value >> 16n === 0xa9fen || (first >= 224 && first < 240) || value === 0xffffffffn
  }
  return value <= 1n || value >> 118n === 0x3fan || value >> 120n === 0xffn
}
