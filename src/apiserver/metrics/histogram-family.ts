import type { Histogram } from '../../words/histogram.ts'
import { numberText } from './metric-family.ts'
import type { Labels, MetricFamily, Sample } from './metric-family.ts'

/** One histogram of many values of labels; what has counted nothing yet is left out. */
export function histogramFamily(name: string, help: string, parts: readonly (readonly [Labels, Histogram])[]): MetricFamily {
  return { name, help, type: 'histogram', samples: parts.flatMap(([labels, histogram]) => histogramSamples(histogram, labels)) }
}

export function histogramSamples(histogram: Pick<Histogram, 'bounds' | 'count' | 'sum' | 'countUpTo'>, labels: Labels): readonly Sample[] {
  if (histogram.count === 0) return []
  const buckets = [...histogram.bounds, Infinity].map((bound, index) => (
    { suffix: '_bucket', labels: { ...labels, le: numberText(bound) }, value: histogram.countUpTo(index) }))
  return [...buckets, { suffix: '_sum', labels, value: histogram.sum }, { suffix: '_count', labels, value: histogram.count }]
}
