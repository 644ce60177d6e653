import type { DnsZone, HeadlessEndpoint, NamedPort, ServiceNames } from './dns-zone.ts'

export type RecordType = 'A' | 'AAAA' | 'SRV' | 'PTR' | 'CNAME' | 'TXT' | 'SOA' | 'NS' | 'ANY' | 'OTHER'

export type DnsRecord =
  | { readonly name: string; readonly type: 'A' | 'AAAA' | 'PTR' | 'CNAME' | 'TXT' | 'NS'; readonly data: string }
  | {
      readonly name: string
      readonly type: 'SRV'
      readonly data: { readonly priority: number; readonly weight: number; readonly port: number; readonly target: string }
    }

/** What the cluster itself knows of a question. */
export type DnsAnswer =
  /** The records; none of them: the name exists, but has nothing of this type. */
  | { readonly outcome: 'records'; readonly records: readonly DnsRecord[]; readonly additional: readonly DnsRecord[] }
  | { readonly outcome: 'no-such-name' }
  /** Not the cluster's business: ask upstream. */
  | { readonly outcome: 'elsewhere' }
  /** A Service that stands for a name outside: a CNAME first, then whatever upstream says about the target. */
  | { readonly outcome: 'alias'; readonly alias: DnsRecord; readonly target: string }

/** Version of the Kubernetes DNS specification that the answers follow. */
const SPECIFICATION = '1.1.0'

const NOTHING: DnsAnswer = { outcome: 'records', records: [], additional: [] }
const NO_SUCH_NAME: DnsAnswer = { outcome: 'no-such-name' }

/** name in lower case, without the final dot. reverseZones: the in-addr.arpa zones of the cluster's own address ranges. */
export function answer(name: string, type: RecordType, zone: DnsZone, domain: string, reverseZones: readonly string[]): DnsAnswer {
  if (name.endsWith('.in-addr.arpa') || name.endsWith('.ip6.arpa')) return answerReverse(name, type, zone, domain, reverseZones)
  if (name === domain) return type === 'NS' ? records([{ name, type: 'NS', data: `ns.dns.${domain}` }]) : NOTHING
  if (!name.endsWith(`.${domain}`)) return { outcome: 'elsewhere' }
  const labels = name.slice(0, -domain.length - 1).split('.')
  switch (labels.at(-1)) {
    case 'svc': return answerService(name, labels.slice(0, -1), type, zone, domain)
    case 'pod': return answerPod(name, labels.slice(0, -1), type, zone)
    case 'dns-version':
      if (labels.length > 1) return NO_SUCH_NAME
      return type === 'TXT' || type === 'ANY' ? records([{ name, type: 'TXT', data: SPECIFICATION }]) : NOTHING
    default: return NO_SUCH_NAME
  }
}

/** labels: what stands before svc.DOMAIN. */
function answerService(name: string, labels: readonly string[], type: RecordType, zone: DnsZone, domain: string): DnsAnswer {
  const namespace = labels.at(-1)
  if (namespace === undefined) return NOTHING
  if (labels.length === 1) return zone.hasNamespace(namespace) ? NOTHING : NO_SUCH_NAME
  const service = zone.get(namespace, labels.at(-2) ?? '')
  if (service === undefined) return NO_SUCH_NAME
  const serviceName = `${labels.slice(-2).join('.')}.svc.${domain}`
  const below = labels.slice(0, -2)
  if (below.length === 0) return answerServiceName(name, type, service, serviceName)
  if (below.length === 1) {
    return below[0]?.startsWith('_') === true ? portExists(below[0], service) : answerHost(name, below[0] ?? '', type, service)
  }
  if (below.length === 2) return answerPort(name, below[0] ?? '', below[1] ?? '', type, service, serviceName)
  return NO_SUCH_NAME
}

function answerServiceName(name: string, type: RecordType, service: ServiceNames, serviceName: string): DnsAnswer {
  if (service.type === 'alias') return { outcome: 'alias', alias: { name, type: 'CNAME', data: service.target }, target: service.target }
  const addresses = service.type === 'address' ? service.addresses : service.endpoints.map((endpoint) => endpoint.address)
  if (service.type === 'headless' && addresses.length === 0) return NO_SUCH_NAME
  if (type === 'SRV') {
    const ports = service.type === 'address' ? service.ports : uniquePorts(service.endpoints)
    return serviceRecords(name, ports, service, serviceName)
  }
  return records(addressRecords(name, type, addresses))
}

function answerHost(name: string, host: string, type: RecordType, service: ServiceNames): DnsAnswer {
  if (service.type !== 'headless') return NO_SUCH_NAME
  const addresses = service.endpoints.filter((endpoint) => endpoint.hostName === host).map((endpoint) => endpoint.address)
  return addresses.length === 0 ? NO_SUCH_NAME : records(addressRecords(name, type, addresses))
}

