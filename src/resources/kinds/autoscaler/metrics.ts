import { forbiddenField, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { pathSegmentErrors } from '../../../objects/names.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsLabel } from '../../field-checks.ts'
import type {
  ContainerResourceMetricSource, CrossVersionObjectReference, ExternalMetricSource, MetricIdentifier, MetricSpec, MetricTarget,
  ObjectMetricSource, PodsMetricSource, ResourceMetricSource,
} from '../../generated/types.ts'
import { amountMilli } from '../../resource-list.ts'
import { checkContainerResourceName } from '../../resource-names.ts'

/** What is measured: its type, and the field that goes with it. */
const FIELDS = {
  Object: 'object', External: 'external', Pods: 'pods', Resource: 'resource', ContainerResource: 'containerResource',
} as const
type SourceField = (typeof FIELDS)[keyof typeof FIELDS]
const TYPES = Object.keys(FIELDS).sort()

export function checkMetric(errors: Errors, path: string, metric: MetricSpec): void {
  const { type = '' } = metric
  const expected = Object.entries(FIELDS).find(([name]) => name === type)?.[1]
  if (type === '') errors.push(required(`${path}.type`, 'must specify a metric source type'))
  if (expected === undefined) errors.push(notSupported(`${path}.type`, type, TYPES))
  const present = Object.values(FIELDS).filter((field) => metric[field] !== undefined)
  const [first] = present
  if (first !== undefined) checkSource(errors, `${path}.${first}`, metric, first)
  if (expected !== undefined && metric[expected] === undefined) {
    errors.push(required(`${path}.${expected}`, 'must populate information for the given metric source'))
  }
  if (present.length === 1) return
  for (const field of present) {
    if (field !== expected) errors.push(forbiddenField(`${path}.${field}`, 'must populate the given metric source only'))
  }
}

function checkSource(errors: Errors, path: string, metric: MetricSpec, field: SourceField): void {
  if (field === 'object' && metric.object !== undefined) checkObjectSource(errors, path, metric.object)
  if (field === 'external' && metric.external !== undefined) checkExternalSource(errors, path, metric.external)
  if (field === 'pods' && metric.pods !== undefined) checkPodsSource(errors, path, metric.pods)
  if (field === 'resource' && metric.resource !== undefined) checkResourceSource(errors, path, metric.resource)
  if (field === 'containerResource' && metric.containerResource !== undefined) checkContainerSource(errors, path, metric.containerResource)
}

const NO_TARGET: MetricTarget = { type: '' }

function checkObjectSource(errors: Errors, path: string, { describedObject, metric, target = NO_TARGET }: ObjectMetricSource): void {
  checkReference(errors, `${path}.describedObject`, describedObject)
  checkIdentifier(errors, `${path}.metric`, metric)
  checkTarget(errors, `${path}.target`, target)
  if (target.value === undefined && target.averageValue === undefined) {
    errors.push(required(`${path}.target.averageValue`, 'must set either a target value or averageValue'))
  }
}

function checkExternalSource(errors: Errors, path: string, { metric, target = NO_TARGET }: ExternalMetricSource): void {
  checkIdentifier(errors, `${path}.metric`, metric)
  checkTarget(errors, `${path}.target`, target)
  const [whole, average] = [target.value !== undefined, target.averageValue !== undefined]
  if (!whole && !average) {
    errors.push(required(`${path}.target.averageValue`, 'must set either a target value for metric or a per-pod target'))
  }
  if (whole && average) {
    errors.push(forbiddenField(`${path}.target.value`, 'may not set both a target value for metric and a per-pod target'))
  }
}

function checkPodsSource(errors: Errors, path: string, { metric, target = NO_TARGET }: PodsMetricSource): void {
  checkIdentifier(errors, `${path}.metric`, metric)
  checkTarget(errors, `${path}.target`, target)
  if (target.averageValue === undefined) errors.push(required(`${path}.target.averageValue`, 'must specify a positive target averageValue'))
}

function checkResourceSource(errors: Errors, path: string, { name = '', target = NO_TARGET }: ResourceMetricSource): void {
  if (name === '') errors.push(required(`${path}.name`, 'must specify a resource name'))
  checkTarget(errors, `${path}.target`, target)
  checkAmountOrUtilization(errors, `${path}.target`, target)
}

function checkContainerSource(errors: Errors, path: string, source: ContainerResourceMetricSource): void {
  const { name = '', container = '', target = NO_TARGET } = source
  if (name === '') errors.push(required(`${path}.name`, 'must specify a resource name'))
  else checkContainerResourceName(errors, `${path}.name`, name)
  if (container === '') errors.push(required(`${path}.container`, 'must specify a container'))
  else checkDnsLabel(errors, path, 'container', container)
  checkTarget(errors, `${path}.target`, target)
  checkAmountOrUtilization(errors, `${path}.target`, target)
}

function checkAmountOrUtilization(errors: Errors, path: string, { averageUtilization, averageValue }: MetricTarget): void {
  if (averageUtilization === undefined && averageValue === undefined) {
    errors.push(required(`${path}.averageUtilization`, 'must set either a target raw value or a target utilization'))
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    errors.push(forbiddenField(`${path}.averageValue`, 'may not set both a target raw value and a target utilization'))
  }
}

function checkTarget(errors: Errors, path: string, { type = '', value, averageValue, averageUtilization }: MetricTarget): void {
  if (type === '') errors.push(required(`${path}.type`, 'must specify a metric target type'))
  if (type !== 'Utilization' && type !== 'Value' && type !== 'AverageValue') {
    errors.push(invalidValue(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue'))
  }
  for (const [field, amount] of [['value', value], ['averageValue', averageValue]] as const) {
    if (amount !== undefined && (amountMilli(amount) ?? 0) <= 0) errors.push(invalidValue(`${path}.${field}`, amount, 'must be positive'))
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalidValue(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0'))
  }
}

function checkIdentifier(errors: Errors, path: string, identifier: MetricIdentifier | undefined): void {
  const { name = '' } = identifier ?? { name: '' }
  if (name === '') errors.push(required(`${path}.name`, 'must specify a metric name'))
  else for (const problem of pathSegmentErrors(name)) errors.push(invalidValue(`${path}.name`, name, problem))
}

/** The object that is scaled or measured. */
export function checkReference(errors: Errors, path: string, reference: CrossVersionObjectReference | undefined): void {
  for (const field of ['kind', 'name'] as const) {
    const value = reference?.[field] ?? ''
    if (value === '') errors.push(required(`${path}.${field}`))
    else for (const problem of pathSegmentErrors(value)) errors.push(invalidValue(`${path}.${field}`, value, problem))
  }
}
