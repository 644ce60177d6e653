import type { ServerResponse } from '../http.ts'
import type { ParsedRequest } from '../request-info.ts'
import { Histogram } from '../../words/histogram.ts'
import { histogramFamily, histogramSamples } from './histogram-family.ts'
import { counter, gauge } from './metric-family.ts'
import type { Labels, MetricFamily } from './metric-family.ts'

const DURATION_SECONDS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
] as const
const SIZE_BYTES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const

/** What tells requests apart, besides how they were answered. */
class RequestSeries {
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly scope: string
  readonly dryRun: boolean
  readonly codes: { readonly code: number; count: number }[] = []
  readonly durations = new Histogram(DURATION_SECONDS)
  readonly sizes = new Histogram(SIZE_BYTES)
  /** Of those requests alone that had to wait for seats or webhooks: with that time, and without it. */
  delayed: { readonly all: Histogram; readonly own: Histogram } | undefined
  /** Watches and streams that go on. */
  longRunning = 0

  constructor(info: SeriesInfo, verb: string, scope: string, dryRun: boolean) {
    this.verb = verb
    this.group = info.group
    this.version = info.version
    this.resource = info.resource
    this.subresource = info.subresource
    this.scope = scope
    this.dryRun = dryRun
  }

  is(info: SeriesInfo, scope: string, dryRun: boolean): boolean {
    return info.subresource === this.subresource && scope === this.scope && info.version === this.version && info.group === this.group
      && dryRun === this.dryRun
  }

  get labels(): Labels {
    const { group, version, resource, subresource, scope, verb } = this
    return { component: 'apiserver', group, resource, scope, subresource, verb, version }
  }

  get labelsWithDryRun(): Labels {
    return { ...this.labels, dry_run: this.dryRun ? 'All' : '' }
  }

  waited(elapsedMs: number, delayMs: number): void {
    this.delayed ??= { all: new Histogram(DURATION_SECONDS), own: new Histogram(DURATION_SECONDS) }
    this.delayed.all.observe(elapsedMs / 1_000)
    this.delayed.own.observe((elapsedMs - delayMs) / 1_000)
  }

  answered(code: number): void {
    for (const entry of this.codes) {
      if (entry.code !== code) continue
      entry.count++
      return
    }
    this.codes.push({ code, count: 1 })
  }
}

type SeriesInfo = Pick<ParsedRequest, 'group' | 'version' | 'resource' | 'subresource'>

/** Strangers choose paths: so many different ones are told apart, and what is not served is not told apart at all. */
const MAX_SERIES = 10_000
const NOTHING: SeriesInfo = { group: '', version: '', resource: '', subresource: '' }
const KNOWN_PATHS = ['/healthz', '/livez', '/readyz', '/metrics', '/version', '/openapi/v2', '/openapi/v3', '/api', '/apis'] as const

export interface RequestFacts {
  /** What is served; all else is counted as one. */
  isKnown(info: SeriesInfo): boolean
}

/** Counts requests by plain numbers, found by comparing what the request names: no key is built for a request. */
export class RequestMetrics {
  readonly #byVerb = new Map<string, Map<string, RequestSeries[]>>()
  readonly #facts: RequestFacts
  #size = 0
  /** Callers who were known, and such whose credentials nobody knew. */
  readonly authentications = { success: 0, failure: 0 }

  constructor(facts: RequestFacts) {
    this.#facts = facts
  }

  /** A request was answered whole, or its stream has ended. */
  answered(request: RequestSummary, response: ServerResponse, elapsedMs: number, delayMs: number): void {
    const series = this.seriesOf(request)
    if (delayMs > 0) series.waited(elapsedMs, delayMs)
    series.answered(response.type === 'tunnel' ? 101 : response.status)
    series.durations.observe(elapsedMs / 1_000)
    if (response.type !== 'whole' || (series.verb !== 'GET' && series.verb !== 'LIST')) return
    let bytes = 0
    for (const part of response.body) bytes += part.length
    series.sizes.observe(bytes)
  }

  seriesOf({ info, method, isApply, isDryRun }: RequestSummary): RequestSeries {
    const verb = verbOf(info, method, isApply)
    let byResource = this.#byVerb.get(verb)
    if (byResource === undefined) this.#byVerb.set(verb, (byResource = new Map()))
    const scope = scopeOf(info)
    const all = byResource.get(info.resource)
    if (all !== undefined && info.isResource) for (const series of all) if (series.is(info, scope, isDryRun)) return series
    return this.#newSeries(byResource, { info, scope, verb, isDryRun })
  }

