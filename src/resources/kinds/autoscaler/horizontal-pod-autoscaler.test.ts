import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from '../../generated/types.ts'
import { sampleAutoscaler, sampleAutoscalerV1 } from '../../sample-workloads.testing.ts'
import { cellsOf, changed, created, createChecks, messagesOf, updateChecks, updated } from '../checking.testing.ts'
import { autoscalerConversion, autoscalingV1HorizontalPodAutoscalers as v1 } from './autoscaling-v1.ts'
import { horizontalPodAutoscalers as v2 } from './horizontal-pod-autoscaler.ts'
import { metricsText } from './metric-columns.ts'

const check = createChecks(v2, sampleAutoscaler)

test('defaults of an autoscaler', () => {
  const scaler = created(v2, changed(sampleAutoscaler(), { 'spec.metrics': undefined, 'spec.behavior': { scaleDown: { policies: [] } }, status: { currentReplicas: 4 } }))
  assert.deepEqual(scaler.spec, {
    ...sampleAutoscaler().spec, minReplicas: 1,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: 0, selectPolicy: 'Max',
        policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }],
      },
      scaleDown: { selectPolicy: 'Max', policies: [] },
    },
  })
  assert.deepEqual(scaler.status, { desiredReplicas: 0 })
  const written = created(v2, changed(sampleAutoscaler(), { 'spec.metrics[0].resource.target': { type: 'AverageValue', averageValue: '0.5' } }))
  assert.equal(written.spec?.metrics?.[0]?.resource?.target.averageValue, '500m')
})

test('an autoscaler', () => {
  check({})
  check({ spec: undefined }, 'spec.maxReplicas: Invalid value: 0: must be greater than 0',
    'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
    'spec.scaleTargetRef.kind: Required value', 'spec.scaleTargetRef.name: Required value')
  check({ 'spec.minReplicas': 0 }, 'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
    'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas')
  check({ 'spec.minReplicas': 5 }, 'spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`')
  check({ 'spec.maxReplicas': undefined }, 'spec.maxReplicas: Invalid value: 0: must be greater than 0',
    'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`')
  check({ 'spec.scaleTargetRef': { kind: '', name: 'a/b' } }, 'spec.scaleTargetRef.kind: Required value',
    'spec.scaleTargetRef.name: Invalid value: "a/b": may not contain \'/\'')
  const up = 'spec.behavior.scaleUp'
  check({ [up]: { stabilizationWindowSeconds: 3601, selectPolicy: 'Any', policies: [] } },
    `${up}.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600`,
    `${up}.selectPolicy: Unsupported value: "Any": supported values: "Disabled", "Max", "Min"`, `${up}.policies: Required value: must specify at least one Policy`)
  check({ [up]: { policies: [{ type: 'x', value: 0, periodSeconds: 1801 }] } }, `${up}.policies[0].type: Unsupported value: "x": supported values: "Percent", "Pods"`,
    `${up}.policies[0].value: Invalid value: 0: must be greater than zero`, `${up}.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800`)
  updateChecks(v2, sampleAutoscaler)({ 'spec.minReplicas': 0 }, { 'spec.maxReplicas': 4 },
    'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas')
})

test('metrics', () => {
  const metric = (of: object, ...messages: string[]): void => check({ 'spec.metrics': [of] }, ...messages.map((message) => `spec.metrics[0]${message}`))
  const half = { type: 'Utilization', averageUtilization: 50 }
  const some = { type: 'AverageValue', averageValue: '10' }
  metric({ type: 'ContainerResource', containerResource: { name: 'memory', container: 'web', target: half } })
  metric({ type: 'Pods', pods: { metric: { name: 'requests' }, target: some } })
  metric({ type: 'External', external: { metric: { name: 'queue' }, target: { type: 'Value', value: '3' } } })
  metric({ type: 'Object', object: { describedObject: { kind: 'Ingress', name: 'web' }, metric: { name: 'hits' }, target: { type: 'Value', value: '3' } } })
  metric({}, '.type: Required value: must specify a metric source type',
    '.type: Unsupported value: "": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"')
  metric({ type: 'Pods' }, '.pods: Required value: must populate information for the given metric source')
  metric({ type: 'Resource', resource: { name: 'cpu', target: half }, pods: { metric: { name: 'm' }, target: some } }, '.pods: Forbidden: must populate the given metric source only')
  metric({ type: 'Resource', resource: { name: '', target: { type: 'x' } } }, '.resource.name: Required value: must specify a resource name',
    '.resource.target.type: Invalid value: "x": must be either Utilization, Value, or AverageValue',
    '.resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization')
  metric({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 0, averageValue: '0' } } },
    '.resource.target.averageValue: Invalid value: "0": must be positive', '.resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
    '.resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization')
  metric({ type: 'External', external: { metric: {}, target: { type: 'Value', value: '1', averageValue: '1' } } },
    '.external.metric.name: Required value: must specify a metric name', '.external.target.value: Forbidden: may not set both a target value for metric and a per-pod target')
  metric({ type: 'ContainerResource', containerResource: { name: 'disk', target: half } },
    '.containerResource.name: Invalid value: "disk": must be a standard resource type or fully qualified',
    '.containerResource.name: Invalid value: "disk": must be a standard resource for containers', '.containerResource.container: Required value: must specify a container')
})

const cpu = (value: number): MetricSpec => ({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: value } } })

