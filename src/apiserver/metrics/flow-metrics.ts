import type { FlowControl } from '../flow-control/flow-control.ts'
import type { FlowSchemaState } from '../flow-control/flow-schema-state.ts'
import type { PriorityLevel } from '../flow-control/priority-level.ts'
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
    gauge('apiserver_flowcontrol_nominal_limit_seats', 'Seats of a priority level by its shares.', levels(({ limits }) => limits.nominal)),
    gauge('apiserver_flowcontrol_lower_limit_seats', 'Seats that a priority level does not lend.', levels(({ limits }) => limits.least)),
    gauge('apiserver_flowcontrol_upper_limit_seats', 'Seats that a priority level may have with what it borrows.', levels(({ limits }) => limits.most)),
    gauge('apiserver_flowcontrol_current_limit_seats', 'Seats of a priority level as they are lent now.', levels(({ currentSeats }) => currentSeats)),
  ]
}

function labelsOf({ name, level }: FlowSchemaState): Labels {
  return { flow_schema: name, priority_level: level.name }
}

function waits(control: FlowControl): MetricFamily {
  const samples = control.schemas.filter(({ counts }) => counts.waitMs.count > 0).flatMap((schema) => {
    const { count, sum } = schema.counts.waitMs
    const labels = labelsOf(schema)
    return [
      { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
      { suffix: '_sum', labels, value: sum / 1_000 },
      { suffix: '_count', labels, value: count },
    ]
  })
  return { name: 'apiserver_flowcontrol_request_wait_duration_seconds', help: 'Seconds that requests waited for seats.', type: 'histogram', samples }
}
