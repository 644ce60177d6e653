import type { ElementChanges } from './nft-table.ts'
import type { Elements } from './service-elements.ts'

interface Holder {
  readonly owner: string
  readonly value: string
}

/**
 * Which Service put which element into the kernel. Two Services may want the same key: a pod behind both needs one hairpin element, and two
 * may claim one external address. The first holds it; when it lets go, the next one gets it.
 */
export class ElementLedger {
  readonly #wanted = new Map<string, Elements>()
  readonly #held = new Map<string, Map<string, Holder>>()
  /** Owners that want a key that another one holds, in order. */
  readonly #waiting = new Map<string, Holder[]>()

  /** Replaces all that the owner wants; returns what the kernel must change. */
  set(owner: string, elements: Elements): ElementChanges {
    const before = this.#wanted.get(owner) ?? new Map()
    if (elements.size === 0) this.#wanted.delete(owner)
    else this.#wanted.set(owner, elements)
    const changes = { removed: new Map(), added: new Map() } satisfies ElementChanges
    forEachNotIn(before, elements, (container, key) => this.#release(owner, container, key, changes))
    forEachNotIn(elements, before, (container, key, value) => this.#claim({ owner, value }, container, key, changes))
    return changes
  }

  clear(): void {
    this.#wanted.clear()
    this.#held.clear()
    this.#waiting.clear()
  }

  #release(owner: string, container: string, key: string, changes: ElementChanges): void {
    const waiting = this.#waiting.get(`${container}\n${key}`) ?? []
    const holder = this.#held.get(container)?.get(key)
    if (holder?.owner !== owner) return this.#setWaiting(container, key, waiting.filter((other) => other.owner !== owner))
    const [next, ...others] = waiting
    if (next === undefined) this.#held.get(container)?.delete(key)
    else this.#held.get(container)?.set(key, next)
    this.#setWaiting(container, key, others)
    if (next?.value === holder.value) return
    put(changes.removed, container, key, holder.value)
    if (next !== undefined) put(changes.added, container, key, next.value)
  }

  #claim(holder: Holder, container: string, key: string, changes: ElementChanges): void {
    const keys = this.#held.get(container) ?? new Map<string, Holder>()
    this.#held.set(container, keys)
    if (keys.has(key)) {
      this.#setWaiting(container, key, [...(this.#waiting.get(`${container}\n${key}`) ?? []), holder])
    } else {
      keys.set(key, holder)
      put(changes.added, container, key, holder.value)
    }
  }

  #setWaiting(container: string, key: string, holders: Holder[]): void {
    if (holders.length === 0) this.#waiting.delete(`${container}\n${key}`)
    else this.#waiting.set(`${container}\n${key}`, holders)
  }
}

function forEachNotIn(elements: Elements, others: Elements, visit: (container: string, key: string, value: string) => void): void {
  for (const [container, pairs] of elements) {
    for (const [key, value] of pairs) if (others.get(container)?.get(key) !== value) visit(container, key, value)
  }
}

function put(elements: Elements, container: string, key: string, value: string): void {
  const pairs = elements.get(container) ?? new Map<string, string>()
  elements.set(container, pairs)
  pairs.set(key, value)
}
