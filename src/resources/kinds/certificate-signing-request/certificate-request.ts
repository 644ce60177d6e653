import type { DerValue } from '../../../objects/der-reader.ts'
import {
  bitStringBytes, contentOf, contextTag, DER, DerError, membersOf, objectIdText, readDer, readDerAll, stringText,
} from '../../../objects/der-reader.ts'
import { pemBlocks } from '../../../objects/pem.ts'
import { formatIp } from '../../../objects/ports-and-addresses.ts'
import { textOf } from '../../../words/bytes.ts'
import { parseTime, type Instant } from '../../../words/instant.ts'

/** What a PKCS #10 request (RFC 2986) asks for. */
export interface CertificateRequest {
  /** In DER, with everything that it says. */
  readonly subject: Uint8Array
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly dnsNames: readonly string[]
  readonly emailAddresses: readonly string[]
  readonly uris: readonly string[]
  readonly ipAddresses: readonly string[]
  /** The SubjectPublicKeyInfo, in DER. */
  readonly publicKey: Uint8Array
  /** What the signature covers, in DER. */
  readonly signedPart: Uint8Array
  readonly signatureAlgorithm: string
  /** What the algorithm needs to be told, in DER; empty where there is nothing. */
  readonly signatureParameters: Uint8Array
  readonly signature: Uint8Array
}

const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
const ALTERNATIVE_NAMES = '2.5.29.17'

/** Throws DerError, in words that belong into an error about the field, where the PEM text is no request. */
export function parseCertificateRequest(pem: string): CertificateRequest {
  const [block] = pemBlocks(pem)
  if (block === undefined || block.label !== 'CERTIFICATE REQUEST') throw new DerError('PEM block type must be CERTIFICATE REQUEST')
  const [info, algorithm, signature] = membersOf(readDer(block.bytes), DER.sequence, 'certificate request')
  const [version, subject, publicKey, attributes] = membersOf(info, DER.sequence, 'certificate request')
  contentOf(version, DER.integer, 'version')
  const [algorithmId, parameters] = membersOf(algorithm, DER.sequence, 'signature algorithm')
  membersOf(publicKey, DER.sequence, 'public key')
  return {
    subject: subject?.whole ?? new Uint8Array(),
    ...subjectOf(subject),
    ...namesOf(alternativeNames(attributes)),
    publicKey: publicKey?.whole ?? new Uint8Array(),
    signedPart: info?.whole ?? new Uint8Array(),
    signatureAlgorithm: objectIdText(contentOf(algorithmId, DER.objectId, 'signature algorithm')),
    signatureParameters: parameters?.whole ?? new Uint8Array(),
    signature: bitStringBytes(signature, 'signature'),
  }
}

function subjectOf(subject: DerValue | undefined): Pick<CertificateRequest, 'commonName' | 'organizations'> {
  let commonName = ''
  const organizations: string[] = []
  for (const set of membersOf(subject, DER.sequence, 'subject')) {
    for (const attribute of membersOf(set, DER.set, 'subject')) {
      const [type, value] = membersOf(attribute, DER.sequence, 'subject')
      const id = objectIdText(contentOf(type, DER.objectId, 'subject'))
      const text = stringText(value, 'subject')
      if (id === COMMON_NAME) commonName = text
      else if (id === ORGANIZATION) organizations.push(text)
    }
  }
  return { commonName, organizations }
}

/** The names of the extension subjectAltName (RFC 5280, section 4.2.1.6) that the request asks for. */
function alternativeNames(attributes: DerValue | undefined): DerValue[] {
  if (attributes === undefined) return []
  for (const attribute of membersOf(attributes, contextTag(0, 'constructed'), 'attributes')) {
    const [type, values] = membersOf(attribute, DER.sequence, 'attribute')
    if (objectIdText(contentOf(type, DER.objectId, 'attribute')) !== EXTENSION_REQUEST) continue
    for (const extension of membersOf(readDerAll(contentOf(values, DER.set, 'attribute'))[0], DER.sequence, 'extensions')) {
      const parts = membersOf(extension, DER.sequence, 'extension')
      if (objectIdText(contentOf(parts[0], DER.objectId, 'extension')) !== ALTERNATIVE_NAMES) continue
      return membersOf(readDer(contentOf(parts.at(-1), DER.octetString, 'extension')), DER.sequence, 'subject alternative names')
    }
  }
  return []
}

