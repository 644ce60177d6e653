import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import type { Random } from '../../words/ports.ts'
import { CannotOpen, type Provider } from './provider.ts'

const BLOCK_BYTES = 16

/** AES-CBC with PKCS #7 padding: prefix, initialization vector, ciphertext. It hides a value, but does not notice that it was changed. */
export function aesCbc(name: string, secret: Uint8Array, random: Random): Provider {
  const prefix = `k8s:enc:aescbc:v1:${name}:`
  const head = Buffer.from(prefix)
  const algorithm = `aes-${secret.length * 8}-cbc`
  const key = createSecretKey(secret)
  return {
    title: `aescbc key ${JSON.stringify(name)}`,
    prefix,
    seal(_key, plain) {
      const vector = random.bytes(BLOCK_BYTES)
      const cipher = createCipheriv(algorithm, key, vector)
      return Buffer.concat([head, vector, cipher.update(plain), cipher.final()])
    },
    opening: (_key, body) => () => {
      if (body.length < 2 * BLOCK_BYTES || body.length % BLOCK_BYTES !== 0) throw new CannotOpen(
        'it does not have the length of anything that was sealed'
      )
      const decipher = createDecipheriv(algorithm, key, body.subarray(0, BLOCK_BYTES))
      try {
        return Buffer.concat([decipher.update(body.subarray(BLOCK_BYTES)), decipher.final()])
      } catch {
        throw new CannotOpen('the padding is wrong')
      }
    },
    isCurrent: () => true,
  }
}
