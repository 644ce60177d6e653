import type { ObjectKey } from '../../objects/kube-object.ts'

/** How many watches follow a resource: all of it, a namespace, or one object. */
export class WatchCounts {
  readonly #byScope = new Map<string, number>()
  #total = 0

  get total(): number {
    return this.#total
  }

  add(followed: ObjectKey): void {
    this.#change(followed, 1)
  }

  remove(followed: ObjectKey): void {
    this.#change(followed, -1)
  }

  /** Those that may hear of a write to that object; of a create without a name: those of any name do not count. */
  interestedIn({ namespace, name }: ObjectKey): number {
    if (this.#total === 0) return 0
    let count = this.#at('', '')
    if (namespace !== '') count += this.#at(namespace, '')
    if (name !== '') {
      count += this.#at('', name)
      if (namespace !== '') count += this.#at(namespace, name)
    }
    return count
  }

  #at(namespace: string, name: string): number {
    return this.#byScope.get(`${namespace}/${name}`) ?? 0
  }

  #change({ namespace, name }: ObjectKey, by: 1 | -1): void {
    const scope = `${namespace}/${name}`
    const count = (this.#byScope.get(scope) ?? 0) + by
    this.#total += by
    if (count === 0) this.#byScope.delete(scope)
    else this.#byScope.set(scope, count)
  }
}
