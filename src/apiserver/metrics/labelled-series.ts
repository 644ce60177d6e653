import { Histogram } from '../../words/histogram.ts'
import { histogramFamily } from './histogram-family.ts'
import { counter, type Labels, type MetricFamily } from './metric-family.ts'

/** Names of users' objects are among the labels: more than so many are not counted. */
const MAX_SERIES = 5_000
const SEPARATOR = '\u0000'

/** A family of counters by the values of labels, each made when it is first counted. */
export class CounterSeries {
  readonly #name: string
  readonly #help: string
  readonly #labels: readonly string[]
  readonly #counts = new Map<string, number>()

  constructor(name: string, help: string, labels: readonly string[]) {
    this.#name = name
    this.#help = help
    this.#labels = labels
  }

  add(...values: readonly string[]): void {
    const key = values.join(SEPARATOR)
    const count = this.#counts.get(key)
    if (count !== undefined || this.#counts.size < MAX_SERIES) this.#counts.set(key, (count ?? 0) + 1)
  }

  family(): MetricFamily {
    return counter(this.#name, this.#help, [...this.#counts].map(([key, count]) => [labelsOf(this.#labels, key), count]))
  }
}

/** The same for durations. */
export class DurationSeries {
  readonly #name: string
  readonly #help: string
  readonly #labels: readonly string[]
  readonly #bounds: readonly number[]
  readonly #histograms = new Map<string, Histogram>()

  constructor(name: string, help: string, labels: readonly string[], bounds: readonly number[]) {
    this.#name = name
    this.#help = help
    this.#labels = labels
    this.#bounds = bounds
  }

  observe(elapsedMs: number, ...values: readonly string[]): void {
    const key = values.join(SEPARATOR)
    let histogram = this.#histograms.get(key)
    if (histogram === undefined) {
      if (this.#histograms.size >= MAX_SERIES) return
      this.#histograms.set(key, (histogram = new Histogram(this.#bounds)))
    }
    histogram.observe(elapsedMs / 1_000)
  }

  family(): MetricFamily {
    return histogramFamily(
      this.#name, this.#help, [...this.#histograms].map(([key, histogram]) => [labelsOf(this.#labels, key), histogram]),
    )
  }
}

function labelsOf(names: readonly string[], key: string): Labels {
  const values = key.split(SEPARATOR)
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
}