function namesOf(names: readonly DerValue[]): Pick<CertificateRequest, 'dnsNames' | 'emailAddresses' | 'uris' | 'ipAddresses'> {
  const ofType = (number: number): DerValue[] => names.filter(({ tag }) => tag === contextTag(number, 'primitive'))
  const texts = (number: number): string[] => ofType(number).map(({ content }) => textOf(content))
  return { emailAddresses: texts(1), dnsNames: texts(2), uris: texts(6), ipAddresses: ofType(7).map(({ content }) => addressOf(content)) }
}

function addressOf(content: Uint8Array): string {
  if (content.length !== 4 && content.length !== 16) throw new DerError('cannot parse IP address')
  const value = content.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  return formatIp({ family: content.length === 4 ? 4 : 6, value })
}

/** When the first certificate of a PEM text ends. Throws DerError. */
export function certificateEnd(pem: string): Instant {
  const [block] = pemBlocks(pem)
  if (block === undefined) throw new DerError('expected the certificate to be PEM encoded')
  const [content] = membersOf(readDer(block.bytes), DER.sequence, 'certificate')
  const parts = membersOf(content, DER.sequence, 'certificate').filter(({ tag }) => tag !== contextTag(0, 'constructed'))
  const [, notAfter] = membersOf(parts[3], DER.sequence, 'validity')
  const digits = notAfter === undefined ? '' : textOf(notAfter.content)
  const [, year = '', month, day, hour, minute, second] = /^(\d\d|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits) ?? []
  // RFC 5280, section 4.1.2.5.1: two digits are of 1950 to 2049.
  const century = year.length === 4 ? '' : Number(year) >= 50 ? '19' : '20'
  const end = parseTime(`${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (end === undefined) throw new DerError('malformed validity')
  return end
}

/** What is wrong with the certificates of a PEM text; undefined where it has at least one, and nothing else. */
export function certificatesProblem(pem: string): string | undefined {
  const blocks = pemBlocks(pem)
  for (const { label, hasHeaders, bytes } of blocks) {
    if (label !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(label)}`
    if (hasHeaders) return 'no PEM block headers are permitted'
    const problem = certificateProblem(bytes)
    if (problem !== undefined) return problem
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined
}

/** Why a PEM text holds nobody to trust; undefined where one of its certificates can be read, whatever stands beside it. */
export function rootCertificatesProblem(pem: string): string | undefined {
  const failed = 'unable to load root certificates'
  const blocks = pemBlocks(pem)
  if (blocks.length === 0) return `${failed}: unable to parse bytes as PEM block`
  const certificates = blocks.filter(({ label, hasHeaders }) => label === 'CERTIFICATE' && !hasHeaders)
  const problems = certificates.map(({ bytes }) => certificateProblem(bytes))
  if (problems.includes(undefined)) return undefined
  const [problem = ''] = problems
  return `${failed}: ${problem === '' ? 'no valid certificate authority data seen' : `failed to parse certificate: ${problem}`}`
}

/** Whether the bytes have the outline of a certificate (RFC 5280, section 4.1). */
function certificateProblem(bytes: Uint8Array): string | undefined {
  try {
    const [content, algorithm, signature] = membersOf(readDer(bytes), DER.sequence, 'certificate')
    const parts = membersOf(content, DER.sequence, 'certificate').filter(({ tag }) => tag !== contextTag(0, 'constructed'))
    contentOf(parts[0], DER.integer, 'serial number')
    for (const [index, what] of ['algorithm', 'issuer', 'validity', 'subject', 'public key'].entries()) {
      membersOf(parts[index + 1], DER.sequence, what)
    }
    membersOf(algorithm, DER.sequence, 'algorithm')
    bitStringBytes(signature, 'signature')
    return undefined
  } catch (error) {
    if (error instanceof DerError) return `x509: ${error.message}`
    throw error
  }
}
