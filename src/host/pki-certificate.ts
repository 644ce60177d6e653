import {
  X509Certificate, createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject,
} from 'node:crypto'
import { isIPv4 } from 'node:net'
import type { Instant } from '../words/instant.ts'
import { isNearEnd, type Validity } from '../words/renewal.ts'
import { bitString, booleanTrue, integer, octetString, oid, sequence, setOf, tagged, taggedPrimitive, time, utf8String } from './der.ts'

/** What a certificate is to say. */
export interface CertificateWish {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly use: 'client' | 'server' | 'authority'
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

export interface CertificateWithKey {
  readonly certificatePem: string
  /** PKCS8. */
  readonly keyPem: string
}

/** When it is made, and how long it counts. */
export interface CertificateTime {
  readonly now: Instant
  readonly lifetimeMs: number
}

export interface Authority extends CertificateWithKey {
  readonly commonName: string
}

const DAY_MS = 24 * 60 * 60 * 1000
/** How long a certificate counts where nobody has said otherwise. */
export const LIFETIME_MS = 365 * DAY_MS
const AUTHORITY_VALID_MS = 3650 * DAY_MS
/** Certificates are valid from a little earlier on, for machines whose clocks differ. */
const CLOCK_SKEW_MS = 5 * 60 * 1000
/** Of a short life that would be most. */
const CLOCK_SKEW_PART = 0.1
/** Notes of a certificate's times are whole seconds. */
const ROUNDING_MS = 1000

/** RFC 5280, RFC 5758. */
export const EXTENSION = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const
/** ECDSA with SHA-256: the authority's key is on P-256. */
export const SIGNATURE_ALGORITHM = '1.2.840.10045.4.3.2'
const OID = {
  ...EXTENSION,
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
}
/** Bits of KeyUsage: digitalSignature is the first, keyCertSign and cRLSign are the sixth and seventh. */
const DIGITAL_SIGNATURE = bitString(Buffer.from([0x80]), 7)
const SIGN_CERTIFICATES = bitString(Buffer.from([0x06]), 1)

/**
 * A new P-256 key and its certificate (RFC 5280), signed by the authority, or by itself when there is none.
 * Written out here, as this one profile takes a page; a general library patches the global Reflect and takes longer to load than all of
 * this.
 */
export function createCertificate(wish: CertificateWish, authority: Authority | undefined, made: CertificateTime): CertificateWithKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signingKey = authority === undefined ? privateKey : createPrivateKey(authority.keyPem)
  const algorithm = sequence(oid(SIGNATURE_ALGORITHM))
  const validMs = wish.use === 'authority' ? AUTHORITY_VALID_MS : made.lifetimeMs
  const from = made.now - Math.min(CLOCK_SKEW_MS, validMs * CLOCK_SKEW_PART)
  const content = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    algorithm,
    distinguishedName(authority === undefined ? wish : { commonName: authority.commonName, organizations: [] }),
    sequence(time(new Date(from)), time(new Date(made.now + validMs))),
    distinguishedName(wish),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...extensionsOf(wish, publicKey, createPublicKey(signingKey)))),
  )
  const certificate = sequence(content, algorithm, bitString(sign('sha256', content, signingKey)))
  return {
    certificatePem: new X509Certificate(certificate).toString(),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** Positive, and long enough that nobody can guess the next one. */
export function serialNumber(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes
}

export function distinguishedName({ organizations, commonName }: Pick<CertificateWish, 'organizations' | 'commonName'>): Buffer {
  const attribute = (type: string, value: string): Buffer => setOf(sequence(oid(type), utf8String(value)))
  return sequence(...organizations.map((organization) => attribute(OID.organization, organization)), attribute(OID.commonName, commonName))
}

function extensionsOf(wish: CertificateWish, publicKey: KeyObject, authorityKey: KeyObject): Buffer[] {
  const isAuthority = wish.use === 'authority'
  const extensions = [
    critical(OID.basicConstraints, isAuthority ? sequence(booleanTrue()) : sequence()),
    critical(OID.keyUsage, isAuthority ? SIGN_CERTIFICATES : DIGITAL_SIGNATURE),
    extension(OID.subjectKeyId, octetString(keyId(publicKey))),
    extension(OID.authorityKeyId, sequence(taggedPrimitive(0, keyId(authorityKey)))),
  ]
  if (!isAuthority) extensions.push(extension(OID.extendedKeyUsage, sequence(oid(wish.use === 'server' ? OID.serverAuth : OID.clientAuth))))
  const names = namesExtension(wish)
  if (names !== undefined) extensions.push(extension(OID.subjectAlternativeName, names))
  return extensions
}

/** What stands in the extension subjectAltName; undefined where it has no names. */
export function namesExtension({ names, addresses }: Pick<CertificateWish, 'names' | 'addresses'>): Buffer | undefined {
  const alternatives = [
    ...names.map((name) => taggedPrimitive(2, Buffer.from(name, 'ascii'))),
    ...addresses.map((address) => taggedPrimitive(7, addressBytes(address))),
  ]
  return alternatives.length === 0 ? undefined : sequence(...alternatives)
}

function extension(type: string, value: Uint8Array): Buffer {
  return sequence(oid(type), octetString(value))
}

function critical(type: string, value: Uint8Array): Buffer {
  return sequence(oid(type), booleanTrue(), octetString(value))
}

/** RFC 5280 section 4.2.1.2, method 1: the SHA-1 of the key's bits (the last 65 bytes of a P-256 key's SPKI). */
export function keyId(key: KeyObject): Buffer {
  const spki = key.export({ type: 'spki', format: 'der' })
  return createHash('sha1').update(spki.subarray(-65)).digest()
}

/** 127.0.0.1 and ::1 as the bytes on the wire. */
export function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  // A URL's host is an IPv6 address in its shortest form, also where the last part was written as IPv4.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string | undefined): string[] => (text === undefined || text === '' ? [] : text.split(':'))
  const missing = Array<string>(8 - groups(head).length - groups(tail).length).fill('0')
  return Buffer.from([...groups(head), ...missing, ...groups(tail)].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

/** From when to when a certificate counts. Throws where the text is none. */
export function validityOf(certificatePem: string): Validity {
  const { validFrom, validTo } = new X509Certificate(certificatePem)
  return { from: Date.parse(validFrom), until: Date.parse(validTo) }
}

/** Why a certificate is to be made anew; undefined when it is good for at least a third of its life. */
export function whyRenew(pair: CertificateWithKey, wish: CertificateWish, authorityPem: string, at: CertificateTime): string | undefined {
  return whyUnusable(pair, wish, authorityPem, at) ?? (isNearEnd(validityOf(pair.certificatePem), at.now) ? 'it expires soon' : undefined)
}

/** Why a certificate cannot be used; undefined when it can. */
export function whyUnusable(
  pair: CertificateWithKey, wish: CertificateWish, authorityPem: string, { now, lifetimeMs }: CertificateTime,
): string | undefined {
  try {
    const certificate = new X509Certificate(pair.certificatePem)
    if (!certificate.checkPrivateKey(createPrivateKey(pair.keyPem))) return 'the key is not that of the certificate'
    if (!certificate.verify(new X509Certificate(authorityPem).publicKey)) return 'another authority signed it'
    const { from, until } = validityOf(pair.certificatePem)
    if (until <= now) return 'it has expired'
    if (from > now) return 'it is not valid yet'
    if (until > now + lifetimeMs + ROUNDING_MS) return 'it is valid for longer than it is to be'
    if (certificate.subject !== subjectText(wish)) return 'it names another subject'
    if (!namesAll(certificate, wish)) return 'it is for other names or addresses'
    return undefined
  } catch {
    return 'it cannot be read'
  }
}

/** The form in which Node writes a subject: one attribute a line. */
function subjectText(wish: CertificateWish): string {
  return [...wish.organizations.map((organization) => `O=${organization}`), `CN=${wish.commonName}`].join('\n')
}

function namesAll(certificate: X509Certificate, wish: CertificateWish): boolean {
  const count = certificate.subjectAltName === undefined ? 0 : certificate.subjectAltName.split(', ').length
  return count === wish.names.length + wish.addresses.length
    && wish.names.every((name) => certificate.checkHost(name, { subject: 'never', wildcards: false }) !== undefined)
    && wish.addresses.every((address) => certificate.checkIP(address) !== undefined)
}