  #newSeries(
    byResource: Map<string, RequestSeries[]>,
    { info, scope, verb, isDryRun }: { info: ParsedRequest; scope: string; verb: string; isDryRun: boolean },
  ): RequestSeries {
    const subresource = KNOWN_PATHS.find((path) => info.path === path || info.path.startsWith(`${path}/`)) ?? ''
    const isKnown = info.isResource && this.#facts.isKnown(info) && this.#size < MAX_SERIES
    const shown = isKnown ? info : info.isResource ? NOTHING : { ...NOTHING, subresource }
    const shownScope = isKnown ? scope : ''
    let all = byResource.get(shown.resource)
    if (all === undefined) byResource.set(shown.resource, (all = []))
    const known = all.find((series) => series.is(shown, shownScope, isKnown && isDryRun))
    if (known !== undefined) return known
    const series = new RequestSeries(shown, verb, shownScope, isKnown && isDryRun)
    all.push(series)
    this.#size++
    return series
  }

  families(): readonly MetricFamily[] {
    const all = [...this.#byVerb.values()].flatMap((byResource) => [...byResource.values()].flat())
    const durations = all.map((series) => [series.labelsWithDryRun, series.durations] as const)
    return [
      counter('apiserver_request_total', 'Requests by verb, dry run, group, version, resource, scope, component and status code.',
        all.flatMap((series) => (
          series.codes.map(({ code, count }) => [{ code: String(code), ...series.labelsWithDryRun }, count] as const)
        ))),
      counter('authentication_attempts', 'Requests by whether it was found out who makes them.',
        Object.entries(this.authentications).map(([result, count]) => [{ result }, count] as const)),
      histogramFamily('apiserver_request_duration_seconds', 'Seconds from the arrival of a request to its answer.', durations),
      {
        name: 'apiserver_request_sli_duration_seconds', type: 'histogram',
        help: 'Seconds from the arrival of a request to its answer, without its waits for seats and for webhooks.',
        samples: all.flatMap((series) => histogramSamples(ownDurations(series), series.labels)),
      },
      histogramFamily(
        'apiserver_response_sizes', 'Bytes of answers to reads.',
        all.map((series) => [series.labels, series.sizes] as const),
      ),
      gauge('apiserver_longrunning_requests', 'Watches and other requests that go on now.',
        all.filter(({ verb, longRunning }) => verb === 'WATCH' || longRunning > 0)
          .map((series) => [series.labels, series.longRunning] as const)),
    ]
  }
}

/** Its bounds are those above 50 ms of the durations: nearly no request waits, so both are counted as one. */
const FIRST_OWN_BOUND = DURATION_SECONDS.indexOf(0.05)

function ownDurations({ durations, delayed }: RequestSeries): Parameters<typeof histogramSamples>[0] {
  const correction = (of: (histogram: Histogram) => number): number => (delayed === undefined ? 0 : of(delayed.own) - of(delayed.all))
  return {
    bounds: durations.bounds.slice(FIRST_OWN_BOUND), count: durations.count, sum: durations.sum + correction(({ sum }) => sum),
    countUpTo: (index) => (
      durations.countUpTo(index + FIRST_OWN_BOUND) + correction((histogram) => histogram.countUpTo(index + FIRST_OWN_BOUND))
    ),
  }
}

export interface RequestSummary {
  readonly info: ParsedRequest
  readonly method: string
  readonly isApply: boolean
  readonly isDryRun: boolean
}

const VERBS: Readonly<Record<string, string>> = {
  create: 'POST', get: 'GET', list: 'LIST', watch: 'WATCH', update: 'PUT', patch: 'PATCH', delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
}
const CONNECTED: ReadonlySet<string> = new Set(['attach', 'exec', 'portforward', 'proxy'])
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

function verbOf(info: ParsedRequest, method: string, isApply: boolean): string {
  if (!info.isResource) return METHODS.has(method) ? method : 'other'
  if (info.subresource !== '' && CONNECTED.has(info.subresource)) return 'CONNECT'
  if (isApply) return 'APPLY'
  return VERBS[info.verb] ?? 'other'
}

function scopeOf(info: ParsedRequest): string {
  if (info.name !== '' || info.verb === 'create') return 'resource'
  if (info.namespace !== '') return 'namespace'
  return info.isResource ? 'cluster' : ''
}