/** _http._tcp.web.default: where that port is. */
function answerPort(
  name: string,
  portLabel: string,
  protocolLabel: string,
  type: RecordType,
  service: ServiceNames,
  serviceName: string
): DnsAnswer {
  if (service.type === 'alias' || !portLabel.startsWith('_') || !protocolLabel.startsWith('_')) return NO_SUCH_NAME
  const all = service.type === 'address' ? service.ports : uniquePorts(service.endpoints)
  const ports = all.filter((port) => `_${port.name}` === portLabel && `_${port.protocol}` === protocolLabel)
  if (ports.length === 0) return NO_SUCH_NAME
  return type === 'SRV' || type === 'ANY' ? serviceRecords(name, ports, service, serviceName) : NOTHING
}

/** _tcp.web.default has names below it, but nothing itself. */
function portExists(protocolLabel: string, service: ServiceNames): DnsAnswer {
  if (service.type === 'alias') return NO_SUCH_NAME
  const ports = service.type === 'address' ? service.ports : uniquePorts(service.endpoints)
  return ports.some((port) => `_${port.protocol}` === protocolLabel) ? NOTHING : NO_SUCH_NAME
}

function serviceRecords(name: string, ports: readonly NamedPort[], service: ServiceNames, serviceName: string): DnsAnswer {
  const targets =
    service.type === 'headless'
      ? service.endpoints.map((endpoint) => ({
          host: `${endpoint.hostName}.${serviceName}`,
          addresses: [endpoint.address],
          ports: endpoint.ports,
        }))
      : [{ host: serviceName, addresses: service.type === 'address' ? service.addresses : [], ports }]
  const weight = Math.max(1, Math.floor(100 / Math.max(1, targets.length)))
  const found: DnsRecord[] = []
  const additional: DnsRecord[] = []
  for (const target of targets) {
    for (const port of target.ports) {
      if (!ports.some((wanted) => wanted.name === port.name && wanted.protocol === port.protocol)) continue
      found.push({ name, type: 'SRV', data: { priority: 0, weight, port: port.port, target: target.host } })
    }
    additional.push(...addressRecords(target.host, 'ANY', target.addresses))
  }
  return { outcome: 'records', records: found, additional }
}

function uniquePorts(endpoints: readonly HeadlessEndpoint[]): NamedPort[] {
  const ports = new Map<string, NamedPort>()
  for (const endpoint of endpoints) for (const port of endpoint.ports) ports.set(`${port.name}/${port.protocol}`, port)
  return [...ports.values()]
}

/** 10-244-0-5.default.pod.DOMAIN is 10.244.0.5: the name says it all. */
function answerPod(name: string, labels: readonly string[], type: RecordType, zone: DnsZone): DnsAnswer {
  const [dashed, namespace] = labels
  if (dashed === undefined) return NOTHING
  if (namespace === undefined) return zone.hasNamespace(dashed) ? NOTHING : NO_SUCH_NAME
  const address = /^\d{1,3}(-\d{1,3}){3}$/.test(dashed) ? dashed.replaceAll('-', '.') : undefined
  if (labels.length !== 2 || address === undefined || address.split('.').some((part) => Number(part) > 255)) return NO_SUCH_NAME
  return records(addressRecords(name, type, [address]))
}

function answerReverse(name: string, type: RecordType, zone: DnsZone, domain: string, reverseZones: readonly string[]): DnsAnswer {
  const address = addressOf(name)
  const names = address === undefined ? [] : zone.namesOf(address)
  if (names.length === 0) return reverseZones.some((reverse) => name.endsWith(`.${reverse}`)) ? NO_SUCH_NAME : { outcome: 'elsewhere' }
  return type === 'PTR' || type === 'ANY' ? records(names.map((host) => ({ name, type: 'PTR', data: hostIn(host, domain) }))) : NOTHING
}

function hostIn(host: string, domain: string): string {
  return `${host}.svc.${domain}`
}

/** 5.0.244.10.in-addr.arpa -> 10.244.0.5 */
function addressOf(name: string): string | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name)
  return match === null ? undefined : match.slice(1, 5).reverse().join('.')
}

function addressRecords(name: string, type: RecordType, addresses: readonly string[]): DnsRecord[] {
  return addresses.flatMap((address): DnsRecord[] => {
    const own = address.includes(':') ? 'AAAA' : 'A'
    return type === own || type === 'ANY' ? [{ name, type: own, data: address }] : []
  })
}

function records(found: readonly DnsRecord[]): DnsAnswer {
  return { outcome: 'records', records: found, additional: [] }
}

/** 10.96.0.0/16 -> 96.10.in-addr.arpa: the zone of whole octets that contains the range. */
export function reverseZone(cidr: string): string {
  const [address = '', bits = '32'] = cidr.split('/')
  const octets = address.split('.').slice(0, Math.floor(Number(bits) / 8))
  return [...octets.reverse(), 'in-addr.arpa'].join('.')
}
