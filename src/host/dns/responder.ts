import packet, { type Answer, type DecodedPacket, type Packet, type Question } from 'dns-packet'
import { answer, type DnsRecord, type RecordType } from '../../network/dns-answer.ts'
import type { DnsDirectory } from '../../network/dns-directory.ts'
import type { Upstream } from './upstream.ts'

export interface ResponderParts {
  readonly directory: DnsDirectory
  readonly upstream: Upstream
  readonly clusterDomain: string
  /** Zones of the cluster's own addresses: what is unknown there does not exist. */
  readonly reverseZones: readonly string[]
}

type ResponseCode = 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP'

const TTL_SECONDS = 5
const UDP_BYTES = 512
/** What fits into one frame nearly everywhere (DNS flag day 2020). */
const MAX_UDP_BYTES = 1232
const MAX_ALIASES = 8
const KNOWN_TYPES: ReadonlySet<string> = new Set<RecordType>(['A', 'AAAA', 'SRV', 'PTR', 'CNAME', 'TXT', 'SOA', 'NS', 'ANY'])
const RESPONSE_CODE: Readonly<Record<ResponseCode, number>> = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4 }

interface Found {
  readonly code: ResponseCode
  readonly answers: readonly Answer[]
  readonly additionals: readonly Answer[]
  readonly authoritative: boolean
}

/** One DNS message in, one out; undefined where no answer is owed (rubbish, or an answer itself). */
export async function respond(message: Buffer, protocol: 'udp' | 'tcp', parts: ResponderParts): Promise<Buffer | undefined> {
  const query = decode(message)
  if (query === undefined || query.type !== 'query') return undefined
  const [question] = query.questions ?? []
  if (question === undefined || query.questions?.length !== 1) return encode(query, failure('FORMERR'), protocol, parts)
  if ((((query.flags ?? 0) >> 11) & 0xf) !== 0) return encode(query, failure('NOTIMP'), protocol, parts)
  const found = await find(question, parts, 0)
  if (found !== 'elsewhere') return encode(query, found, protocol, parts)
  return (await parts.upstream.ask(message, protocol)) ?? encode(query, failure('SERVFAIL'), protocol, parts)
}

function decode(message: Buffer): DecodedPacket | undefined {
  try {
    return packet.decode(message)
  } catch {
    return undefined
  }
}

async function find(question: Question, parts: ResponderParts, aliases: number): Promise<Found | 'elsewhere'> {
  const name = question.name.toLowerCase().replace(/\.$/, '')
  const type = (KNOWN_TYPES.has(question.type) ? question.type : 'OTHER') as RecordType
  const isOurs = name === parts.clusterDomain || name.endsWith(`.${parts.clusterDomain}`)
  if (isOurs && !parts.directory.isReady) return failure('SERVFAIL')
  const found = answer(name, type, parts.directory.zone, parts.clusterDomain, parts.reverseZones)
  switch (found.outcome) {
    case 'elsewhere': return 'elsewhere'
    case 'no-such-name': return { ...failure('NXDOMAIN'), authoritative: true }
    case 'records':
      return { code: 'NOERROR', answers: found.records.map(toAnswer), additionals: found.additional.map(toAnswer), authoritative: true }
    case 'alias': return await follow(found.alias, found.target, question, parts, aliases)
  }
}

/** The CNAME, then what its target has: in the cluster or upstream. */
async function follow(alias: DnsRecord, target: string, question: Question, parts: ResponderParts, aliases: number): Promise<Found> {
  const own = toAnswer(alias)
  const only: Found = { code: 'NOERROR', answers: [own], additionals: [], authoritative: true }
  if (question.type === 'CNAME' || aliases >= MAX_ALIASES) return only
  const next = { ...question, name: target }
  const inside = await find(next, parts, aliases + 1)
  if (inside !== 'elsewhere') return { ...inside, answers: [own, ...inside.answers] }
  const bytes = await parts.upstream.ask(packet.encode({ type: 'query', id: 0, flags: packet.RECURSION_DESIRED, questions: [next] }), 'udp')
  const outside = bytes === undefined ? undefined : decode(bytes)
  return outside === undefined ? { ...only, code: 'SERVFAIL' } : { ...only, answers: [own, ...(outside.answers ?? [])] }
}

function failure(code: ResponseCode): Found {
  return { code, answers: [], additionals: [], authoritative: false }
}

function toAnswer(record: DnsRecord): Answer {
  const common = { name: record.name, ttl: TTL_SECONDS, class: 'IN' as const }
  if (record.type === 'SRV') return { ...common, type: 'SRV', data: record.data }
  return { ...common, type: record.type, data: record.data }
}

function encode(query: DecodedPacket, found: Found, protocol: 'udp' | 'tcp', parts: ResponderParts): Buffer {
  const option = query.additionals?.find((additional) => additional.type === 'OPT')
  const offered = option !== undefined && 'udpPayloadSize' in option ? Number(option.udpPayloadSize) : UDP_BYTES
  const limit = protocol === 'tcp' ? Infinity : Math.min(MAX_UDP_BYTES, Math.max(UDP_BYTES, offered))
  const negative = found.authoritative && found.answers.length === 0
  const response: Packet = {
    type: 'response',
    ...(query.id === undefined ? {} : { id: query.id }),
    flags:
      (query.flag_rd ? packet.RECURSION_DESIRED : 0)
      | packet.RECURSION_AVAILABLE
      | (found.authoritative ? packet.AUTHORITATIVE_ANSWER : 0)
      | RESPONSE_CODE[found.code],
    questions: query.questions ?? [],
    answers: [...found.answers],
    authorities: negative ? [startOfAuthority(parts.clusterDomain)] : [],
    additionals: [...found.additionals, ...(option === undefined ? [] : [optionRecord()])],
  }
  const whole = packet.encode(response)
  if (whole.length <= limit) return whole
  const withoutExtras = packet.encode({ ...response, additionals: option === undefined ? [] : [optionRecord()] })
  if (withoutExtras.length <= limit) return withoutExtras
  return packet.encode({
    ...response,
    flags: (response.flags ?? 0) | packet.TRUNCATED_RESPONSE,
    answers: [],
    authorities: [],
    additionals: option === undefined ? [] : [optionRecord()],
  })
}

function optionRecord(): Answer {
  return { type: 'OPT', name: '.', udpPayloadSize: MAX_UDP_BYTES, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] }
}

/** How long a negative answer may be kept is the SOA's minimum (RFC 2308). */
function startOfAuthority(domain: string): Answer {
  const data = {
    mname: `ns.dns.${domain}`, rname: `hostmaster.${domain}`, serial: 1, refresh: 7200, retry: 1800, expire: 86400, minimum: TTL_SECONDS,
  }
  return { type: 'SOA', name: domain, ttl: TTL_SECONDS, class: 'IN', data }
}
