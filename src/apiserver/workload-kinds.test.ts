import assert from 'node:assert/strict'
import { test } from 'node:test'
import { servedResources } from '../resources/registry.ts'
import { sampleAutoscaler, sampleClaim, sampleJob, sampleStatefulSet } from '../resources/sample-workloads.testing.ts'
import { samplePod } from '../resources/sample-objects.testing.ts'
import { objectWarnings } from './admission/object-warnings.ts'
import { startTestServer } from './apiserver.testing.ts'
import { componentStatusRoute } from './subresources/component-statuses.ts'
import { facetRoutes } from './subresources/facet-routes.ts'

const MERGE = { 'content-type': 'application/merge-patch+json' }
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }

test('both versions of an autoscaler are the same object', async () => {
  const { request, watch } = await startTestServer()
  const [v1, v2] = ['v1', 'v2'].map((version) => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`)
  assert.equal((await request('POST', `${v2}`, sampleAutoscaler())).status, 201)
  const shown = await request('GET', `${v1}/a`)
  assert.deepEqual([shown.get('apiVersion'), shown.get('spec.targetCPUUtilizationPercentage'), shown.get('spec.metrics')], ['autoscaling/v1', 50, undefined])
  const watched = await watch(`${v2}?watch=true`)
  await watched.news()
  assert.equal((await request('PATCH', `${v1}/a`, { spec: { targetCPUUtilizationPercentage: 70 } }, MERGE)).status, 200)
  await watched.news()
  const last = watched.events.at(-1)?.object as ReturnType<typeof sampleAutoscaler> | undefined
  assert.deepEqual([last?.apiVersion, last?.spec?.metrics?.[0]?.resource?.target], ['autoscaling/v2', { type: 'Utilization', averageUtilization: 70 }])
  const refused = await request('PATCH', `${v1}/a`, { spec: { maxReplicas: 0 } }, MERGE)
  assert.equal(refused.get('message'), 'HorizontalPodAutoscaler.autoscaling "a" is invalid: [spec.maxReplicas: Invalid value: 0: must be greater than 0, ' +
    'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`]')
  assert.equal((await request('GET', v1 ?? '', undefined, TABLE)).get('rows.0.cells.2'), 'cpu: <unknown>/70%')
  assert.equal((await request('PUT', `${v1}/a/status`, { ...shown.body, metadata: { name: 'a' }, status: { currentReplicas: 2, desiredReplicas: 3 } })).status, 200)
  assert.deepEqual([(await request('GET', `${v2}/a`)).get('status.desiredReplicas'), (await request('GET', `${v2}/a`)).get('spec.maxReplicas')], [3, 3])
  await watched.close()
})

test('component statuses are made when somebody asks', async () => {
  const store = { name: 'etcd', concerns: 'ready' as const, check: () => 'it does not answer' }
  const { request } = await startTestServer({ extensions: { routes: [componentStatusRoute(() => [store])] } })
  const path = '/api/v1/componentstatuses'
  const list = await request('GET', path)
  assert.deepEqual([list.get('kind'), list.get('items.0.metadata.name'), list.headers['warning']],
    ['ComponentStatusList', 'controller-manager', '299 - "v1 ComponentStatus is deprecated in v1.19+"'])
  const table = await request('GET', path, undefined, TABLE)
  assert.deepEqual([table.get('rows.0.cells'), table.get('rows.1.cells')],
    [['controller-manager', 'Healthy', 'ok', ''], ['etcd-0', 'Unhealthy', '', 'it does not answer']])
  assert.equal((await request('GET', `${path}/scheduler`)).get('conditions.0.status'), 'True')
  assert.equal((await request('GET', `${path}/scheduler`, undefined, TABLE)).get('rows.0.cells.1'), 'Healthy')
  assert.deepEqual([(await request('GET', `${path}/none`)).status, (await request('DELETE', `${path}/scheduler`)).status, (await request('POST', path, {})).status], [404, 405, 405])
})

test('the pods of a Job stay by default when it is deleted, as they always have', async () => {
  const { request } = await startTestServer()
  const path = '/apis/batch/v1/namespaces/default/jobs'
  await request('POST', path, sampleJob())
  assert.deepEqual((await request('DELETE', `${path}/a`)).get('metadata.finalizers'), ['orphan'])
  await request('PATCH', `${path}/a`, { metadata: { finalizers: null } }, MERGE)
  await request('POST', path, sampleJob())
  await request('DELETE', `${path}/a`, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' })
  assert.equal((await request('GET', `${path}/a`)).status, 404)
})

test('nobody owns the status that the server makes', async () => {
  const { request } = await startTestServer()
  const set = await request('POST', '/apis/apps/v1/namespaces/default/statefulsets', sampleStatefulSet())
  assert.deepEqual(Object.keys(set.get('metadata.managedFields.0.fieldsV1') as object), ['f:spec'])
})

test('scale, status and resize by their own doors', async () => {
  const { request } = await startTestServer({ extensions: { routes: facetRoutes() } })
  const [sets, claims, pods] = ['/apis/apps/v1/namespaces/default/statefulsets', '/api/v1/namespaces/default/persistentvolumeclaims', '/api/v1/namespaces/default/pods']
  await request('POST', sets, sampleStatefulSet())
  assert.equal((await request('PATCH', `${sets}/a/scale`, { spec: { replicas: 4 } }, MERGE)).get('spec.replicas'), 4)
  await request('POST', claims, sampleClaim())
  const bound = await request('PATCH', `${claims}/a/status`, { spec: { volumeName: 'x' }, status: { phase: 'Bound' } }, MERGE)
  assert.deepEqual([bound.get('status.phase'), bound.get('spec.volumeName')], ['Bound', undefined])
  await request('POST', pods, samplePod({ containers: [{ name: 'web', image: 'web:1', resources: { requests: { cpu: '1' } } }] }))
  const containers = [{ name: 'web', image: 'web:2', resources: { requests: { cpu: '2' } } }]
  const resized = await request('PATCH', `${pods}/a/resize`, { spec: { containers } }, MERGE)
  assert.deepEqual([resized.get('spec.containers.0.image'), resized.get('spec.containers.0.resources.requests.cpu'), resized.get('status.resize')], ['web:1', '2', 'Proposed'])
  assert.equal((await request('PATCH', `${pods}/a`, { spec: { containers } }, MERGE)).status, 200)
  assert.equal((await request('PATCH', `${pods}/a`, { spec: { containers: [{ ...containers[0], resources: {} }] } }, MERGE)).status, 422)
})

test('a writer is told what has no effect in an object, unless it was there before', async () => {
  const served = servedResources()
  const { request } = await startTestServer({ extensions: { validators: [objectWarnings(() => served)] } })
  const pods = '/api/v1/namespaces/default/pods'
  const made = await request('POST', pods, samplePod({ containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80, hostIP: '10.0.0.1' }] }] }))
  assert.deepEqual([made.status, made.headers['warning']?.toString().includes('hostIP set without hostPort')], [201, true])
  assert.equal((await request('PATCH', `${pods}/a`, { metadata: { labels: { tier: 'web' } } }, MERGE)).headers['warning'], undefined)
  assert.equal((await request('POST', pods, { ...samplePod(), metadata: { name: 'quiet' } })).headers['warning'], undefined)
})
