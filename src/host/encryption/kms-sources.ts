import { createHash, type KeyObject } from 'node:crypto'
import { Limiter } from '../../node/limiter.ts'
import type { SealedSource } from './kms-messages.ts'

/** Every start and every key id makes one: a thousand restarts are remembered. The one that was used least lately goes first. */
const MAX_SOURCES = 1_000
const DECRYPTED_AT_ONCE = 8
const NEVER = new AbortController().signal

/** Seeds and keys that the plugin has opened. Each is asked for once, whoever else wants it waits for the same answer. */
export class KmsSources {
  readonly #open: (source: SealedSource) => Promise<KeyObject>
  readonly #known = new Map<string, KeyObject>()
  readonly #pending = new Map<string, Promise<KeyObject>>()
  readonly #limiter = new Limiter(DECRYPTED_AT_ONCE)

  constructor(open: (source: SealedSource) => Promise<KeyObject>) {
    this.#open = open
  }

  get(source: SealedSource): KeyObject | Promise<KeyObject> {
    const id = idOf(source)
    const known = this.#known.get(id)
    if (known !== undefined) {
      this.#set(id, known)
      return known
    }
    const pending = this.#pending.get(id)
    if (pending !== undefined) return pending
    const opening = this.#limiter.run(NEVER, () => this.#open(source))
    this.#pending.set(id, opening)
    const over = (): boolean => this.#pending.delete(id)
    opening.then((opened) => {
      this.#set(id, opened)
      over()
    }, over)
    return opening
  }

  remember(source: SealedSource, opened: KeyObject): void {
    this.#set(idOf(source), opened)
  }

  #set(id: string, opened: KeyObject): void {
    this.#known.delete(id)
    this.#known.set(id, opened)
    const [oldest] = this.#known.keys()
    if (this.#known.size > MAX_SOURCES && oldest !== undefined) this.#known.delete(oldest)
  }
}

/** All that the plugin was given with it: another annotation may make it open otherwise. */
function idOf({ keyId, encryptedSource, annotations, sourceType }: SealedSource): string {
  const hash = createHash('sha256').update(
    JSON.stringify([sourceType, keyId, annotations.map(({ key, value }) => [key, Buffer.from(value).toString('base64')]).toSorted()])
  )
  return hash.update(encryptedSource).digest('base64')
}
