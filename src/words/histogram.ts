/** Counts values by upper bound. Observing allocates nothing. */
export class Histogram {
  readonly bounds: readonly number[]
  /** Not cumulated; the last one counts what is above all bounds. */
  readonly #counts: Float64Array
  #sum = 0
  #count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  /** times: that many of the same value. */
  observe(value: number, times = 1): void {
    const { bounds } = this
    let index = 0
    while (index < bounds.length && value > (bounds[index] ?? Infinity)) index++
    this.#counts[index] = (this.#counts[index] ?? 0) + times
    this.#sum += value * times
    this.#count += times
  }

  get count(): number {
    return this.#count
  }

  get sum(): number {
    return this.#sum
  }

  /** How many values are not above the bound of that index; beyond the last bound: all. */
  countUpTo(index: number): number {
    let below = 0
    for (let at = 0; at <= index; at++) below += this.#counts[at] ?? 0
    return below
  }
}

/** exponential(1, 2, 4) -> 1, 2, 4, 8 */
export function exponential(first: number, factor: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => Number((first * factor ** index).toPrecision(12)))
}
