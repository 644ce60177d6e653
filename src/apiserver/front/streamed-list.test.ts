import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../objects/json.ts'
import { parseJson } from '../../objects/json-text.ts'
import { SchemaCatalog } from '../../resources/schema.ts'
import { createMemoryStore } from '../../store/memory.ts'
import { textOf, utf8 } from '../../words/bytes.ts'
import { memberOf, settle, startTestServer, testRequest, type TestServer } from '../apiserver.testing.ts'
import type { ByteSink, ServerResponse } from '../http.ts'
import { ProtobufDecoder } from '../protobuf/decode-object.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const PARTIAL = 'as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
/** Enough for every form to be streamed, and for more than one piece. */
const COUNT = 4_200
const decoder = new ProtobufDecoder(new SchemaCatalog().lookup)

function nameOf(number: number): string {
  return `c-${String(number).padStart(5, '0')}`
}

async function filledServer(count = COUNT, textLength = 60): Promise<TestServer> {
  const store = createMemoryStore()
  const writes = Array.from({ length: count }, (_, number) => {
    const metadata = { name: nameOf(number), namespace: 'default', uid: String(number), creationTimestamp: '2026-01-01T00:00:00Z' }
    const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { text: `ä ${'x'.repeat(textLength)}` } }
    return { key: `objects/core/configmaps/default/${nameOf(number)}`, value: utf8(JSON.stringify(object)) }
  })
  await store.commit({ expect: [], writes })
  return startTestServer({ store })
}

/** The object that a list in this form is, and in how many pieces it came. */
async function listed(server: TestServer, accept: string, query: string): Promise<{ list: JsonObject; pieces: number }> {
  return read(server, await server.raw('GET', `${CONFIG_MAPS}${query}`, undefined, { accept }), accept)
}

async function read(server: TestServer, response: ServerResponse, accept: string): Promise<{ text: string; list: JsonObject; pieces: number }> {
  const pieces: Uint8Array[] = response.type === 'whole' ? [...response.body] : []
  if (response.type === 'stream') {
    const sink = { write: (bytes: Uint8Array) => pieces.push(bytes) % 2 === 0, backlogBytes: () => 0, drained: () => Promise.resolve() }
    let ended = false
    void response.send(sink).then(() => (ended = true))
    while (!ended) {
      await settle()
      await server.clock.advance(1)
    }
  }
  const bytes = Buffer.concat(pieces)
  return { text: textOf(bytes), list: accept.startsWith(PROTOBUF) ? decoder.decode(bytes) : parseJson(textOf(bytes)) as JsonObject, pieces: pieces.length }
}

test('a long list that is streamed is the list that its pages make', async () => {
  const server = await filledServer()
  for (const accept of ['application/json', PROTOBUF, `application/json;${PARTIAL}`, `${PROTOBUF};${PARTIAL}`, 'application/json;as=Table;v=v1;g=meta.k8s.io']) {
    const { list, pieces } = await listed(server, accept, '')
    const first = (await listed(server, accept, '?limit=1')).list
    const member = accept.includes('Table') ? 'rows' : 'items'
    const items = list[member] as JsonObject[]
    assert.equal(items.length, COUNT, accept)
    assert.ok(pieces > 1, `${accept}: ${pieces}`)
    assert.deepEqual(items[0], (first[member] as JsonObject[])[0], accept)
    assert.deepEqual({ ...list, [member]: [] }, { ...first, metadata: { resourceVersion: memberOf(first, 'metadata.resourceVersion') }, [member]: [] }, accept)
  }
  server.stop()
})

test('a long list for people is streamed too, in the lines that it would have in one piece', async () => {
  const server = await filledServer(600)
  for (const accept of ['application/json', `application/json;${PARTIAL}`, 'application/json;as=Table;v=v1;g=meta.k8s.io']) {
    const response = await server.raw('GET', `${CONFIG_MAPS}?pretty=true`, undefined, { accept })
    assert.equal(response.type, 'stream', accept)
    const { text, list } = await read(server, response, accept)
    assert.equal(text, `${JSON.stringify(list, null, 2)}\n`, accept)
  }
  server.stop()
})

test('a list in protocol buffers that is too long to be kept is encoded again while it is sent, in blocks', async () => {
  const server = await filledServer(1_010, 9_000)
  const { list, pieces } = await listed(server, PROTOBUF, '')
  const items = list['items'] as JsonObject[]
  const json = (await listed(server, 'application/json', '')).list['items'] as JsonObject[]
  assert.ok(pieces > 60, String(pieces))
  assert.deepEqual(items, json.map(({ kind: _, apiVersion: __, ...item }) => item))
  server.stop()
})

