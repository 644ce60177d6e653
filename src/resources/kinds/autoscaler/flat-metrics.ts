import { isObject } from '../../../objects/json.ts'
import type { JsonObject } from '../../../objects/json.ts'
import type { MetricSpec, MetricStatus } from '../../generated/types.ts'

/**
 * Metrics as autoscaling/v1 has them, in annotations: what is measured and its target stand side by side.
 * Resource: {name, target: {type: Utilization, averageUtilization: 50}} <-> {name, targetAverageUtilization: 50}
 */
interface Shape {
  readonly field: string
  /** [in v1, the path in v2] for the spec (target) and the status (current) alike. */
  readonly names: readonly (readonly [flat: string, path: string])[]
  readonly values: readonly (readonly [flat: string, value: 'value' | 'averageValue' | 'averageUtilization'])[]
}

function shapes(side: 'target' | 'current'): Readonly<Record<string, Shape>> {
  const usage = [[`${side}AverageUtilization`, 'averageUtilization'], [`${side}AverageValue`, 'averageValue']] as const
  return {
    Resource: { field: 'resource', names: [['name', 'name']], values: usage },
    ContainerResource: { field: 'containerResource', names: [['name', 'name'], ['container', 'container']], values: usage },
    Pods: {
      field: 'pods', names: [['metricName', 'metric.name'], ['selector', 'metric.selector']],
      values: [[`${side}AverageValue`, 'averageValue']],
    },
    Object: {
      field: 'object', names: [['target', 'describedObject'], ['metricName', 'metric.name'], ['selector', 'metric.selector']],
      values: [[`${side}Value`, 'value'], ['averageValue', 'averageValue']],
    },
    External: {
      field: 'external', names: [['metricName', 'metric.name'], ['metricSelector', 'metric.selector']],
      values: [[`${side}Value`, 'value'], [`${side}AverageValue`, 'averageValue']],
    },
  }
}

const SPECS = shapes('target')
const STATUSES = shapes('current')

export function flattenMetric(metric: MetricSpec): JsonObject {
  return flatten(metric, SPECS, 'target')
}

export function flattenStatus(status: MetricStatus): JsonObject {
  return flatten(status, STATUSES, 'current')
}

function flatten(metric: MetricSpec | MetricStatus, table: Readonly<Record<string, Shape>>, side: string): JsonObject {
  const shape = table[metric.type]
  const source: unknown = shape === undefined ? undefined : new Map<string, unknown>(Object.entries(metric)).get(shape.field)
  if (shape === undefined || !isObject(source)) return { type: metric.type }
  const flat: JsonObject = {}
  for (const [name, path] of shape.names) put(flat, name, valueAt(source, path))
  const amounts = source[side]
  if (isObject(amounts)) for (const [name, value] of shape.values) put(flat, name, amounts[value])
  return { type: metric.type, [shape.field]: flat }
}

function put(object: JsonObject, name: string, value: unknown): void {
  if (value !== undefined) object[name] = value
}

function valueAt(object: JsonObject, path: string): unknown {
  return path.split('.').reduce<unknown>((value, step) => (isObject(value) ? value[step] : undefined), object)
}

const TARGET_TYPES = [['averageUtilization', 'Utilization'], ['averageValue', 'AverageValue'], ['value', 'Value']] as const

/** Undefined for what is no metric. */
export function unflattenMetric(flat: unknown): MetricSpec | undefined {
  const metric = unflatten(flat, SPECS, (amounts) => {
    // A target of 0 beside an average was v1's way to say that there is only the average.
    const type = TARGET_TYPES.find(([field]) => amounts[field] !== undefined && amounts[field] !== '0')?.[1] ?? 'Value'
    if (type === 'AverageValue' && amounts['value'] === '0') delete amounts['value']
    return { target: { type, ...amounts } }
  })
  return metric === undefined ? undefined : (metric as JsonObject & MetricSpec)
}

export function unflattenStatus(flat: unknown): MetricStatus | undefined {
  const status = unflatten(flat, STATUSES, (amounts) => ({ current: amounts }))
  return status === undefined ? undefined : (status as JsonObject & MetricStatus)
}

function unflatten(
  flat: unknown, table: Readonly<Record<string, Shape>>, amountsOf: (amounts: JsonObject) => JsonObject,
): JsonObject | undefined {
  if (!isObject(flat) || typeof flat['type'] !== 'string') return undefined
  const shape = table[flat['type']]
  const source = shape === undefined ? undefined : flat[shape.field]
  if (shape === undefined || !isObject(source)) return { type: flat['type'] }
  const nested: JsonObject = {}
  const metric: JsonObject = {}
  for (const [name, path] of shape.names) {
    const step = path.startsWith('metric.') ? path.slice('metric.'.length) : undefined
    if (step === undefined) put(nested, path, source[name])
    else put(metric, step, source[name])
  }
  if (Object.keys(metric).length > 0) nested['metric'] = metric
  const amounts: JsonObject = {}
  for (const [name, value] of shape.values) put(amounts, value, source[name])
  return { type: flat['type'], [shape.field]: { ...nested, ...amountsOf(amounts) } }
}
