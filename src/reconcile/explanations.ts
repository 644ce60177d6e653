import type { Instant } from '../words/instant.ts'
import { RecentMap } from '../words/oldest-first.ts'

/** What a controller last decided about one of its keys, for people. */
export interface Explanation {
  readonly controller: string
  readonly key: string
  readonly why: string
  readonly at: Instant
  /** What the key waits for now: its turn, a fence, a retry, a time; '' when it is at rest. */
  readonly waitsFor: string
  readonly failure: { readonly message: string; readonly at: Instant; readonly attempts: number } | undefined
}

/** The last explanation of each key; beyond the bound the one that has not changed for longest is forgotten. */
export class Explanations {
  readonly #byKey: RecentMap<string, Explanation>

  constructor(maxKeys: number) {
    this.#byKey = new RecentMap(maxKeys)
  }

  get(key: string): Explanation | undefined {
    return this.#byKey.get(key)
  }

  set(explanation: Explanation): void {
    this.#byKey.set(explanation.key, explanation)
  }

  forget(key: string): void {
    this.#byKey.delete(key)
  }

  all(): readonly Explanation[] {
    return [...this.#byKey.values()]
  }
}
