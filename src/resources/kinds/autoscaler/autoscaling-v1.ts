import { parseJson } from '../../../objects/json-text.ts'
import { isObject } from '../../../objects/json.ts'
import type { JsonObject } from '../../../objects/json.ts'
import type { ObjectMeta } from '../../../objects/kube-object.ts'
import type { Column, PrepareContext, ResourceDefinition } from '../../definition.ts'
import { kinds } from '../../generated/kinds.ts'
import type {
  AutoscalingV1HorizontalPodAutoscaler, AutoscalingV1HorizontalPodAutoscalerStatus, HorizontalPodAutoscaler,
  HorizontalPodAutoscalerBehavior, HorizontalPodAutoscalerCondition, HorizontalPodAutoscalerSpec, HorizontalPodAutoscalerStatus,
  MetricSpec, MetricStatus,
} from '../../generated/types.ts'
import { plainResource, specOf } from '../../plain-resource.ts'
import type { KindConversion } from '../event-conversion.ts'
import { flattenMetric, flattenStatus, unflattenMetric, unflattenStatus } from './flat-metrics.ts'
import { defaultMetric, horizontalPodAutoscalers } from './horizontal-pod-autoscaler.ts'

type V1 = AutoscalingV1HorizontalPodAutoscaler
type V2 = HorizontalPodAutoscaler

/**
 * autoscaling/v1 knows the use of the processor only. What else the stored autoscaler (v2) has stands in annotations of its v1 form,
 * so that a client of v1 that reads and writes loses nothing.
 */
const PREFIX = 'autoscaling.alpha.kubernetes.io/'
const METRICS = `${PREFIX}metrics`
const BEHAVIOR = `${PREFIX}behavior`
const CURRENT_METRICS = `${PREFIX}current-metrics`
const CONDITIONS = `${PREFIX}conditions`
const CARRIERS: ReadonlySet<string> = new Set([METRICS, BEHAVIOR, CURRENT_METRICS, CONDITIONS])

function isCpu({ type, resource }: MetricSpec | MetricStatus): boolean {
  return type === 'Resource' && resource?.name === 'cpu'
}

function isCpuUtilization(metric: MetricSpec): boolean {
  return isCpu(metric) && metric.resource?.target.averageUtilization !== undefined
}

function toV1({ spec, status, metadata }: V2): V1 {
  const others = (spec?.metrics ?? []).filter((metric) => !isCpuUtilization(metric))
  const carried: Record<string, string> = {}
  if (others.length > 0) carried[METRICS] = JSON.stringify(others.map(flattenMetric))
  if (spec?.behavior !== undefined) carried[BEHAVIOR] = JSON.stringify(renamedKeys(spec.behavior, upperFirst))
  if ((status?.currentMetrics ?? []).length > 0) carried[CURRENT_METRICS] = JSON.stringify(status?.currentMetrics?.map(flattenStatus))
  if ((status?.conditions ?? []).length > 0) carried[CONDITIONS] = JSON.stringify(status?.conditions)
  return {
    apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: withAnnotations(metadata, carried),
    ...(spec === undefined ? {} : { spec: specToV1(spec) }),
    ...(status === undefined ? {} : { status: statusToV1(status) }),
  }
}

function specToV1({ metrics, ...spec }: HorizontalPodAutoscalerSpec): NonNullable<V1['spec']> {
  delete spec.behavior
  const percentage = metrics?.find(isCpu)?.resource?.target.averageUtilization
  return { ...spec, ...(percentage === undefined ? {} : { targetCPUUtilizationPercentage: percentage }) }
}

function statusToV1(
  { currentMetrics, currentReplicas = 0, ...status }: HorizontalPodAutoscalerStatus,
): AutoscalingV1HorizontalPodAutoscalerStatus {
  delete status.conditions
  const percentage = currentMetrics?.find(isCpu)?.resource?.current.averageUtilization
  return { ...status, currentReplicas, ...(percentage === undefined ? {} : { currentCPUUtilizationPercentage: percentage }) }
}

function toV2({ spec, status, metadata }: V1): V2 {
  const annotations = metadata.annotations ?? {}
  return {
    apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: withoutCarriers(metadata),
    ...(spec === undefined ? {} : { spec: specToV2(spec, annotations) }),
    ...(status === undefined ? {} : { status: statusToV2(status, annotations) }),
  }
}

type Annotations = Readonly<Record<string, string>>

