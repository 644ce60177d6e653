import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../objects/json.ts'
import { SchemaCatalog } from '../../resources/schema.ts'
import { textOf } from '../../words/bytes.ts'
import { memberOf, settle, startTestServer, testRequest, type TestServer } from '../apiserver.testing.ts'
import { ProtobufDecoder } from './decode-object.ts'
import { wireFields } from './wire-reader.ts'

const TYPE = 'application/vnd.kubernetes.protobuf'
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const WIDGETS = '/apis/example.com/v1/widgets'
const decoder = new ProtobufDecoder(new SchemaCatalog().lookup)

async function ask(server: TestServer, method: string, path: string, body?: unknown, accept = TYPE): Promise<{ type: string; status: number; object: JsonObject }> {
  const response = await server.raw(method, path, body, { accept })
  assert(response.type === 'whole')
  const type = response.headers['content-type'] ?? ''
  const bytes = Buffer.concat(response.body)
  return { type, status: response.status, object: type === TYPE ? decoder.decode(bytes) : JSON.parse(bytes.toString()) as JsonObject }
}

const configMap = (name: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { key: 'värde' } })

test('whoever asks for protocol buffers gets them', async () => {
  const server = await startTestServer()
  const created = await ask(server, 'POST', CONFIG_MAPS, configMap('a'))
  assert.deepEqual([created.type, created.status, memberOf(created.object, 'data.key')], [TYPE, 201, 'värde'])
  await ask(server, 'POST', CONFIG_MAPS, configMap('b'))
  const { object: json } = await ask(server, 'GET', `${CONFIG_MAPS}/a`, undefined, 'application/json')
  assert.deepEqual((await ask(server, 'GET', `${CONFIG_MAPS}/a`)).object, json)
  const { object: list } = await ask(server, 'GET', CONFIG_MAPS)
  assert.deepEqual([list['kind'], (list['items'] as JsonObject[]).map((item) => memberOf(item, 'metadata.name'))], ['ConfigMapList', ['a', 'b']])
  const partial = await ask(server, 'GET', CONFIG_MAPS, undefined, `${TYPE};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`)
  assert.deepEqual([partial.object['kind'], memberOf(partial.object, 'items.1.metadata.name'), memberOf(partial.object, 'items.1.data')], ['PartialObjectMetadataList', 'b', undefined])
  const old = await ask(server, 'GET', CONFIG_MAPS, undefined, `${TYPE};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1`)
  assert.deepEqual([old.type, old.object], [TYPE, { ...partial.object, apiVersion: 'meta.k8s.io/v1beta1' }])
  const one = await ask(server, 'GET', `${CONFIG_MAPS}/a`, undefined, `${TYPE};as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1`)
  assert.deepEqual([one.object['apiVersion'], one.object['kind'], memberOf(one.object, 'metadata.name')], ['meta.k8s.io/v1beta1', 'PartialObjectMetadata', 'a'])
  const missing = await ask(server, 'GET', `${CONFIG_MAPS}/none`)
  assert.deepEqual([missing.type, missing.status, missing.object['reason']], [TYPE, 404, 'NotFound'])
  const table = await ask(server, 'GET', CONFIG_MAPS, undefined, `application/json;as=Table;v=v1;g=meta.k8s.io,${TYPE}`)
  assert.equal(table.object['kind'], 'Table')
  server.stop()
})

/** What a watch tells while the work is done: type, apiVersion, kind and name of each frame. */
async function told(server: TestServer, path: string, accept: string, work: () => Promise<void>): Promise<string[]> {
  const chunks: Uint8Array[] = []
  const stop = new AbortController()
  const query = 'watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan'
  const response = await server.server.handle(testRequest('GET', `${path}?${query}`, undefined, { accept }, stop.signal))
  assert(response.type === 'stream')
  assert.equal(response.headers['content-type'], `${TYPE};stream=watch`)
  void response.send({ write: (bytes) => chunks.push(bytes) > 0, backlogBytes: () => 0, drained: () => Promise.resolve() })
  await settle()
  await work()
  await settle()
  stop.abort()
  return [...framesIn(Buffer.concat(chunks))].map(({ type, object }) => (
    `${type} ${String(object['apiVersion'])} ${String(object['kind'])} ${String(memberOf(object, 'metadata.name') ?? '')}`.trimEnd()
  ))
}

test('a watch is frames with their length before them', async () => {
  const server = await startTestServer()
  const table: [accept: string, kind: string][] = [
    [`${TYPE};stream=watch`, 'v1 ConfigMap'],
    [`${TYPE};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`, 'meta.k8s.io/v1 PartialObjectMetadata'],
    [`${TYPE};as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1`, 'meta.k8s.io/v1beta1 PartialObjectMetadata'],
  ]
  for (const [accept, kind] of table) {
    const events = await told(server, CONFIG_MAPS, accept, async () => {
      await server.request('POST', CONFIG_MAPS, configMap('a'))
      await server.request('DELETE', `${CONFIG_MAPS}/a`)
    })
    assert.deepEqual(events, [`BOOKMARK ${kind}`, `ADDED ${kind} a`, `DELETED ${kind} a`], accept)
  }
  server.stop()
})

function* framesIn(bytes: Buffer): Iterable<{ type: string; object: JsonObject }> {
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) {
    const fields = [...wireFields(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)))]
    const content = (number: number): Uint8Array => {
      const field = fields.find((each) => each.number === number)
      assert(field?.type === 'bytes')
      return field.bytes
    }
    const [raw] = wireFields(content(2))
    assert(raw?.type === 'bytes')
    yield { type: textOf(content(1)), object: decoder.decode(raw.bytes) }
  }
}

test('custom resources have no messages, but their metadata has', async () => {
  const server = await startTestServer()
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }
  await server.request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'widgets.example.com' },
    spec: { group: 'example.com', scope: 'Cluster', names: { plural: 'widgets', kind: 'Widget' }, versions: [version] },
  })
  await settle()
  assert.equal((await ask(server, 'GET', WIDGETS, undefined, `${TYPE},application/json`)).type, 'application/json')
  assert.equal((await ask(server, 'GET', WIDGETS)).status, 406)
  const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'a' } }
  assert.equal((await ask(server, 'POST', WIDGETS, widget, 'application/json')).status, 201)
  const PARTIAL = `${TYPE};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`
  const list = await ask(server, 'GET', WIDGETS, undefined, PARTIAL.replace('Metadata;', 'MetadataList;'))
  assert.deepEqual([list.type, list.object['kind'], memberOf(list.object, 'items.0.metadata.name')], [TYPE, 'PartialObjectMetadataList', 'a'])
  const one = await ask(server, 'GET', `${WIDGETS}/a`, undefined, `${PARTIAL},application/json`)
  assert.deepEqual([one.type, one.object['kind'], memberOf(one.object, 'metadata.name')], [TYPE, 'PartialObjectMetadata', 'a'])
  const wrong = await ask(server, 'GET', WIDGETS, undefined, PARTIAL)
  assert.equal(wrong.object['message'], 'you requested PartialObjectMetadata, but the requested object is a list (*unstructured.UnstructuredList)')
  const events = await told(server, WIDGETS, PARTIAL, async () => void await server.request('DELETE', `${WIDGETS}/a`))
  const kind = 'meta.k8s.io/v1 PartialObjectMetadata'
  assert.deepEqual(events, [`ADDED ${kind} a`, `BOOKMARK ${kind}`, `DELETED ${kind} a`])
  server.stop()
})
