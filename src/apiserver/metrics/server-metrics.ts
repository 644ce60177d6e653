import type { FlowGate } from '../front/flow-gate.ts'
import type { ResourceSet } from '../resource-set.ts'
import type { KindRef } from '../../objects/kind.ts'
import { histogramFamily } from './histogram-family.ts'
import { flowFamilies } from './flow-metrics.ts'
import { flowTimeFamilies } from './flow-time-metrics.ts'
import { counter, gauge } from './metric-family.ts'
import type { MetricFamily, MetricSource } from './metric-family.ts'

export interface MeasuredParts {
  readonly gate: FlowGate
  readonly resources: ResourceSet
}

/** What the server's parts know of themselves, and need not count for the metrics only. */
export function serverSource({ gate, resources }: MeasuredParts): MetricSource {
  return () => [
    gauge('apiserver_current_inflight_requests', 'Requests under way now, by kind.', [
      [{ request_kind: 'readOnly' }, gate.inFlight.read], [{ request_kind: 'mutating' }, gate.inFlight.write],
    ]),
    gauge('apiserver_current_inqueue_requests', 'Requests that wait for seats now, by kind.', [
      [{ request_kind: 'readOnly' }, gate.waiting.read], [{ request_kind: 'mutating' }, gate.waiting.write],
    ]),
    ...flowFamilies(gate.control),
    ...flowTimeFamilies(gate),
    storedObjects(resources),
    counter('apiserver_watch_events_total', 'Events that were sent to watches.', watchEvents(resources)),
    histogramFamily('apiserver_watch_events_sizes', 'Bytes of events that were sent to watches.',
      Array.from(resources.all(), ({ kind: { group, kind, version }, sent }) => [{ group, kind, version }, sent.sizes] as const)),
    ...listFamilies(resources),
  ]
}

function storedObjects(resources: ResourceSet): MetricFamily {
  const byResource = new Map<string, number>()
  for (const { definition, storedKind, cache } of resources.all()) {
    if (!definition.virtual) byResource.set(nameOf(storedKind), cache.size)
  }
  return gauge(
    'apiserver_storage_objects', 'Stored objects by resource.',
    Array.from(byResource, ([resource, count]) => [{ resource }, count] as const),
  )
}

function listFamilies(resources: ResourceSet): readonly MetricFamily[] {
  const listed = Array.from(resources.all())
    .filter(({ sent }) => sent.lists.requests > 0)
    .map(({ storedKind, sent: { lists } }) => ({ resource_prefix: `/${nameOf(storedKind)}`, lists }))
  const slow = Array.from(resources.all()).filter(({ sent }) => sent.slow > 0)
  return [
    counter(
      'apiserver_cache_list_total', 'Lists that were answered.',
      listed.map(({ resource_prefix, lists }) => [{ index: '', resource_prefix }, lists.requests] as const),
    ),
    counter('apiserver_cache_list_fetched_objects_total', 'Objects that lists looked at.',
      listed.map(({ resource_prefix, lists }) => [{ index: '', resource_prefix }, lists.walked] as const)),
    counter(
      'apiserver_cache_list_returned_objects_total', 'Objects that lists showed.',
      listed.map(({ resource_prefix, lists }) => [{ resource_prefix }, lists.shown] as const),
    ),
    counter('apiserver_terminated_watchers_total', 'Watches that were ended because their clients did not read.',
      slow.map(({ storedKind, sent }) => [{ resource: nameOf(storedKind) }, sent.slow] as const)),
  ]
}

/** deployments.apps, pods */
function nameOf({ group, plural }: Pick<KindRef, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`
}

function watchEvents(resources: ResourceSet): readonly (readonly [{ group: string; kind: string; version: string }, number])[] {
  return Array.from(resources.all(), ({ kind: { group, kind, version }, sent }) => [{ group, kind, version }, sent.events] as const)
    .filter(([, events]) => events > 0)
}
