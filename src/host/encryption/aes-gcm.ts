import { createCipheriv, createDecipheriv, createSecretKey, type CipherGCMTypes, type KeyObject } from 'node:crypto'
import type { Random } from '../../words/ports.ts'
import { CannotOpen, type Provider } from './provider.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16
export const GCM_OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES

/**
 * AES-GCM with a random nonce: prefix, nonce, ciphertext, tag. The object's key is authenticated too, so that no value can take another's
 * place.
 */
export function aesGcm(name: string, secret: Uint8Array, random: Random): Provider {
  const prefix = `k8s:enc:aesgcm:v1:${name}:`
  const head = Buffer.from(prefix)
  const sealing = gcmKey(secret)
  return {
    title: `aesgcm key ${JSON.stringify(name)}`,
    prefix,
    seal(key, plain) {
      const sealed = Buffer.allocUnsafeSlow(head.length + GCM_OVERHEAD_BYTES + plain.length)
      sealed.set(head)
      sealGcm(sealing, { key, plain, nonce: random.bytes(NONCE_BYTES) }, sealed.subarray(head.length))
      return sealed
    },
    opening: (key, body) => () => openGcm(sealing, key, body),
    isCurrent: () => true,
  }
}

export interface GcmKey {
  readonly algorithm: CipherGCMTypes
  /** An object, as OpenSSL takes raw bytes four times as slowly. */
  readonly secret: KeyObject
}

/** secret: 16, 24 or 32 bytes. */
export function gcmKey(secret: Uint8Array): GcmKey {
  return { algorithm: `aes-${secret.length * 8}-gcm` as CipherGCMTypes, secret: createSecretKey(secret) }
}

/** Fills output, which is GCM_OVERHEAD_BYTES longer than plain. */
export function sealGcm(
  { algorithm, secret }: GcmKey, input: { key: string; plain: Uint8Array; nonce: Uint8Array }, output: Uint8Array
): void {
  const cipher = createCipheriv(algorithm, secret, input.nonce)
  cipher.setAAD(Buffer.from(input.key))
  output.set(input.nonce)
  output.set(cipher.update(input.plain), NONCE_BYTES)
  cipher.final()
  output.set(cipher.getAuthTag(), NONCE_BYTES + input.plain.length)
}

export function openGcm({ algorithm, secret }: GcmKey, key: string, sealed: Uint8Array): Uint8Array {
  if (sealed.length < GCM_OVERHEAD_BYTES) throw new CannotOpen('it is shorter than anything that was sealed')
  const decipher = createDecipheriv(algorithm, secret, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(key))
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  try {
    const plain = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES))
    decipher.final()
    return plain
  } catch {
    throw new CannotOpen('the authentication failed')
  }
}