test('the table of autoscalers', () => {
  assert.deepEqual(cellsOf(v2, created(v2, sampleAutoscaler())),
    { Reference: 'Deployment/web', Targets: 'cpu: <unknown>/50%', MinPods: '1', MaxPods: 3, Replicas: 0, Age: '<unknown>' })
  assert.equal(cellsOf(v1, created(v1, sampleAutoscalerV1()))['Targets'], 'cpu: <unknown>/50%')
  const pods: MetricSpec = { type: 'Pods', pods: { metric: { name: 'r' }, target: { type: 'AverageValue', averageValue: '10' } } }
  const queue: MetricSpec = { type: 'External', external: { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '3' } } }
  const statuses: MetricStatus[] = [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 20 } } }, { type: 'Pods', pods: { metric: { name: 'r' }, current: { averageValue: '7' } } }]
  assert.equal(metricsText([cpu(50), pods], statuses), 'cpu: 20%/50%, 7/10')
  const idle: MetricStatus[] = [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 0 } } }]
  assert.equal(metricsText([cpu(50)], idle), 'cpu: 0%/50%')
  assert.equal(metricsText([queue, cpu(1), pods]), '<unknown>/3 (avg), cpu: <unknown>/1% + 1 more...')
  assert.equal(metricsText([]), '<none>')
})

/** Everything that v1 has no field for. */
const rich: HorizontalPodAutoscaler = {
  ...sampleAutoscaler(), metadata: { name: 'a', namespace: 'default', annotations: { mine: 'x' } },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 3,
    metrics: [
      { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
      { type: 'Pods', pods: { metric: { name: 'r', selector: { matchLabels: { a: 'b' } } }, target: { type: 'AverageValue', averageValue: '10' } } },
      { type: 'Object', object: { describedObject: { kind: 'Ingress', name: 'i' }, metric: { name: 'h' }, target: { type: 'Value', value: '5' } } },
      { type: 'External', external: { metric: { name: 'q' }, target: { type: 'Value', value: '5' } } },
      { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'web', target: { type: 'Utilization', averageUtilization: 60 } } },
      cpu(50),
    ],
    behavior: { scaleDown: { selectPolicy: 'Disabled', policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } },
  },
  status: {
    desiredReplicas: 2, currentReplicas: 2, currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 20, averageValue: '100m' } } }],
    conditions: [{ type: 'AbleToScale', status: 'True', reason: 'Ready' }],
  },
}

test('v1 carries in annotations what it has no fields for', () => {
  const shown = autoscalerConversion.toServed(rich)
  assert.deepEqual([shown.spec, shown.status], [
    { scaleTargetRef: rich.spec?.scaleTargetRef, minReplicas: 1, maxReplicas: 3, targetCPUUtilizationPercentage: 50 },
    { desiredReplicas: 2, currentReplicas: 2, currentCPUUtilizationPercentage: 20 },
  ])
  const { mine, ...carried } = shown.metadata.annotations ?? {}
  const json = Object.fromEntries(Object.entries(carried).map(([name, text]): [string, unknown] => [name.replace(/^.*\//, ''), JSON.parse(text)]))
  assert.equal(mine, 'x')
  assert.deepEqual(json, {
    metrics: [
      { type: 'Resource', resource: { name: 'memory', targetAverageValue: '1Gi' } },
      { type: 'Pods', pods: { metricName: 'r', selector: { matchLabels: { a: 'b' } }, targetAverageValue: '10' } },
      { type: 'Object', object: { target: { kind: 'Ingress', name: 'i' }, metricName: 'h', targetValue: '5' } },
      { type: 'External', external: { metricName: 'q', targetValue: '5' } },
      { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'web', targetAverageUtilization: 60 } },
    ],
    behavior: { ScaleDown: { SelectPolicy: 'Disabled', Policies: [{ Type: 'Pods', Value: 1, PeriodSeconds: 60 }] } },
    'current-metrics': [{ type: 'Resource', resource: { name: 'cpu', currentAverageUtilization: 20, currentAverageValue: '100m' } }],
    conditions: [{ type: 'AbleToScale', status: 'True', reason: 'Ready' }],
  })
  assert.deepEqual(autoscalerConversion.toStored(shown), rich)
})

test('what a user breaks in the annotations is lost, not more', () => {
  const shown = autoscalerConversion.toServed(rich)
  const annotations = { ...shown.metadata.annotations, 'autoscaling.alpha.kubernetes.io/metrics': '{', 'autoscaling.alpha.kubernetes.io/conditions': '[1]' }
  const { spec, status, metadata } = autoscalerConversion.toStored({ ...shown, metadata: { ...shown.metadata, annotations } })
  assert.deepEqual([spec?.metrics, status?.conditions, metadata.annotations], [[cpu(50)], undefined, { mine: 'x' }])
  const nothing = changed(sampleAutoscalerV1(), { 'spec.targetCPUUtilizationPercentage': undefined })
  assert.deepEqual(autoscalerConversion.toStored(nothing).spec?.metrics, [cpu(80)])
})

test('an update through v1 leaves the status alone, also where annotations carry it', () => {
  const old = autoscalerConversion.toServed(rich)
  const draft = updated(v1, changed(old, { 'spec.maxReplicas': 9, 'metadata.annotations': undefined, status: undefined }), old)
  const stored = autoscalerConversion.toStored(draft)
  assert.deepEqual([stored.spec?.maxReplicas, stored.spec?.metrics, stored.status], [9, [cpu(50)], rich.status])
  const bad = created(v1, changed(sampleAutoscalerV1(), { 'spec.maxReplicas': 0 }))
  assert.deepEqual(messagesOf(v1.validateCreate(bad)).length, 2)
})
