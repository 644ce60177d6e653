import type { FlowControl } from '../flow-control/flow-control.ts'
import type { VirtualProgress } from '../flow-control/fair-queues.ts'
import type { FlowSchemaState } from '../flow-control/flow-schema-state.ts'
import type { PriorityLevel } from '../flow-control/priority-level.ts'
import type { FlowGate } from '../front/flow-gate.ts'
import type { Histogram } from '../../words/histogram.ts'
import { histogramFamily, histogramSamples } from './histogram-family.ts'
import { counter, gauge } from './metric-family.ts'
import type { Labels, MetricFamily } from './metric-family.ts'

const PREFIX = 'apiserver_flowcontrol_'

/** What flow control knows of times and of the requests that came, by flow schema and priority level. */
export function flowTimeFamilies(gate: FlowGate): readonly MetricFamily[] {
  const now = gate.advance()
  const levels = Array.from(gate.control.levels, (level) => ({ level, progress: level.queues.progress(now) }))
  return [...requestFamilies(gate.control), ...occupancyFamilies(gate, levels), ...progressFamilies(levels)]
}

function requestFamilies({ schemas, levels }: FlowControl): readonly MetricFamily[] {
  const each = (of: (schema: FlowSchemaState) => Histogram): readonly (readonly [Labels, Histogram])[] => (
    schemas.map((schema) => [{ flow_schema: schema.name, priority_level: schema.level.name }, of(schema)] as const))
  const typed = (type: 'regular' | 'watch'): readonly (readonly [Labels, Histogram])[] => (
    each(({ counts }) => counts.executed[type]).map(([labels, histogram]) => [{ ...labels, type }, histogram] as const))
  const unaccommodated = Array.from(levels).flatMap(({ name, queues }) => (
    Array.from(queues.unaccommodated, ([schema, count]) => [{ flow_schema: schema, priority_level: name }, count] as const)))
  return [
    histogramFamily(`${PREFIX}request_execution_seconds`, 'Seconds that requests took that were let in, and that watches had seats.',
      [...typed('regular'), ...typed('watch')]),
    histogramFamily(`${PREFIX}request_queue_length_after_enqueue`, 'Requests in a queue when one had come to wait there.',
      each(({ counts }) => counts.queueLengths)),
    histogramFamily(`${PREFIX}watch_count_samples`, 'Watches that may have heard of a write.', each(({ counts }) => counts.watchers)),
    estimatedSeats(schemas),
    counter(`${PREFIX}request_dispatch_no_accommodation_total`, 'How often the next request found too few seats free.', unaccommodated),
  ]
}

/** Nearly all want one seat, which nobody has to note. */
function estimatedSeats(schemas: readonly FlowSchemaState[]): MetricFamily {
  const samples = schemas.flatMap(({ name, level, counts }) => {
    const { otherSeats, dispatched, waiting, rejected } = counts
    const single = Math.max(0, dispatched + waiting + Object.values(rejected).reduce((sum, count) => sum + count, 0) - otherSeats.count)
    return histogramSamples({
      bounds: otherSeats.bounds, sum: otherSeats.sum + single, count: otherSeats.count + single,
      countUpTo: (index) => otherSeats.countUpTo(index) + single,
    }, { flow_schema: name, priority_level: level.name })
  })
  return { name: `${PREFIX}work_estimated_seats`, help: 'Seats that requests were taken to need.', type: 'histogram', samples }
}

interface ShownLevel {
  readonly level: PriorityLevel
  readonly progress: VirtualProgress
}

function occupancyFamilies({ times }: FlowGate, levels: readonly ShownLevel[]): readonly MetricFamily[] {
  const each = (of: (level: PriorityLevel) => Histogram, labels: Labels): readonly (readonly [Labels, Histogram])[] => (
    levels.map(({ level }) => [{ ...labels, priority_level: level.name }, of(level)] as const))
  const kinds = (['waiting', 'executing'] as const).flatMap((phase) => [
    [{ phase, request_kind: 'readOnly' }, times[phase].read.histogram()] as const,
    [{ phase, request_kind: 'mutating' }, times[phase].write.histogram()] as const,
  ])
  return [
    histogramFamily(`${PREFIX}priority_level_seat_utilization`, 'Each nanosecond: the part of its seats that a level has in use.',
      each(({ queues }) => queues.times.seats.histogram(), { phase: 'executing' })),
    histogramFamily(`${PREFIX}priority_level_request_utilization`, 'Each nanosecond: requests of a level as a part of what it takes.', [
      ...each(({ queues }) => queues.times.waiting.histogram(), { phase: 'waiting' }),
      ...each(({ queues }) => queues.times.executing.histogram(), { phase: 'executing' }),
    ]),
    histogramFamily(`${PREFIX}demand_seats`, 'Each nanosecond: seats that are wanted of a level, as a part of those of its shares.',
      each(({ queues }) => queues.demand.times.histogram(), {})),
    histogramFamily(`${PREFIX}read_vs_write_current_requests`, 'Each nanosecond: reads and writes as a part of all seats.', kinds),
  ]
}

/** Virtual time, in seconds that a seat was had. Bounds are told while somebody waits. */
function progressFamilies(levels: readonly ShownLevel[]): readonly MetricFamily[] {
  const latest = levels.flatMap(({ level: { name }, progress }) => (progress.latest === undefined ? [] : [{ name, ...progress.latest }]))
  const bounds = (of: (progress: VirtualProgress) => readonly number[]): readonly (readonly [Labels, number])[] => (
    levels.flatMap(({ level: { name }, progress }) => {
      const starts = of(progress)
      if (starts.length === 0) return []
      const ends = { min: Math.min(...starts), max: Math.max(...starts) }
      return Object.entries(ends).map(([bound, value]) => [{ bound, priority_level: name }, value] as const)
    }))
  return [
    gauge(`${PREFIX}current_r`, 'Virtual time of a level.',
      levels.map(({ level, progress }) => [{ priority_level: level.name }, progress.current] as const)),
    gauge(`${PREFIX}dispatch_r`, 'Virtual time when a request out of a queue was let in last.',
      latest.map(({ name, at }) => [{ priority_level: name }, at] as const)),
    gauge(`${PREFIX}latest_s`, 'Virtual time at which that request would have begun with a fair share.',
      latest.map(({ name, start }) => [{ priority_level: name }, start] as const)),
    gauge(`${PREFIX}next_s_bounds`, 'Least and greatest, over queues, of the time at which the next request would begin.',
      bounds(({ nextStarts }) => nextStarts)),
    gauge(`${PREFIX}next_discounted_s_bounds`, 'The same, without the work that is taken to be under way.',
      bounds(({ discountedStarts }) => discountedStarts)),
  ]
}
