import type { FieldError } from '../../../objects/field-error.ts'
import { forbiddenField, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { canonicalQuantity } from '../../../objects/quantity.ts'
import type { ResourceDefinition } from '../../definition.ts'
import type { Errors } from '../../field-checks.ts'
import { checkNotNegative, NOT_POSITIVE } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type {
  HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, MetricSpec, MetricStatus,
} from '../../generated/types.ts'
import { keepSpec, keepStatus, plainResource, specOf } from '../../plain-resource.ts'
import { ageColumn, textColumn } from '../../table.ts'
import { metricsText } from './metric-columns.ts'
import { checkMetric, checkReference } from './metrics.ts'

const MAX_PERIOD_SECONDS = 1800
const MAX_WINDOW_SECONDS = 3600

/** What an autoscaler measures that does not say: the processor, at four fifths. */
export const defaultMetric: MetricSpec = {
  type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
}

const EVERY_15_SECONDS = { periodSeconds: 15 }
const DOWN_POLICIES: readonly HPAScalingPolicy[] = [{ type: 'Percent', value: 100, ...EVERY_15_SECONDS }]
const UP_POLICIES: readonly HPAScalingPolicy[] = [{ type: 'Pods', value: 4, ...EVERY_15_SECONDS }, ...DOWN_POLICIES]

function defaults(draft: HorizontalPodAutoscaler): void {
  const spec = specOf(draft)
  spec.minReplicas ??= 1
  if ((spec.metrics ?? []).length === 0) spec.metrics = [defaultMetric]
  else spec.metrics?.forEach(canonicalizeMetric)
  if (spec.behavior !== undefined) {
    const up = (spec.behavior.scaleUp ??= {})
    up.stabilizationWindowSeconds ??= 0
    defaultRules(up, UP_POLICIES)
    defaultRules((spec.behavior.scaleDown ??= {}), DOWN_POLICIES)
  }
  draft.status?.currentMetrics?.forEach(canonicalizeStatus)
}

function defaultRules(rules: HPAScalingRules, policies: readonly HPAScalingPolicy[]): void {
  rules.selectPolicy ??= 'Max'
  rules.policies ??= policies.map((policy) => ({ ...policy }))
}

type Amounts = { value?: string; averageValue?: string } | undefined

function canonicalizeMetric({ object, pods, resource, external, containerResource }: MetricSpec): void {
  for (const source of [object, pods, resource, external, containerResource]) canonicalizeAmounts(source?.target)
}

function canonicalizeStatus({ object, pods, resource, external, containerResource }: MetricStatus): void {
  for (const source of [object, pods, resource, external, containerResource]) canonicalizeAmounts(source?.current)
}

function canonicalizeAmounts(amounts: Amounts): void {
  if (amounts === undefined) return
  for (const field of ['value', 'averageValue'] as const) {
    const text = amounts[field]
    const canonical = text === undefined ? undefined : canonicalQuantity(text)
    if (canonical !== undefined && canonical !== text) amounts[field] = canonical
  }
}

const MIN_REPLICAS = 1

/** Scaling to nothing is not served; an autoscaler that may do so already may keep that. */
function validateSpec(errors: Errors, spec: HorizontalPodAutoscalerSpec, minReplicasBound: number): void {
  const { minReplicas, maxReplicas = 0 } = spec
  if (minReplicas !== undefined && minReplicas < minReplicasBound) {
    errors.push(invalidValue('spec.minReplicas', minReplicas, `must be greater than or equal to ${minReplicasBound}`))
  }
  if (maxReplicas < 1) errors.push(invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than 0'))
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.push(invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'))
  }
  checkReference(errors, 'spec.scaleTargetRef', spec.scaleTargetRef)
  spec.metrics?.forEach((metric, index) => checkMetric(errors, `spec.metrics[${index}]`, metric))
  if (minReplicas === 0 && spec.metrics?.some(({ type }) => type === 'Object' || type === 'External') !== true) {
    errors.push(forbiddenField('spec.metrics', 'must specify at least one Object or External metric to support scaling to zero replicas'))
  }
  checkRules(errors, 'spec.behavior.scaleUp', spec.behavior?.scaleUp)
  checkRules(errors, 'spec.behavior.scaleDown', spec.behavior?.scaleDown)
}

const SELECT_POLICIES = ['Disabled', 'Max', 'Min']

function checkRules(errors: Errors, path: string, rules: HPAScalingRules | undefined): void {
  if (rules === undefined) return
  const { stabilizationWindowSeconds: seconds, selectPolicy, policies = [] } = rules
  const window = `${path}.stabilizationWindowSeconds`
  if (seconds !== undefined && seconds < 0) errors.push(invalidValue(window, seconds, 'must be greater than or equal to zero'))
  if (seconds !== undefined && seconds > MAX_WINDOW_SECONDS) {
    errors.push(invalidValue(window, seconds, `must be less than or equal to ${MAX_WINDOW_SECONDS}`))
  }
  if (selectPolicy !== undefined && !SELECT_POLICIES.includes(selectPolicy)) {
    errors.push(notSupported(`${path}.selectPolicy`, selectPolicy, SELECT_POLICIES))
  }
  if (policies.length === 0) errors.push(required(`${path}.policies`, 'must specify at least one Policy'))
  policies.forEach((policy, index) => checkPolicy(errors, `${path}.policies[${index}]`, policy))
}

function checkPolicy(errors: Errors, path: string, { type, value = 0, periodSeconds = 0 }: HPAScalingPolicy): void {
  if (type !== 'Pods' && type !== 'Percent') errors.push(notSupported(`${path}.type`, type ?? '', ['Percent', 'Pods']))
  if (value <= 0) errors.push(invalidValue(`${path}.value`, value, NOT_POSITIVE))
  if (periodSeconds <= 0) errors.push(invalidValue(`${path}.periodSeconds`, periodSeconds, NOT_POSITIVE))
  if (periodSeconds > MAX_PERIOD_SECONDS) {
    errors.push(invalidValue(`${path}.periodSeconds`, periodSeconds, `must be less than or equal to ${MAX_PERIOD_SECONDS}`))
  }
}

function validate({ spec }: HorizontalPodAutoscaler, minReplicasBound: number): FieldError[] {
  const errors: Errors = []
  if (spec === undefined) return [required('spec')]
  validateSpec(errors, spec, minReplicasBound)
  return errors
}

export const horizontalPodAutoscalers: ResourceDefinition<HorizontalPodAutoscaler> = {
  ...plainResource,
  kind: kinds.HorizontalPodAutoscaler,
  defaults,
  prepareForCreate(draft) {
    draft.status = { desiredReplicas: 0 }
  },
  prepareForUpdate: keepStatus,
  validateCreate: (autoscaler) => validate(autoscaler, MIN_REPLICAS),
  validateUpdate: (autoscaler, old) => validate(autoscaler, old.spec?.minReplicas === 0 ? 0 : MIN_REPLICAS),
  columns: [
    textColumn('Reference', 'What it scales.', ({ spec }) => `${spec?.scaleTargetRef?.kind ?? ''}/${spec?.scaleTargetRef?.name ?? ''}`),
    textColumn('Targets', 'What it measures: as it is, and as it should be.', ({ spec, status }) =>
      metricsText(spec?.metrics, status?.currentMetrics)),
    textColumn('MinPods', 'The fewest pods that it leaves.', ({ spec }) => String(spec?.minReplicas ?? '<unset>')),
    textColumn('MaxPods', 'The most pods that it makes.', ({ spec }) => spec?.maxReplicas ?? 0),
    textColumn('Replicas', 'Pods that there are.', ({ status }) => status?.currentReplicas ?? 0),
    ageColumn,
  ],
  status: {
    prepareForUpdate: keepSpec,
    validateUpdate({ status }) {
      const errors: Errors = []
      checkNotNegative(errors, 'status', 'currentReplicas', status?.currentReplicas)
      checkNotNegative(errors, 'status', 'desiredReplicas', status?.desiredReplicas)
      return errors
    },
  },
}
