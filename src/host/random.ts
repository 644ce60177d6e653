import { randomBytes } from 'node:crypto'
import type { Random } from '../words/ports.ts'

/** Cryptographic randomness. */
export const systemRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
}
