import { randomBytes } from 'node:crypto'
import type { Random } from '../words/ports.ts'

const POOL_BYTES = 4096

/** Cryptographic randomness. Drawn from the system in larger pieces: a piece of 16 bytes costs it as much as one of 4,096. */
function createSystemRandom(): Random {
  let pool = new Uint8Array(0)
  let used = 0
  return {
    bytes(length) {
      if (length > POOL_BYTES) return new Uint8Array(randomBytes(length))
      if (used + length > pool.length) {
        pool = new Uint8Array(randomBytes(POOL_BYTES))
        used = 0
      }
      const bytes = pool.slice(used, used + length)
      // What was handed out may become a secret: it is not kept a second time.
      pool.fill(0, used, used + length)
      used += length
      return bytes
    },
  }
}

export const systemRandom: Random = createSystemRandom()
