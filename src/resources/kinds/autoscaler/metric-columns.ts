import type { MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from '../../generated/types.ts'

const UNKNOWN = '<unknown>'
const MAX_SHOWN = 2

/** cpu: 20%/80%, 5/10 (avg) + 1 more...: what each metric is, and what it should be. */
export function metricsText(metrics: readonly MetricSpec[] = [], statuses: readonly MetricStatus[] = []): string {
  if (metrics.length === 0) return '<none>'
  const texts = metrics.map((metric, index) => metricText(metric, statuses[index]))
  const shown = texts.slice(0, MAX_SHOWN).join(', ')
  return texts.length > MAX_SHOWN ? `${shown} + ${texts.length - MAX_SHOWN} more...` : shown
}

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  switch (metric.type) {
    case 'External': return wholeOrAverage(metric.external?.target, status?.external?.current)
    case 'Object': return wholeOrAverage(metric.object?.target, status?.object?.current)
    case 'Pods': return `${status?.pods?.current.averageValue ?? UNKNOWN}/${metric.pods?.target.averageValue ?? ''}`
    case 'Resource': return `${metric.resource?.name ?? ''}: ${usage(metric.resource?.target, status?.resource?.current)}`
    case 'ContainerResource': {
      return `${metric.containerResource?.name ?? ''}: ${usage(metric.containerResource?.target, status?.containerResource?.current)}`
    }
    default: return '<unknown type>'
  }
}

function wholeOrAverage(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`
  return `${current?.value ?? UNKNOWN}/${target?.value ?? ''}`
}

function usage(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue}`
  const percent = (value: number | undefined, otherwise: string): string => (value === undefined ? otherwise : `${value}%`)
  return `${percent(current?.averageUtilization, UNKNOWN)}/${percent(target?.averageUtilization, '<auto>')}`
}
