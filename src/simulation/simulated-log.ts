import type { Log, LogFields } from '../words/ports.ts'
import type { Findings } from './checkers/findings.ts'
import type { Trace } from './trace.ts'

/**
 * Warnings are part of the trace. Errors are findings: the parts log as errors only what is a defect, and no fault of their surroundings
 * is.
 */
export function simulatedLog(trace: Trace, findings: Findings, own: LogFields = {}): Log {
  return {
    debug() {},
    info() {},
    warn: (message, fields) => trace.add('log', text(message, { ...own, ...fields })),
    error: (message, fields) => findings.report('no defects', text(message, { ...own, ...fields })),
    with: (fields) => simulatedLog(trace, findings, { ...own, ...fields }),
  }
}

function text(message: string, fields: LogFields): string {
  return [message, ...Object.entries(fields).map(([name, value]) => `${name}=${value}`)].join(' ')
}
