import { constants, createPublicKey, verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto'
import type { CertificateSignatures } from '../apiserver/certificates/signature-check.ts'
import type { CertificateRequest } from '../resources/kinds/certificate-signing-request/certificate-request.ts'
import { oid } from './der.ts'

interface Algorithm {
  /** Of the key, as Node calls it. */
  readonly key: 'rsa' | 'ec' | 'ed25519'
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512' | undefined
  readonly isPss?: boolean
}

const RSA_PSS = '1.2.840.113549.1.1.10'
/** RFC 3279, RFC 4055, RFC 5758, RFC 8410. */
const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ['1.2.840.113549.1.1.5', { key: 'rsa', hash: 'sha1' }],
  ['1.2.840.113549.1.1.11', { key: 'rsa', hash: 'sha256' }],
  ['1.2.840.113549.1.1.12', { key: 'rsa', hash: 'sha384' }],
  ['1.2.840.113549.1.1.13', { key: 'rsa', hash: 'sha512' }],
  ['1.2.840.10045.4.1', { key: 'ec', hash: 'sha1' }],
  ['1.2.840.10045.4.3.2', { key: 'ec', hash: 'sha256' }],
  ['1.2.840.10045.4.3.3', { key: 'ec', hash: 'sha384' }],
  ['1.2.840.10045.4.3.4', { key: 'ec', hash: 'sha512' }],
  ['1.3.101.112', { key: 'ed25519', hash: undefined }],
])
/** Broken ones, by the names that clients know. */
const INSECURE: ReadonlyMap<string, string> = new Map([['1.2.840.113549.1.1.2', 'MD2-RSA'], ['1.2.840.113549.1.1.4', 'MD5-RSA']])
const HASHES = [['sha256', '2.16.840.1.101.3.4.2.1'], ['sha384', '2.16.840.1.101.3.4.2.2'], ['sha512', '2.16.840.1.101.3.4.2.3']] as const
const NAMES = { rsa: 'RSA', ec: 'ECDSA', ed25519: 'Ed25519' } as const
const GO_TYPES: Readonly<Record<string, string>> = { rsa: '*rsa.PublicKey', ec: '*ecdsa.PublicKey', ed25519: 'ed25519.PublicKey' }
const FAILURES = {
  rsa: 'crypto/rsa: verification error', ec: 'x509: ECDSA verification failure', ed25519: 'x509: Ed25519 verification failure',
} as const
const UNIMPLEMENTED = 'x509: cannot verify signature: algorithm unimplemented'

/** Whether requests for certificates were signed by the key that they are about, told in the words of Go's x509. */
export const certificateSignatures: CertificateSignatures = { problemOf }

function problemOf(request: CertificateRequest): string | undefined {
  const insecure = INSECURE.get(request.signatureAlgorithm)
  if (insecure !== undefined) return `x509: cannot verify signature: insecure algorithm ${insecure}`
  const isPss = request.signatureAlgorithm === RSA_PSS
  const algorithm = isPss ? pssAlgorithm(request.signatureParameters) : ALGORITHMS.get(request.signatureAlgorithm)
  const key = publicKeyOf(request.publicKey)
  if (algorithm === undefined || key === undefined) return UNIMPLEMENTED
  const type = key.asymmetricKeyType ?? ''
  const goType = GO_TYPES[type]
  if (goType === undefined) return UNIMPLEMENTED
  if (type !== algorithm.key) {
    return `x509: signature algorithm specifies an ${NAMES[algorithm.key]} public key, but have public key of type ${goType}`
  }
  return isSigned(request, key, algorithm) ? undefined : FAILURES[algorithm.key]
}

function publicKeyOf(der: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

function isSigned({ signedPart, signature }: CertificateRequest, key: KeyObject, { hash, isPss = false }: Algorithm): boolean {
  const input: VerifyKeyObjectInput = isPss
    ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : { key }
  try {
    return verify(hash ?? null, signedPart, input, signature)
  } catch {
    return false
  }
}

/** The hash is named twice, for the text and for the mask: in every use there is, it is the same one. */
function pssAlgorithm(parameters: Uint8Array): Algorithm | undefined {
  const bytes = Buffer.from(parameters)
  const named = HASHES.filter(([, id]) => bytes.includes(oid(id)))
  const [hash] = named[0] ?? []
  return named.length === 1 && hash !== undefined ? { key: 'rsa', hash, isPss: true } : undefined
}
