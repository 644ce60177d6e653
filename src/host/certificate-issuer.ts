import { X509Certificate, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { CertificateIssuer } from '../resources/kinds/certificate-signing-request/certificate-issuer.ts'
import type { CertificateRequest } from '../resources/kinds/certificate-signing-request/certificate-request.ts'
import { certificateSignatures } from './certificate-signatures.ts'
import { bitString, booleanTrue, integer, octetString, oid, sequence, tagged, taggedPrimitive, time } from './der.ts'
import { addressBytes, distinguishedName, EXTENSION, keyId, serialNumber, SIGNATURE_ALGORITHM, type Authority } from './pki-certificate.ts'

/** Bits of KeyUsage (RFC 5280, section 4.2.1.3), the first one being the highest. */
const KEY_USAGES: ReadonlyMap<string, number> = new Map([
  ['signing', 0], ['digital signature', 0], ['content commitment', 1], ['key encipherment', 2], ['data encipherment', 3],
  ['key agreement', 4], ['cert sign', 5], ['crl sign', 6], ['encipher only', 7], ['decipher only', 8],
])
/** In the order in which they are written. */
const EXTENDED_USAGES: readonly (readonly [readonly string[], string])[] = [
  [['any'], '2.5.29.37.0'], [['server auth'], '1.3.6.1.5.5.7.3.1'], [['client auth'], '1.3.6.1.5.5.7.3.2'],
  [['code signing'], '1.3.6.1.5.5.7.3.3'], [['email protection', 's/mime'], '1.3.6.1.5.5.7.3.4'],
  [['ipsec end system'], '1.3.6.1.5.5.7.3.5'], [['ipsec tunnel'], '1.3.6.1.5.5.7.3.6'],
  [['ipsec user'], '1.3.6.1.5.5.7.3.7'], [['timestamping'], '1.3.6.1.5.5.7.3.8'], [['ocsp signing'], '1.3.6.1.5.5.7.3.9'],
  [['microsoft sgc'], '1.3.6.1.4.1.311.10.3.3'], [['netscape sgc'], '2.16.840.1.113730.4.1'],
]

/**
 * Signs with the cluster's authority what others ask for: their subject, key and names as they stand in the request, the usages that
 * the API was asked for, and no other extension. It is never an authority itself, and never outlives the one that signs it.
 */
export function certificateIssuer(authority: Authority): CertificateIssuer {
  const key = createPrivateKey(authority.keyPem)
  const authorityKeyId = keyId(createPublicKey(key))
  const end = Date.parse(new X509Certificate(authority.certificatePem).validTo)
  return ({ request, usages, notBefore, notAfter }) => {
    const problem = certificateSignatures.problemOf(request)
    if (problem !== undefined) return { ok: false, problem: `unable to verify certificate request signature: ${problem}` }
    const algorithm = sequence(oid(SIGNATURE_ALGORITHM))
    const content = sequence(
      tagged(0, integer(Buffer.from([2]))), integer(serialNumber()), algorithm,
      distinguishedName({ commonName: authority.commonName, organizations: [] }),
      sequence(time(new Date(notBefore)), time(new Date(Math.min(notAfter, end)))),
      request.subject, request.publicKey, tagged(3, sequence(...extensions(request, usages, authorityKeyId))),
    )
    const certificate = sequence(content, algorithm, bitString(sign('sha256', content, key)))
    return { ok: true, certificatePem: new X509Certificate(certificate).toString() }
  }
}

function extensions(request: CertificateRequest, usages: readonly string[], authorityKeyId: Buffer): Buffer[] {
  const extended = EXTENDED_USAGES.flatMap(([names, id]) => (names.some((name) => usages.includes(name)) ? [oid(id)] : []))
  const bits = keyUsage(usages)
  const names = alternativeNames(request)
  // Where there is no subject, who trusts the certificate must understand the names (RFC 5280, section 4.1.2.6).
  const namesExtension = [oid(EXTENSION.subjectAlternativeName), ...(request.subject.length <= 2 ? [booleanTrue()] : [])]
  return [
    ...(bits === undefined ? [] : [sequence(oid(EXTENSION.keyUsage), booleanTrue(), octetString(bits))]),
    ...(extended.length === 0 ? [] : [sequence(oid(EXTENSION.extendedKeyUsage), octetString(sequence(...extended)))]),
    sequence(oid(EXTENSION.basicConstraints), booleanTrue(), octetString(sequence())),
    sequence(oid(EXTENSION.authorityKeyId), octetString(sequence(taggedPrimitive(0, authorityKeyId)))),
    ...(names.length === 0 ? [] : [sequence(...namesExtension, octetString(sequence(...names)))]),
  ]
}

/** Without the zeros at the end; undefined where there is no bit at all. */
function keyUsage(usages: readonly string[]): Buffer | undefined {
  const numbers = usages.flatMap((usage) => KEY_USAGES.get(usage) ?? [])
  if (numbers.length === 0) return undefined
  const last = Math.max(...numbers)
  const bytes = Buffer.alloc(last < 8 ? 1 : 2)
  for (const number of numbers) bytes[number >> 3] = (bytes[number >> 3] ?? 0) | (0x80 >> (number & 7))
  return bitString(bytes, 7 - (last & 7))
}

function alternativeNames({ dnsNames, emailAddresses, uris, ipAddresses }: CertificateRequest): Buffer[] {
  const texts = (tag: number, values: readonly string[]): Buffer[] => (
    values.map((value) => taggedPrimitive(tag, Buffer.from(value, 'ascii'))))
  const addresses = ipAddresses.map((address) => taggedPrimitive(7, addressBytes(address)))
  return [...texts(2, dnsNames), ...texts(1, emailAddresses), ...addresses, ...texts(6, uris)]
}