function specToV2(
  { targetCPUUtilizationPercentage: percentage, ...spec }: NonNullable<V1['spec']>, annotations: Annotations,
): HorizontalPodAutoscalerSpec {
  const metrics = listIn(annotations[METRICS]).map(unflattenMetric).filter((metric) => metric !== undefined)
  if (percentage !== undefined) {
    metrics.push({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percentage } } })
  }
  if (metrics.length === 0) metrics.push(defaultMetric)
  const carried = parsed(annotations[BEHAVIOR])
  if (!isObject(carried)) return { ...spec, metrics }
  return { ...spec, metrics, behavior: renamedKeys(carried, lowerFirst) as HorizontalPodAutoscalerBehavior }
}

function statusToV2(
  { currentCPUUtilizationPercentage: percentage, currentReplicas, ...status }: AutoscalingV1HorizontalPodAutoscalerStatus,
  annotations: Annotations,
): HorizontalPodAutoscalerStatus {
  const carried = listIn(annotations[CURRENT_METRICS]).map(unflattenStatus).filter((metric) => metric !== undefined)
  const own: MetricStatus[] = percentage === undefined ? [] : [
    { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: percentage } } },
  ]
  const currentMetrics = carried.length > 0 ? carried : own
  const conditions = listIn(annotations[CONDITIONS]).filter(isCondition)
  return {
    ...status, ...(currentReplicas === 0 ? {} : { currentReplicas }),
    ...(currentMetrics.length === 0 ? {} : { currentMetrics }), ...(conditions.length === 0 ? {} : { conditions }),
  }
}

function isCondition(value: unknown): value is HorizontalPodAutoscalerCondition {
  return isObject(value) && typeof value['type'] === 'string' && typeof value['status'] === 'string'
}

/** What a user has made unreadable counts as absent. */
function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function listIn(text: string | undefined): unknown[] {
  const list = parsed(text)
  return Array.isArray(list) ? list : []
}

function upperFirst(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1)
}

function lowerFirst(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1)
}

/** The annotation spells the fields of a behavior with a capital letter. */
function renamedKeys(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamedKeys(item, rename))
  if (!isObject(value)) return value
  const entries = Object.entries(value).filter(([, member]) => member !== null)
  const renamed: JsonObject = Object.fromEntries(entries.map(([name, member]) => [rename(name), renamedKeys(member, rename)]))
  return renamed
}

function withAnnotations(metadata: ObjectMeta, carried: Record<string, string>): ObjectMeta {
  return Object.keys(carried).length === 0 ? metadata : { ...metadata, annotations: { ...metadata.annotations, ...carried } }
}

function withoutCarriers(metadata: ObjectMeta): ObjectMeta {
  const entries = Object.entries(metadata.annotations ?? {})
  const others = entries.filter(([name]) => !CARRIERS.has(name))
  if (others.length === entries.length) return metadata
  const { annotations: _, ...rest } = metadata
  return others.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(others) }
}

export const autoscalerConversion: KindConversion<V1, V2> = {
  served: kinds.AutoscalingV1HorizontalPodAutoscaler, stored: kinds.HorizontalPodAutoscaler, toStored: toV2, toServed: toV1,
}

/** Does to a v1 draft what change does to its v2 form. */
function throughV2(draft: V1, change: (draft: V2) => void): void {
  const v2 = toV2(draft)
  change(v2)
  const { metadata, spec, status } = toV1(v2)
  draft.metadata = metadata
  if (spec !== undefined) draft.spec = spec
  if (status === undefined) delete draft.status
  else draft.status = status
}

function viaV2(column: Column<V2>): Column<V1> {
  return { ...column, cell: (autoscaler, now) => column.cell(toV2(autoscaler), now) }
}

const v2 = horizontalPodAutoscalers

export const autoscalingV1HorizontalPodAutoscalers: ResourceDefinition<V1> = {
  ...plainResource,
  kind: kinds.AutoscalingV1HorizontalPodAutoscaler,
  defaults(draft) {
    specOf(draft).minReplicas ??= 1
  },
  prepareForCreate: (draft, context) => throughV2(draft, (stored) => v2.prepareForCreate(stored, context)),
  prepareForUpdate: (draft, old, context) => throughV2(draft, (stored) => v2.prepareForUpdate(stored, toV2(old), context)),
  validateCreate: (autoscaler) => v2.validateCreate(toV2(autoscaler)),
  validateUpdate: (autoscaler, old) => v2.validateUpdate(toV2(autoscaler), toV2(old)),
  columns: v2.columns.map(viaV2),
  status: {
    prepareForUpdate(draft: V1, old: V1, context: PrepareContext) {
      throughV2(draft, (stored) => v2.status?.prepareForUpdate(stored, toV2(old), context))
    },
    validateUpdate: (autoscaler: V1, old: V1) => v2.status?.validateUpdate(toV2(autoscaler), toV2(old)) ?? [],
  },
}
