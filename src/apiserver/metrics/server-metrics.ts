import type { FlowGate } from '../front/flow-gate.ts'
import type { ResourceSet } from '../resource-set.ts'
import { flowFamilies } from './flow-metrics.ts'
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
    ...flowFamilies(gate.control),
    storedObjects(resources),
    counter('apiserver_watch_events_total', 'Events that were sent to watches.', watchEvents(resources)),
  ]
}

function storedObjects(resources: ResourceSet): MetricFamily {
  const byResource = new Map<string, number>()
  for (const { definition, storedKind: { group, plural }, cache } of resources.all()) {
    if (!definition.virtual) byResource.set(group === '' ? plural : `${plural}.${group}`, cache.size)
  }
  return gauge('apiserver_storage_objects', 'Stored objects by resource.', Array.from(byResource, ([resource, count]) => [{ resource }, count] as const))
}

function watchEvents(resources: ResourceSet): readonly (readonly [{ group: string; kind: string; version: string }, number])[] {
  return Array.from(resources.all(), ({ kind: { group, kind, version }, sent }) => [{ group, kind, version }, sent.events] as const)
    .filter(([, events]) => events > 0)
}