test('a watch that begins with a large state waits for its client, and tells later what changed meanwhile', async () => {
  const server = await filledServer()
  const told: string[] = []
  let unfinished = ''
  let resume: (() => void) | undefined
  const sink: ByteSink = {
    write(bytes) {
      const lines = (unfinished + textOf(bytes)).split('\n')
      unfinished = lines.pop() ?? ''
      for (const line of lines) {
        const { type, object } = JSON.parse(line) as { type: string; object: JsonObject }
        told.push(`${type} ${String(memberOf(object, 'metadata.name') ?? '')}`)
      }
      return false
    },
    backlogBytes: () => 0,
    drained: () => new Promise((resolve) => (resume = resolve)),
  }
  const end = new AbortController()
  const path = `${CONFIG_MAPS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`
  const response = await server.server.handle(testRequest('GET', path, undefined, {}, end.signal))
  assert.ok(response.type === 'stream')
  const watching = response.send(sink)
  await settle()
  assert.ok(told.length > 0 && told.length < COUNT, String(told.length))
  await server.request('DELETE', `${CONFIG_MAPS}/${nameOf(COUNT - 1)}`)
  while (told.length < COUNT + 2) {
    resume?.()
    await settle()
  }
  await server.request('DELETE', `${CONFIG_MAPS}/${nameOf(0)}`)
  await settle()
  assert.deepEqual(told.slice(COUNT - 1), [`ADDED ${nameOf(COUNT - 1)}`, 'BOOKMARK ', `DELETED ${nameOf(COUNT - 1)}`, `DELETED ${nameOf(0)}`])
  end.abort()
  await watching
  server.stop()
})

test('a list takes its turns, and shows one revision whatever changes between them', async () => {
  const query = `fieldSelector=metadata.namespace%3Ddefault,metadata.name!%3D${nameOf(1)}`
  for (const [path, gone] of [[CONFIG_MAPS, 0], [`${CONFIG_MAPS}?${query}`, 1], [`${CONFIG_MAPS}?limit=4000`, 200]] as const) {
    const server = await filledServer()
    server.clock.lookMs = 1
    const answer = server.raw('GET', path)
    await settle()
    server.clock.lookMs = 0
    await server.request('DELETE', `${CONFIG_MAPS}/${nameOf(3_900)}`)
    await server.request('PUT', `${CONFIG_MAPS}/${nameOf(3_901)}`, { metadata: { name: nameOf(3_901) } })
    await server.request('POST', CONFIG_MAPS, { metadata: { name: 'c-00000-later' } })
    await server.clock.advance(1)
    const { list } = await read(server, await answer, 'application/json')
    const items = list['items'] as JsonObject[]
    const seen = [items.length, memberOf(items[3_900 - (gone === 1 ? 1 : 0)], 'metadata.name'), memberOf(items[3_901 - (gone === 1 ? 1 : 0)], 'data') === undefined]
    assert.deepEqual([...seen, memberOf(list, 'metadata.resourceVersion')], [COUNT - gone, nameOf(3_900), false, '1'], path)
    assert.equal(memberOf(list, 'metadata.remainingItemCount'), gone === 200 ? 200 : undefined, path)
    server.stop()
  }
})

test('a watch that takes several turns to tell its state tells what changed meanwhile after it', async () => {
  const server = await filledServer(600)
  server.clock.lookMs = 6
  const opened = server.watch(`${CONFIG_MAPS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`)
  await settle()
  server.clock.lookMs = 0
  const watch = await opened
  assert.deepEqual(await watch.news(), [])
  await server.request('DELETE', `${CONFIG_MAPS}/${nameOf(599)}`)
  await server.clock.advance(1)
  const news = await watch.news()
  assert.deepEqual([news.length, ...news.slice(599)], [602, `ADDED ${nameOf(599)}@1`, 'BOOKMARK @1', `DELETED ${nameOf(599)}@2`])
  server.stop()
})

test('a watch that resumes far behind is told of the past in several turns, and of what changes between them', async () => {
  const server = await filledServer(1)
  for (let number = 0; number < 400; number++) {
    await server.request('PATCH', `${CONFIG_MAPS}/${nameOf(0)}`, { data: { text: String(number) } }, { 'content-type': 'application/merge-patch+json' })
  }
  server.clock.lookMs = 6
  const opened = server.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=1`)
  await settle()
  server.clock.lookMs = 0
  await server.request('DELETE', `${CONFIG_MAPS}/${nameOf(0)}`)
  const watch = await opened
  const early = (await watch.news()).length
  assert(early > 0 && early < 400, String(early))
  await server.clock.advance(1)
  const revisions = watch.events.map(({ object }) => Number(object.metadata.resourceVersion))
  assert.deepEqual(revisions, Array.from({ length: 401 }, (_, index) => index + 2))
  assert.equal(watch.events.at(-1)?.type, 'DELETED')
  server.stop()
})

test('integers of 64 bits are streamed as they are', async () => {
  const store = createMemoryStore()
  const count = 600
  const writes = Array.from({ length: count }, (_, number) => {
    const name = nameOf(number)
    const object = `{"kind":"ControllerRevision","apiVersion":"apps/v1","metadata":{"name":"${name}","namespace":"default"},"revision":${2n ** 53n + BigInt(number)}}`
    return { key: `objects/apps/controllerrevisions/default/${name}`, value: utf8(object) }
  })
  await store.commit({ expect: [], writes })
  const server = await startTestServer({ store })
  for (const accept of [PROTOBUF, 'application/json;as=Table;v=v1;g=meta.k8s.io']) {
    const { list, pieces } = await read(server, await server.raw('GET', '/apis/apps/v1/namespaces/default/controllerrevisions', undefined, { accept }), accept)
    const found = ((list['rows'] ?? list['items']) as JsonObject[]).map((item) => item['revision'] ?? (item['cells'] as unknown[])[2])
    assert.deepEqual([found.length, found[1], found[count - 1], pieces > 0], [count, 2n ** 53n + 1n, 2n ** 53n + 599n, true], accept)
  }
  server.stop()
})
