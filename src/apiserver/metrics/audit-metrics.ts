import type { Auditor } from '../audit/auditor.ts'
import { counter } from './metric-family.ts'
import type { MetricFamily } from './metric-family.ts'

/** What the audit has written down, and what it could not. */
export function auditFamilies({ counts, parts: { sinks } }: Auditor): readonly MetricFamily[] {
  return [
    counter('apiserver_audit_event_total', 'Audit events that were handed to the back ends.', [[{}, counts.events]]),
    counter(
      'apiserver_audit_error_total', 'Audit events that a back end lost.',
      sinks.map(({ plugin, lost }) => [{ plugin }, lost] as const),
    ),
    counter('apiserver_audit_level_total', 'Requests by what the audit policy wants of them.',
      Object.entries(counts.byLevel).map(([level, count]) => [{ level }, count] as const)),
    // No request waits for a back end, and none is refused for its sake.
    counter('apiserver_audit_requests_rejected_total', 'Requests that were refused because they could not be audited.', [[{}, 0]]),
  ]
}
