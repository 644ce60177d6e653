import { bytes, inner, int32, list, message, text } from '../cri/protobuf.ts'
import type { OutputOf } from '../cri/protobuf.ts'

const annotation = message({ key: text(1), value: bytes(2) })

export const statusResponse = message({ version: text(1), healthz: text(2), keyId: text(3) })
export const encryptRequest = message({ plaintext: bytes(1), uid: text(2) })
export const encryptResponse = message({ ciphertext: bytes(1), keyId: text(2), annotations: list(inner(3, annotation)) })
export const decryptRequest = message({ ciphertext: bytes(1), uid: text(2), keyId: text(3), annotations: list(inner(4, annotation)) })
export const decryptResponse = message({ plaintext: bytes(1) })

/** How a value stands in the store. The source is the seed that its key is derived from, or (of old) the key itself; sealed by the KMS. */
export const encryptedObject = message({
  encryptedData: bytes(1), keyId: text(2), encryptedSource: bytes(3), annotations: list(inner(4, annotation)), sourceType: int32(5),
})

export const SOURCE_TYPE = { key: 0, seed: 1 } as const

export type EncryptedObject = OutputOf<typeof encryptedObject>
export type SealedSource = Omit<EncryptedObject, 'encryptedData'>

/** The calls of v2.KeyManagementService. */
export const kmsMethods = {
  status: { path: '/v2.KeyManagementService/Status', input: message({}), output: statusResponse },
  encrypt: { path: '/v2.KeyManagementService/Encrypt', input: encryptRequest, output: encryptResponse },
  decrypt: { path: '/v2.KeyManagementService/Decrypt', input: decryptRequest, output: decryptResponse },
} as const

const MAX_KEY_ID_BYTES = 1024
const MAX_SOURCE_BYTES = 1024
const MAX_ANNOTATION_BYTES = 32 * 1024
const DOMAIN_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/

/** What is wrong with what a plugin gave (or the store has); undefined: nothing. */
export function sourceProblem({ keyId, encryptedSource, annotations, sourceType }: SealedSource): string | undefined {
  if (sourceType !== SOURCE_TYPE.key && sourceType !== SOURCE_TYPE.seed) return `unknown encryptedDEKSourceType: ${sourceType}`
  if (encryptedSource.length === 0) return 'failed to validate encrypted DEK source: encrypted DEK source is empty'
  if (encryptedSource.length > MAX_SOURCE_BYTES) {
    const size = `${encryptedSource.length} bytes, which exceeds the max size of ${MAX_SOURCE_BYTES}`
    return `failed to validate encrypted DEK source: encrypted DEK source is ${size}`
  }
  return keyIdProblem(keyId) ?? annotationProblem(annotations)
}

export function keyIdProblem(keyId: string): string | undefined {
  if (keyId === '') return 'failed to validate key id: keyID is empty'
  const length = Buffer.byteLength(keyId)
  if (length <= MAX_KEY_ID_BYTES) return undefined
  return `failed to validate key id: keyID is ${length} bytes, which exceeds the max size of ${MAX_KEY_ID_BYTES}`
}

function annotationProblem(annotations: SealedSource['annotations']): string | undefined {
  const size = annotations.reduce((total, { key, value }) => total + Buffer.byteLength(key) + value.length, 0)
  if (size > MAX_ANNOTATION_BYTES) {
    return `failed to validate annotations: total size of annotations is ${size}, which exceeds the max size of ${MAX_ANNOTATION_BYTES}`
  }
  const wrong = annotations.find(({ key }) => !DOMAIN_NAME.test(key))
  if (wrong === undefined) return undefined
  return `failed to validate annotations: ${JSON.stringify(wrong.key.slice(0, 100))} is no fully qualified domain name`
}
