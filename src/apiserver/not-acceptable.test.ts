import assert from 'node:assert/strict'
import { test } from 'node:test'
import { samplePod, sampleDeployment } from '../resources/sample-objects.testing.ts'
import { memberOf, startTestServer, type TestServer } from './apiserver.testing.ts'
import { bindingRoutes } from './subresources/pod-binding.ts'
import { evictionRoute } from './subresources/pod-eviction.ts'
import { facetRoutes } from './subresources/facet-routes.ts'

const TYPES = 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf'
const STREAMS =
  'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'
const asTable = (version = 'v1', group = 'meta.k8s.io'): string => `application/json;as=Table;v=${version};g=${group}`
const asPartial = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'

const SHOP = '/api/v1/namespaces/shop'
const POD = `${SHOP}/pods/a`
const DEPLOYMENT = '/apis/apps/v1/namespaces/shop/deployments/a'

async function startWithPod(): Promise<TestServer> {
  const server = await startTestServer({
    extensions: ({ clock }) => ({ routes: [...facetRoutes(), ...bindingRoutes(clock), evictionRoute(clock)] }),
  })
  const objects: [path: string, object: object][] = [
    ['/api/v1/namespaces', { metadata: { name: 'shop' } }], [`${SHOP}/pods`, named(samplePod())], [DEPLOYMENT.slice(0, -2), named(sampleDeployment())],
  ]
  for (const [path, object] of objects) {
    const created = await server.request('POST', path, object)
    assert.equal(created.status, 201, created.text)
  }
  return server
}

function named<T extends object>(object: T): T {
  return { ...object, metadata: { name: 'a' } }
}

test('406: nothing that is accepted can be made', async () => {
  const server = await startWithPod()
  const binding = { metadata: { name: 'a' }, target: { kind: 'Node', name: 'n' } }
  const table: [method: string, path: string, accept: string, expected: string, body?: object][] = [
    ['GET', POD, 'text/html', TYPES],
    ['GET', `${SHOP}/pods`, 'application/cbor, text/plain', TYPES],
    ['POST', `${SHOP}/pods`, 'text/html', TYPES, samplePod()],
    ['DELETE', POD, 'text/html', TYPES],
    ['GET', POD, asTable('v2'), TYPES],
    ['GET', POD, asTable('v1', 'example.com'), TYPES],
    ['GET', POD, asTable().replace('json', 'vnd.kubernetes.protobuf'), TYPES],
    ['GET', `${POD}/status`, asTable('v1alpha1'), TYPES],
    // Never shown, so never in a Table; and subresources whose body is the object, but which are for writers.
    ['POST', `${POD}/binding`, asTable(), TYPES, binding],
    ['POST', `${POD}/eviction`, 'text/html', TYPES, { metadata: { name: 'a' } }],
    ['GET', `${POD}/ephemeralcontainers`, asTable(), TYPES],
    ['GET', `${SHOP}/pods?watch=1`, asTable('v2'), TYPES],
  ]
  for (const [method, path, accept, message, body] of table) {
    const answer = await server.request(method, path, body, { accept })
    const title = `${method} ${path} ${accept}`
    const said = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: 'NotAcceptable', code: 406 }
    assert.deepEqual(answer.body, said, title)
    assert.deepEqual([answer.status, answer.headers['content-type']], [406, 'application/json'], title)
  }
  assert.equal((await server.request('GET', POD)).get('metadata.deletionTimestamp'), undefined)
  // An error can be said in YAML, a watch cannot.
  const watch = await server.request('GET', `${SHOP}/pods?watch=1`, undefined, { accept: 'application/yaml' })
  assert.deepEqual([watch.status, watch.headers['content-type'], watch.text.includes(STREAMS)], [406, 'application/yaml', true], watch.text)
  server.stop()
})

test('where something else is accepted too, that is made', async () => {
  const server = await startWithPod()
  const table: [path: string, accept: string, expected: string][] = [
    [POD, `${asTable('v2')},application/json`, 'v1 Pod'],
    [POD, `${asTable('v1beta1')},application/json`, 'meta.k8s.io/v1beta1 Table'],
    [`${SHOP}/pods`, asTable('v1beta1'), 'meta.k8s.io/v1beta1 Table'],
    [`${SHOP}/pods`, asPartial.replace(';v=v1', 'List;v=v1beta1'), 'meta.k8s.io/v1beta1 PartialObjectMetadataList'],
    [`${POD}/ephemeralcontainers`, `${asTable()},application/json`, 'v1 Pod'],
    [`${POD}/ephemeralcontainers`, asPartial, 'meta.k8s.io/v1 PartialObjectMetadata'],
    [`${POD}/status`, asTable(), 'meta.k8s.io/v1 Table'],
    [`${DEPLOYMENT}/scale`, asTable(), 'meta.k8s.io/v1 Table'],
    ['/api/v1/namespaces/shop/unheard', 'text/html', 'v1 Status'],
  ]
  for (const [path, accept, expected] of table) {
    const { body } = await server.request('GET', path, undefined, { accept })
    assert.equal(`${String(body.apiVersion)} ${String(body.kind)}`, expected, `${path} ${accept}`)
  }
  const old = await server.request('GET', `${SHOP}/pods`, undefined, { accept: asTable('v1beta1') })
  assert.equal(old.get('rows.0.object.apiVersion'), 'meta.k8s.io/v1beta1')
  const watch = await server.watch(`${SHOP}/pods?watch=1`, { accept: asTable('v1beta1') })
  const versions = watch.events.map(({ object }) => [object.apiVersion, memberOf(object, 'rows.0.object.apiVersion')])
  assert.deepEqual(versions, [['meta.k8s.io/v1beta1', 'meta.k8s.io/v1beta1']])
  await watch.close()
  server.stop()
})

test('a scale as a table is one of scales', async () => {
  const server = await startWithPod()
  await server.request('PUT', `${DEPLOYMENT}/status`, { ...named(sampleDeployment()), status: { replicas: 2 } })
  await server.request('PATCH', `${DEPLOYMENT}/scale`, { spec: { replicas: 4 } }, { 'content-type': 'application/merge-patch+json' })
  await server.clock.advance(60_000)
  const table = await server.request('GET', `${DEPLOYMENT}/scale`, undefined, { accept: asTable() })
  assert.deepEqual((table.get('columnDefinitions') as { name: string }[]).map(({ name }) => name), ['Name', 'Desired', 'Available', 'Age'])
  assert.deepEqual(table.get('rows.0.cells'), ['a', 4, 2, '60s'])
  server.stop()
})
