import type { NodeTable } from './node-table.ts'

/** The nodes that were ruled out, by reason. What the shape alone rules out is shared by all its pods, and copied when more is added. */
export class Rejections {
  readonly #table: NodeTable
  readonly #shared: ReadonlyMap<string, readonly string[]>
  #own: Map<string, string[]> | undefined

  constructor(table: NodeTable, shared: ReadonlyMap<string, readonly string[]>) {
    this.#table = table
    this.#shared = shared
  }

  get rejected(): ReadonlyMap<string, readonly string[]> {
    return this.#own ?? this.#shared
  }

  /** Always false: what is added is out. */
  add(slot: number, reason: string): false {
    this.#own ??= new Map(Array.from(this.#shared, ([shared, names]) => [shared, [...names]]))
    const name = this.#table.node(slot)?.metadata.name ?? ''
    const names = this.#own.get(reason)
    if (names === undefined) this.#own.set(reason, [name])
    else names.push(name)
    return false
  }
}
