import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../objects/json.ts'
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

const asPartialList = asPartial.replace('Metadata;', 'MetadataList;')
const ONE_OF = (type: string): string => `you requested PartialObjectMetadata, but the requested object is a list (${type})`
const LIST_OF = (type: string): string => `you requested PartialObjectMetadataList, but the requested object is not a list (${type})`

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
    // Metadata of one object, or of a list: that it is the other one is found at the end, where nothing else is tried.
    ['GET', `${SHOP}/pods`, asPartial, ONE_OF('*core.PodList')],
    ['GET', `${SHOP}/pods?limit=1`, asPartial.replace('v=v1', 'v=v1beta1'), ONE_OF('*core.PodList')],
    ['GET', `${SHOP}/pods`, `${asPartial},${asTable()},${asPartialList}`, ONE_OF('*core.PodList')],
    ['GET', '/apis/apps/v1/deployments', `${asTable('v2')},${asPartial}`, ONE_OF('*apps.DeploymentList')],
    ['GET', '/apis/events.k8s.io/v1/events', asPartial, ONE_OF('*core.EventList')],
    ['GET', POD, asPartialList, LIST_OF('*core.Pod')],
    ['GET', `${DEPLOYMENT}/scale`, asPartialList, LIST_OF('*autoscaling.Scale')],
    ['GET', `${DEPLOYMENT}/status`, `${asPartialList},${asPartial}`, LIST_OF('*apps.Deployment')],
    ['GET', `${POD}/ephemeralcontainers`, asPartialList, LIST_OF('*core.Pod')],
    ['POST', '/api/v1/namespaces', asPartialList, LIST_OF('*core.Namespace'), { metadata: { name: 'made' } }],
    ['DELETE', `${SHOP}/configmaps`, asPartial, ONE_OF('*core.ConfigMapList')],
  ]
  for (const [method, path, accept, message, body] of table) {
    const answer = await server.request(method, path, body, { accept })
    const title = `${method} ${path} ${accept}`
    const said = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: 'NotAcceptable', code: 406 }
    assert.deepEqual(answer.body, said, title)
    assert.deepEqual([answer.status, answer.headers['content-type']], [406, 'application/json'], title)
  }
  assert.equal((await server.request('GET', POD)).get('metadata.deletionTimestamp'), undefined)
  assert.equal((await server.request('GET', '/api/v1/namespaces/made')).status, 200, 'what was asked for has happened before')
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
    [POD, `${asPartialList.replace('v=v1', 'v=v2')},${asPartial}`, 'meta.k8s.io/v1 PartialObjectMetadata'],
    [`${SHOP}/pods/none`, asPartialList, 'v1 Status'],
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

test('a watch that is to show lists of metadata ends where it would show its first', async () => {
  const server = await startWithPod()
  const watch = await server.watch(`${SHOP}/pods?watch=1`, { accept: asPartialList })
  await watch.ended
  const later = await server.watch(`${SHOP}/configmaps?watch=1`, { accept: asPartialList })
  assert.equal(await Promise.race([later.ended, 'goes on']), 'goes on')
  await server.request('POST', `${SHOP}/configmaps`, { metadata: { name: 'a' } })
  await later.ended
  assert.deepEqual([watch.events, later.events], [[], []])
  server.stop()
})

test('a table shows of its objects what includeObject says', async () => {
  const server = await startWithPod()
  const ask = async (query: string): Promise<string> => {
    const { status, text, get } = await server.request('GET', `${POD}?includeObject=${query}`, undefined, { accept: asTable() })
    return status === 200 ? String(memberOf(get('rows.0') as JsonObject, 'object.kind') ?? get('rows.0.object')) : `${status} ${String(memberOf(JSON.parse(text) as JsonObject, 'message'))}`
  }
  assert.deepEqual([await ask(''), await ask('Metadata'), await ask('Object'), await ask('None')], ['PartialObjectMetadata', 'PartialObjectMetadata', 'Pod', 'null'])
  assert.equal(
    await ask('All'),
    `400 Unable to convert to Table as requested: includeObject: Invalid value: "All": must be 'Metadata', 'Object', 'None', or empty`,
  )
  server.stop()
})
