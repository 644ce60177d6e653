import { numberText } from './metric-family.ts'
import type { Labels, MetricFamily, Sample } from './metric-family.ts'

/** Counts values by upper bound. Observing allocates nothing. */
export class Histogram {
  readonly #bounds: readonly number[]
  /** Not cumulated; the last one counts what is above all bounds. */
  readonly #counts: Float64Array
  #sum = 0
  #count = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let index = 0
    while (index < bounds.length && value > (bounds[index] ?? Infinity)) index++
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#sum += value
    this.#count++
  }

  get count(): number {
    return this.#count
  }

  samples(labels: Labels): readonly Sample[] {
    if (this.#count === 0) return []
    let below = 0
    const buckets = [...this.#bounds, Infinity].map((bound, index) => {
      below += this.#counts[index] ?? 0
      return { suffix: '_bucket', labels: { ...labels, le: numberText(bound) }, value: below }
    })
    return [...buckets, { suffix: '_sum', labels, value: this.#sum }, { suffix: '_count', labels, value: this.#count }]
  }
}

export function histogramFamily(name: string, help: string, parts: readonly (readonly [Labels, Histogram])[]): MetricFamily {
  return { name, help, type: 'histogram', samples: parts.flatMap(([labels, histogram]) => histogram.samples(labels)) }
}
