import { waitingIn } from '../flow-control/fair-queues.ts'
import type { FlowControl } from '../flow-control/flow-control.ts'
import type { FlowSchemaState } from '../flow-control/flow-schema-state.ts'
import type { PriorityLevel } from '../flow-control/priority-level.ts'
import { histogramSamples } from './histogram-family.ts'
import { counter, gauge } from './metric-family.ts'
import type { Labels, MetricFamily } from './metric-family.ts'

/** What flow control does, by flow schema and priority level. */
export function flowFamilies(control: FlowControl): readonly MetricFamily[] {
  const flows = (value: (schema: FlowSchemaState) => number): readonly (readonly [Labels, number])[] =>
    control.schemas.map((schema) => [labelsOf(schema), value(schema)] as const)
  const levels = (value: (level: PriorityLevel) => number): readonly (readonly [Labels, number])[] =>
    Array.from(control.levels, (level) => [{ priority_level: level.name }, value(level)] as const)
  const rejected = control.schemas.flatMap((schema) => Object.entries(schema.counts.rejected)
    .filter(([, count]) => count > 0).map(([reason, count]) => [{ ...labelsOf(schema), reason }, count] as const))
  return [
    counter('apiserver_flowcontrol_rejected_requests_total', 'Requests that were refused by flow control.', rejected),
    counter('apiserver_flowcontrol_dispatched_requests_total', 'Requests that were let in.', flows(({ counts }) => counts.dispatched)),
    gauge('apiserver_flowcontrol_current_inqueue_requests', 'Requests that wait now.', flows(({ counts }) => counts.waiting)),
    gauge('apiserver_flowcontrol_current_executing_requests', 'Requests under way now.', flows(({ counts }) => counts.executing)),
    gauge('apiserver_flowcontrol_current_executing_seats', 'Seats that requests have now.', flows(({ counts }) => counts.executingSeats)),
    waits(control),
    gauge('apiserver_flowcontrol_current_inqueue_seats', 'Seats that the requests want that wait now.',
      control.schemas.map((schema) => [labelsOf(schema), waitingSeats(schema)] as const)),
    gauge('apiserver_flowcontrol_nominal_limit_seats', 'Seats of a priority level by its shares.', levels(({ limits }) => limits.nominal)),
    gauge('apiserver_flowcontrol_lower_limit_seats', 'Seats that a priority level does not lend.', levels(({ limits }) => limits.least)),
    gauge(
      'apiserver_flowcontrol_upper_limit_seats', 'Seats that a priority level may have with what it borrows.',
      levels(({ limits }) => limits.most),
    ),
    gauge(
      'apiserver_flowcontrol_current_limit_seats', 'Seats of a priority level as they are lent now.',
      levels(({ currentSeats }) => currentSeats),
    ),
    gauge(
      'apiserver_flowcontrol_demand_seats_average', 'Seats that were wanted in the last period, on average.',
      levels(({ lastDemand }) => lastDemand.average),
    ),
    gauge('apiserver_flowcontrol_demand_seats_stdev', 'Standard deviation of the seats that were wanted in the last period.',
      levels(({ lastDemand }) => lastDemand.deviation)),
    gauge('apiserver_flowcontrol_demand_seats_high_watermark', 'Seats that were wanted in the last period, at most.',
      levels(({ lastDemand }) => lastDemand.highest)),
    gauge('apiserver_flowcontrol_demand_seats_smoothed', 'Seats that are taken to be wanted: quick to rise, slow to fall.',
      levels(({ lastDemand }) => lastDemand.smoothed)),
    gauge(
      'apiserver_flowcontrol_target_seats', 'Seats that a priority level would have, had all what they want.',
      levels(({ targetSeats }) => targetSeats),
    ),
    gauge(
      'apiserver_flowcontrol_seat_fair_frac', 'The part of their targets that the levels got in the last adjustment.',
      [[{}, control.fairFraction]],
    ),
  ]
}

function labelsOf({ name, level }: FlowSchemaState): Labels {
  return { flow_schema: name, priority_level: level.name }
}

/** Of the schema only: its level may be others' too. */
function waitingSeats({ name, level }: FlowSchemaState): number {
  if (level.queues.waiting === 0) return 0
  let seats = 0
  for (const queue of level.queues.all()) for (const ticket of waitingIn(queue)) if (ticket.schema.name === name) seats += ticket.work.width
  return seats
}

/** Who found seats free waited for no time, which nobody has to note. */
function waits(control: FlowControl): MetricFamily {
  const samples = control.schemas.flatMap((schema) => {
    const { atOnce, waited: { letIn, refused } } = schema.counts
    const labels = labelsOf(schema)
    return [
      ...histogramSamples(refused, { ...labels, execute: 'false' }),
      ...histogramSamples(
        { bounds: letIn.bounds, sum: letIn.sum, count: letIn.count + atOnce, countUpTo: (index) => letIn.countUpTo(index) + atOnce },
        { ...labels, execute: 'true' },
      ),
    ]
  })
  return {
    name: 'apiserver_flowcontrol_request_wait_duration_seconds', help: 'Seconds that requests waited for seats.',
    type: 'histogram', samples,
  }
}
