import nacl from 'tweetnacl'
import type { Random } from '../../words/ports.ts'
import { CannotOpen, type Provider } from './provider.ts'

const NONCE_BYTES = 24

/** XSalsa20 with Poly1305 (NaCl's secretbox): prefix, nonce, box. */
export function secretbox(name: string, secret: Uint8Array, random: Random): Provider {
  const prefix = `k8s:enc:secretbox:v1:${name}:`
  const head = Buffer.from(prefix)
  return {
    title: `secretbox key ${JSON.stringify(name)}`,
    prefix,
    seal(_key, plain) {
      const nonce = random.bytes(NONCE_BYTES)
      return Buffer.concat([head, nonce, nacl.secretbox(plain, nonce, secret)])
    },
    opening: (_key, body) => () => {
      const plain = body.length < NONCE_BYTES ? null : nacl.secretbox.open(
        body.subarray(NONCE_BYTES), body.subarray(0, NONCE_BYTES), secret
      )
      if (plain === null) throw new CannotOpen('the authentication failed')
      return plain
    },
    isCurrent: () => true,
  }
}
