import { generateKeyPairSync, sign } from 'node:crypto'
import { bitString, integer, octetString, oid, sequence, setOf, tagged } from './der.ts'
import { distinguishedName, EXTENSION, namesExtension, SIGNATURE_ALGORITHM, type CertificateWish } from './pki-certificate.ts'

/** PKCS #9: the extensions that are asked for. */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'

export interface RequestWithKey {
  readonly requestPem: string
  /** PKCS8. */
  readonly keyPem: string
}

/** A new P-256 key, and a request for a certificate that it has signed (PKCS #10, RFC 2986). */
export function createCertificateRequest(wish: Omit<CertificateWish, 'use'>): RequestWithKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const names = namesExtension(wish)
  const extensions = sequence(sequence(oid(EXTENSION.subjectAlternativeName), octetString(names ?? sequence())))
  const attributes = names === undefined ? Buffer.alloc(0) : sequence(oid(EXTENSION_REQUEST), setOf(extensions))
  const content = sequence(
    integer(Buffer.from([0])), distinguishedName(wish), publicKey.export({ type: 'spki', format: 'der' }), tagged(0, attributes),
  )
  const request = sequence(content, sequence(oid(SIGNATURE_ALGORITHM)), bitString(sign('sha256', content, privateKey)))
  const body = request.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()
  return {
    requestPem: `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
