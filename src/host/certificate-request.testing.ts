import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { bitString, integer, octetString, oid, sequence, setOf, tagged, taggedPrimitive, utf8String } from './der.ts'
import { addressBytes } from './pki-certificate.ts'

export interface RequestWish {
  readonly commonName: string
  readonly organizations?: readonly string[]
  readonly names?: readonly string[]
  readonly addresses?: readonly string[]
  readonly emails?: readonly string[]
  readonly uris?: readonly string[]
  /** The subject is written in BMPStrings: two bytes a character. */
  readonly wide?: boolean
}

interface Signing {
  readonly algorithm: Buffer
  readonly keys: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  sign(content: Buffer, key: KeyObject): Buffer
}

const NULL = Buffer.from([0x05, 0x00])
const HASH_SHA256 = sequence(oid('2.16.840.1.101.3.4.2.1'), NULL)

/** Ways to sign a request: the kind of key and the algorithm. */
export const signings = {
  ecdsa: (): Signing => ({
    algorithm: sequence(oid('1.2.840.10045.4.3.2')), keys: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    sign: (content, key) => sign('sha256', content, key),
  }),
  rsa: (): Signing => ({
    algorithm: sequence(oid('1.2.840.113549.1.1.11'), NULL), keys: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    sign: (content, key) => sign('sha256', content, key),
  }),
  rsaPss: (): Signing => ({
    algorithm: sequence(oid('1.2.840.113549.1.1.10'), sequence(
      tagged(0, HASH_SHA256), tagged(1, sequence(oid('1.2.840.113549.1.1.8'), HASH_SHA256)), tagged(2, integer(Buffer.from([32]))))),
    keys: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    sign: (content, key) => sign('sha256', content, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  }),
  ed25519: (): Signing => ({
    algorithm: sequence(oid('1.3.101.112')), keys: generateKeyPairSync('ed25519'), sign: (content, key) => sign(null, content, key),
  }),
  md5: (): Signing => ({
    algorithm: sequence(oid('1.2.840.113549.1.1.4'), NULL), keys: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    sign: (content, key) => sign('md5', content, key),
  }),
}

/** A BMPString of less than 64 characters. */
function wideString(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf16le').swap16()
  return Buffer.concat([Buffer.from([0x1e, bytes.length]), bytes])
}

interface MadeRequest {
  readonly requestPem: string
  readonly keyPem: string
}

/** A request for a certificate in PEM form (PKCS #10, RFC 2986), and its key. signedBy: with whose key it is signed. */
export function makeRequest(wish: RequestWish, signing = signings.ecdsa(), signedBy = signing.keys.privateKey): MadeRequest {
  const text = (value: string): Buffer => (wish.wide === true ? wideString(value) : utf8String(value))
  const attribute = (type: string, value: string): Buffer => setOf(sequence(oid(type), text(value)))
  const { names = [], addresses = [], emails = [], uris = [] } = wish
  const named = (tag: number, value: string): Buffer => taggedPrimitive(tag, Buffer.from(value, 'ascii'))
  const alternatives = [
    ...emails.map((value) => named(1, value)), ...names.map((value) => named(2, value)), ...uris.map((value) => named(6, value)),
    ...addresses.map((address) => taggedPrimitive(7, addressBytes(address))),
  ]
  const extensions = sequence(sequence(oid('2.5.29.17'), octetString(sequence(...alternatives))))
  const attributes = alternatives.length === 0 ? Buffer.alloc(0) : sequence(oid('1.2.840.113549.1.9.14'), setOf(extensions))
  const content = sequence(
    integer(Buffer.from([0])),
    sequence(...(wish.organizations ?? []).map((value) => attribute('2.5.4.10', value)), attribute('2.5.4.3', wish.commonName)),
    signing.keys.publicKey.export({ type: 'spki', format: 'der' }), tagged(0, attributes),
  )
  const request = sequence(content, signing.algorithm, bitString(signing.sign(content, signedBy)))
  const body = request.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()
  return {
    requestPem: `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`,
    keyPem: signing.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
