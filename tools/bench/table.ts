import type { Measurement } from './bench-case.ts'

/** The measurements as aligned columns. */
export function formatTable(measurements: readonly Measurement[]): string {
  const header = ['what', 'per second', 'cpu us each', 'x limit', 'p50 ms', 'p99 ms', 'for scale']
  const rows = measurements.map((measurement) => [
    measurement.name,
    Math.round(measurement.operations / measurement.elapsedMs * 1000).toLocaleString('en'),
    measurement.cpuMs === undefined ? '' : cpuUsOf(measurement, measurement.cpuMs).toFixed(1),
    ratioToLimit(measurement),
    percentile(measurement.latenciesMs, 0.5),
    percentile(measurement.latenciesMs, 0.99),
    measurement.scale,
  ])
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const isText = (column: number): boolean => column === 0 || column === header.length - 1
  const line = (cells: readonly string[]): string => (
    cells.map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd())
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

function cpuUsOf({ operations }: Measurement, cpuMs: number): number {
  return (cpuMs * 1000) / operations
}

function ratioToLimit(measurement: Measurement): string {
  const { cpuMs, limitCpuUs } = measurement
  return cpuMs === undefined || limitCpuUs === undefined ? '' : (cpuUsOf(measurement, cpuMs) / limitCpuUs).toFixed(1)
}

function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]?.toFixed(2) ?? ''
}
