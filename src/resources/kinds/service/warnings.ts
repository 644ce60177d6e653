import { formatIp, parseCidr, parseIp } from '../../../objects/ports-and-addresses.ts'
import type { Service } from '../../generated/types.ts'
import { HINTS_ANNOTATION, MODE_ANNOTATION } from './validate.ts'

/** What is kept and does nothing, and addresses that others may write in another way. */
export function serviceWarnings({ metadata, spec = {} }: Service): readonly string[] {
  const { clusterIP = '', externalIPs = [], loadBalancerIP = '', loadBalancerSourceRanges = [], externalName = '' } = spec
  const warnings: string[] = []
  if (metadata.annotations?.[HINTS_ANNOTATION] !== undefined) {
    warnings.push(`annotation ${HINTS_ANNOTATION} is deprecated, please use ${MODE_ANNOTATION} instead`)
  }
  if (clusterIP !== '' && clusterIP !== 'None') {
    spec.clusterIPs?.forEach((ip, index) => warnings.push(...addressWarnings(`spec.clusterIPs[${index}]`, ip)))
  }
  if (spec.type === 'ClusterIP' && clusterIP === 'None') {
    const ignored = (field: string): void => void warnings.push(`spec.${field} is ignored for headless services`)
    if (loadBalancerIP !== '') ignored('loadBalancerIP')
    if (externalIPs.length > 0) ignored('externalIPs')
    if (spec.sessionAffinity !== 'None') ignored('SessionAffinity')
  }
  externalIPs.forEach((ip, index) => warnings.push(...addressWarnings(`spec.externalIPs[${index}]`, ip)))
  if (loadBalancerIP !== '') warnings.push(...addressWarnings('spec.loadBalancerIP', loadBalancerIP))
  loadBalancerSourceRanges.forEach((range, index) => warnings.push(...rangeWarnings(`spec.loadBalancerSourceRanges[${index}]`, range)))
  if (spec.type === 'ExternalName' && externalIPs.length > 0) {
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  }
  if (spec.type !== 'ExternalName' && externalName !== '') {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  }
  return warnings
}

const GOES = 'was accepted, but will be invalid in a future Kubernetes release'

/** The same IPv6 address can be written in many ways; RFC 5952 says which one is meant to be used. */
function addressWarnings(path: string, text: string): string[] {
  const ip = parseIp(text)
  if (ip === undefined) return [`${path}: IP address ${GOES}: ${addressProblem(text)}`]
  const canonical = formatIp(ip)
  if (ip.family === 4 || canonical === text) return []
  const what = `IPv6 address ${JSON.stringify(text)} is not in RFC 5952 canonical format (${JSON.stringify(canonical)})`
  return [`${path}: ${what}, which may cause controller apply-loops`]
}

/** In the words of Go's stricter reader. */
function addressProblem(text: string): string {
  return `ParseAddr(${JSON.stringify(text)}): ${text.includes(':') ? 'unable to parse IP' : 'IPv4 field has octet with leading zero'}`
}

function rangeProblem(text: string): string {
  const [address = '', bits = ''] = text.split('/')
  return parseIp(address) === undefined ? addressProblem(address) : `bad bits after slash: ${JSON.stringify(bits)}`
}

function rangeWarnings(path: string, text: string): string[] {
  const cidr = parseCidr(text)
  if (cidr === undefined) return [`${path}: IP prefix ${GOES}: netip.ParsePrefix(${JSON.stringify(text)}): ${rangeProblem(text)}`]
  const canonical = `${formatIp(cidr)}/${cidr.prefixBits}`
  if (cidr.family === 4 || canonical === text) return []
  const what = `IPv6 prefix ${JSON.stringify(text)} is not in RFC 5952 canonical format (${JSON.stringify(canonical)})`
  return [`${path}: ${what}, which may cause controller apply-loops`]
}
