import { copyJson, sameJson } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'

/**
 * Who is to be asked again in the second round over a request: those that want to, and after whom the object was changed, be it by another
 * one of them or, between the rounds, by the server's own plug-ins.
 */
export class Reinvocation {
  #asked = new Set<string>()
  readonly #wanted = new Set<string>()
  #left: KubeObject | undefined

  /** It wants to be asked again if the object changes. */
  asked(id: string): void {
    this.#asked.add(id)
  }

  changed(): void {
    for (const id of this.#asked) this.#wanted.add(id)
    this.#asked = new Set()
  }

  isWanted(id: string): boolean {
    return this.#wanted.has(id)
  }

  /** The object at the end of a round. */
  leave(object: KubeObject | undefined): void {
    this.#left = this.#asked.size === 0 ? undefined : copyJson(object)
  }

  /** The object at the beginning of the next one. */
  lookAt(object: KubeObject | undefined): void {
    if (this.#asked.size > 0 && !sameJson(this.#left, object)) this.changed()
  }
}
