import type { Committed, ReadResult, Store, Transaction } from '../../store/store.ts'
import type { Clock } from '../../words/ports.ts'
import { prefixOf } from '../storage/keys.ts'
import { Histogram } from '../../words/histogram.ts'
import { histogramFamily } from './histogram-family.ts'
import { counter } from './metric-family.ts'
import type { MetricFamily } from './metric-family.ts'

const SECONDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60] as const

interface Series {
  readonly type: string
  readonly durations: Histogram
  errors: number
}

type Operation = 'create' | 'update' | 'delete' | 'list'

/** The store, with its times by operation and resource: what upstream counts of etcd, under the same names. */
export interface MeasuredStore {
  readonly store: Store
  families(): readonly MetricFamily[]
}

export function measuredStore(store: Store, clock: Clock): MeasuredStore {
  const times: Record<Operation, Map<string, Series>> = { create: new Map(), update: new Map(), delete: new Map(), list: new Map() }
  const seriesOf = (operation: Operation, key: string): Series => {
    const prefix = prefixOf(key)
    let series = times[operation].get(prefix)
    if (series === undefined) {
      times[operation].set(prefix, (series = { type: typeOf(prefix), durations: new Histogram(SECONDS), errors: 0 }))
    }
    return series
  }
  const measured = <T>(series: Series, work: Promise<T>): Promise<T> => {
    const startedAt = clock.now()
    return work.then((result) => {
      series.durations.observe((clock.now() - startedAt) / 1_000)
      return result
    }, (error: unknown) => {
      series.errors++
      throw error
    })
  }
  return {
    store: {
      read: (range, options): Promise<ReadResult> => measured(seriesOf('list', range.start), store.read(range, options)),
      commit: (transaction): Promise<Committed> => measured(
        seriesOf(operationOf(transaction), transaction.writes[0]?.key ?? ''), store.commit(transaction),
      ),
      watch: (range, after, signal) => store.watch(range, after, signal),
      compact: (before) => store.compact(before),
      latest: () => store.latest(),
      close: () => store.close(),
    },
    families: () => familiesOf(times),
  }
}

function operationOf({ writes, expect }: Transaction): Operation {
  const [write] = writes
  if (write?.value === undefined) return 'delete'
  return expect[0]?.modified === 0 ? 'create' : 'update'
}

/** objects/apps/deployments/ is deployments.apps, as upstream names a resource in its labels. */
function typeOf(prefix: string): string {
  const [, group = '', plural = ''] = prefix.split('/')
  return group === 'core' ? plural : `${plural}.${group}`
}

function familiesOf(times: Readonly<Record<Operation, Map<string, Series>>>): readonly MetricFamily[] {
  const all = Object.entries(times).flatMap(([operation, byType]) =>
    Array.from(byType.values(), (series) => ({
      labels: { operation, type: series.type }, ...series, total: series.durations.count + series.errors,
    })))
  return [
    histogramFamily(
      'etcd_request_duration_seconds', 'Seconds that the store took.',
      all.map(({ labels, durations }) => [labels, durations] as const),
    ),
    counter('etcd_requests_total', 'Requests to the store.', all.map(({ labels, total }) => [labels, total] as const)),
    counter(
      'etcd_request_errors_total', 'Requests to the store that failed.',
      all.filter(({ errors }) => errors > 0).map(({ labels, errors }) => [labels, errors] as const),
    ),
  ]
}
