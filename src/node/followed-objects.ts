import type { InformerParts } from '../client/informer.ts'
import { Informer } from '../client/informer.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../objects/kube-object.ts'
import { keyText } from '../objects/kube-object.ts'
import { sleep } from '../words/ports.ts'

interface Followed<T extends KubeObject> {
  readonly informer: Informer<T>
  readonly controller: AbortController
  readonly users: Set<string>
}

/** More than this are not followed: their users wait, and say so. */
const MAX_FOLLOWED = 1000
const SYNC_TIMEOUT_MS = 10_000

/** Single objects of one kind, each followed by a watch of its own for as long as somebody uses it. */
export class FollowedObjects<T extends KubeObject> {
  readonly #kind: KindRef<T>
  readonly #parts: InformerParts
  readonly #onChange: (users: ReadonlySet<string>) => void
  readonly #followed = new Map<string, Followed<T>>()

  constructor(kind: KindRef<T>, parts: InformerParts, onChange: (users: ReadonlySet<string>) => void) {
    this.#kind = kind
    this.#parts = parts
    this.#onChange = onChange
  }

  use(key: ObjectKey, user: string): void {
    const known = this.#followed.get(keyText(key))
    if (known !== undefined) {
      known.users.add(user)
      return
    }
    if (this.#followed.size >= MAX_FOLLOWED) return
    const informer = new Informer<T>(this.#kind, this.#parts, { namespace: key.namespace, fieldSelector: `metadata.name=${key.name}` })
    const followed: Followed<T> = { informer, controller: new AbortController(), users: new Set([user]) }
    this.#followed.set(keyText(key), followed)
    informer.cache.listen(() => this.#onChange(followed.users))
    void informer.run(followed.controller.signal)
  }

  drop(key: ObjectKey, user: string): void {
    const followed = this.#followed.get(keyText(key))
    followed?.users.delete(user)
    if (followed === undefined || followed.users.size > 0) return
    followed.controller.abort()
    this.#followed.delete(keyText(key))
  }

  get(key: ObjectKey): T | undefined {
    return this.#followed.get(keyText(key))?.informer.cache.get(key)
  }

  /** Waits until the object is known, to be there or not. What was known once serves while the API server is away. */
  async whenKnown(key: ObjectKey, signal: AbortSignal): Promise<void> {
    const what = `${this.#kind.singular} ${JSON.stringify(key.name)}`
    const followed = this.#followed.get(keyText(key))
    if (followed === undefined) throw new Error(`${what} is not followed: this node follows at most ${MAX_FOLLOWED}`)
    if (followed.informer.synced) return
    const timer = new AbortController()
    const timeout = sleep(this.#parts.clock, SYNC_TIMEOUT_MS, AbortSignal.any([signal, timer.signal]))
    await Promise.race([followed.informer.whenSynced(), timeout])
    timer.abort()
    signal.throwIfAborted()
    if (!followed.informer.synced) {
      throw new Error(`failed to sync ${what}: ${followed.informer.problem ?? 'timed out waiting for the condition'}`)
    }
  }

  close(): void {
    for (const { controller } of this.#followed.values()) controller.abort()
    this.#followed.clear()
  }
}
