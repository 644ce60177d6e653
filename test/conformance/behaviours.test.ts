/** Single behaviours that upstream's conformance tests name, beyond the life of a kind (docs/conformance.md). */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { memberOf, type TestAnswer } from '../../src/apiserver/apiserver.testing.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { startWholeServer, type WholeServer } from '../fuzz/whole-server.testing.ts'

const CORE = '/api/v1/namespaces/default'
const MERGE = 'application/merge-patch+json'

let server: WholeServer
before(async () => {
  server = await startWholeServer(createMemoryStore())
  await ok(server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } }))
  await ok(server.ask('POST', `${CORE}/serviceaccounts`, { metadata: { name: 'default' } }))
})

async function ok(answered: Promise<TestAnswer>): Promise<TestAnswer> {
  const answer = await answered
  assert.ok(answer.status < 300, answer.text)
  return answer
}

const patch = (path: string, body: object): Promise<TestAnswer> => server.ask('PATCH', path, body, MERGE)

test('keys of ConfigMaps and Secrets are not empty', async () => {
  for (const [plural, data] of [['configmaps', { '': 'x' }], ['secrets', { '': 'eA==' }]] as const) {
    const answer = await server.ask('POST', `${CORE}/${plural}`, { metadata: { name: 'empty-key' }, data })
    assert.equal(answer.status, 422, answer.text)
    assert.match(String(answer.get('message')), /is invalid: data\[\]: Invalid value: "": a valid config key must consist of alphanumeric characters/)
  }
})

test('what is immutable keeps its data, and stays immutable', async () => {
  for (const [plural, data, other] of [['configmaps', { a: 'x' }, { a: 'y' }], ['secrets', { a: 'eA==' }, { a: 'eQ==' }]] as const) {
    const path = `${CORE}/${plural}/fixed`
    await ok(server.ask('POST', `${CORE}/${plural}`, { metadata: { name: 'fixed' }, data }))
    await ok(patch(path, { data: other }))
    await ok(patch(path, { immutable: true }))
    for (const change of [{ data }, { immutable: false }, { immutable: null }]) assert.equal((await patch(path, change)).status, 422)
    await ok(patch(path, { metadata: { labels: { a: 'b' } } }))
    await ok(server.ask('DELETE', path))
  }
})

test('a Service changes from type to type', async () => {
  const path = `${CORE}/services/changing`
  await ok(server.ask('POST', `${CORE}/services`, { metadata: { name: 'changing' }, spec: { type: 'ExternalName', externalName: 'example.test' } }))
  const steps: [change: object, check: (answer: TestAnswer) => void][] = [
    [{ type: 'ClusterIP', externalName: null, ports: [{ port: 80 }] }, (answer) => assert.match(String(answer.get('spec.clusterIP')), /^10\./)],
    [{ type: 'ExternalName', externalName: 'example.test', clusterIP: null, clusterIPs: null }, (answer) => assert.equal(answer.get('spec.clusterIP'), undefined)],
    [{ type: 'NodePort', externalName: null, ports: [{ port: 80 }] }, (answer) => assert.equal(typeof answer.get('spec.ports.0.nodePort'), 'number')],
    [{ type: 'ExternalName', externalName: 'example.test', clusterIP: null, clusterIPs: null, ports: null }, (answer) => assert.equal(answer.get('spec.ports'), undefined)],
  ]
  for (const [spec, check] of steps) check(await ok(patch(path, { spec })))
  const status = { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } }
  assert.deepEqual((await ok(patch(`${path}/status`, { metadata: { annotations: { patched: 'true' } }, spec: { externalName: 'other.test' } }))).get('spec.externalName'), 'example.test')
  await ok(patch(path, { spec: { type: 'LoadBalancer', externalName: null, ports: [{ port: 80 }] } }))
  assert.deepEqual((await ok(patch(`${path}/status`, { status }))).get('status.loadBalancer.ingress.0.ip'), '192.0.2.7')
})

test('scales are read, written and patched', async () => {
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  const selector = { matchLabels: { a: 'b' } }
  const kinds: [path: string, spec: object][] = [
    ['/apis/apps/v1/namespaces/default/deployments', { selector, template }], ['/apis/apps/v1/namespaces/default/replicasets', { selector, template }],
    ['/apis/apps/v1/namespaces/default/statefulsets', { selector, template, serviceName: 's' }], [`${CORE}/replicationcontrollers`, { selector: { a: 'b' }, template }],
  ]
  for (const [path, spec] of kinds) {
    await ok(server.ask('POST', path, { metadata: { name: 'scaled' }, spec: { ...spec, replicas: 1 } }))
    const scale = await ok(server.ask('GET', `${path}/scaled/scale`))
    assert.deepEqual([scale.get('kind'), scale.get('spec.replicas'), scale.get('status.selector')], ['Scale', 1, 'a=b'])
    assert.equal((await ok(server.ask('PUT', `${path}/scaled/scale`, { ...scale.body, spec: { replicas: 2 } }))).get('spec.replicas'), 2)
    assert.equal((await ok(patch(`${path}/scaled/scale`, { spec: { replicas: 4 } }))).get('spec.replicas'), 4)
    assert.equal((await ok(server.ask('GET', `${path}/scaled`))).get('spec.replicas'), 4)
  }
})

test('pods: quality of service, classes, names of sysctls, status', async () => {
  const pod = (name: string, spec: object, container: object = {}): Promise<TestAnswer> => server.ask('POST', `${CORE}/pods`, { metadata: { name }, spec: { ...spec, containers: [{ name: 'c', image: 'i', ...container }] } })
  const amounts = { cpu: '100m', memory: '10Mi' }
  for (const [resources, expected] of [[{}, 'BestEffort'], [{ requests: amounts }, 'Burstable'], [{ limits: amounts, requests: amounts }, 'Guaranteed']] as const) {
    assert.equal((await ok(pod(`quality-${expected.toLowerCase()}`, {}, { resources }))).get('status.qosClass'), expected)
  }
  const refusals: [answer: TestAnswer, status: number, message: RegExp][] = [
    [await pod('classless', { runtimeClassName: 'none' }), 403, /RuntimeClass "none" not found|runtimeclass/i],
    [await pod('sysctls', { securityContext: { sysctls: [{ name: 'foo-', value: 'bar' }, { name: 'kernel.shmmax', value: '100000000' }, { name: 'safe-and-unsafe', value: '100000000' }, { name: 'bar..', value: '42' }] } }), 422, /sysctls\[0\]\.name: Invalid value: "foo-"[\s\S]*sysctls\[3\]\.name: Invalid value: "bar\.\."/],
    [await pod('important', { priorityClassName: 'none' }), 403, /no PriorityClass with name none was found/],
  ]
  for (const [answer, status, message] of refusals) {
    assert.equal(answer.status, status, answer.text)
    assert.match(String(answer.get('message')), message)
  }
  const conditions = [{ type: 'example.com/seen', status: 'True' }]
  const patched = await ok(server.ask('PATCH', `${CORE}/pods/quality-burstable/status`, { status: { conditions } }, 'application/strategic-merge-patch+json'))
  assert.equal(memberOf(patched.body, 'status.conditions.0.type'), 'example.com/seen')
  const ephemeral = await ok(server.ask('PATCH', `${CORE}/pods/quality-burstable/ephemeralcontainers`, { spec: { ephemeralContainers: [{ name: 'look', image: 'i' }] } }, 'application/strategic-merge-patch+json'))
  assert.equal(ephemeral.get('spec.ephemeralContainers.0.name'), 'look')
})

test('the value of a PriorityClass is fixed, its description is not', async () => {
  const path = '/apis/scheduling.k8s.io/v1/priorityclasses'
  await ok(server.ask('POST', path, { metadata: { name: 'p1' }, value: 1 }))
  assert.equal((await patch(`${path}/p1`, { value: 10 })).status, 422)
  assert.equal((await ok(patch(`${path}/p1`, { description: 'updated' }))).get('description'), 'updated')
})

test('a Namespace is finalized by its own subresource', async () => {
  const path = '/api/v1/namespaces/finalizing'
  await ok(server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'finalizing' } }))
  const read = await ok(server.ask('GET', path))
  const added = await ok(server.ask('PUT', `${path}/finalize`, { ...read.body, spec: { finalizers: ['kubernetes', 'e2e.example.com/f'] } }))
  assert.deepEqual(added.get('spec.finalizers'), ['kubernetes', 'e2e.example.com/f'])
  const removed = await ok(server.ask('PUT', `${path}/finalize`, { ...added.body, spec: { finalizers: ['kubernetes'] } }))
  assert.deepEqual(removed.get('spec.finalizers'), ['kubernetes'])
  assert.equal((await ok(patch(path, { metadata: { labels: { testLabel: 'testValue' } } }))).get('metadata.labels.testLabel'), 'testValue')
  assert.equal((await ok(patch(`${path}/status`, { status: { conditions: [{ type: 'StatusPatch', status: 'True', reason: 'E2E' }] } }))).get('status.conditions.0.type'), 'StatusPatch')
})
