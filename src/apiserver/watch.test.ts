import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memberOf, settle, startTestServer, testRequest } from './apiserver.testing.ts'
import type { TestServer, TestServerOptions } from './apiserver.testing.ts'
import { defaultLimits } from './server.ts'
import { kinds } from '../resources/generated/kinds.ts'
import { textOf } from '../words/bytes.ts'
import { allObjects } from './storage/keys.ts'
import { lossyStore } from './lossy-store.testing.ts'

const CONFIG_MAPS = '/api/v1/namespaces/shop/configmaps'
const MERGE = { 'content-type': 'application/merge-patch+json' }

async function serverWith(names: readonly string[], options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer(options)
  for (const name of names) await server.request('POST', CONFIG_MAPS, { metadata: { name } })
  return server
}

async function touch(server: TestServer, name: string, value: string): Promise<void> {
  await server.request('PATCH', `${CONFIG_MAPS}/${name}`, { data: { value } }, MERGE)
}

test('where a watch begins', async () => {
  const server = await serverWith(['a', 'b'])
  await touch(server, 'a', 'x')
  const table: [string, string[]][] = [
    ['', ['ADDED a@3', 'ADDED b@2']],
    ['&resourceVersion=0', ['ADDED a@3', 'ADDED b@2']],
    ['&allowWatchBookmarks=true', ['ADDED a@3', 'ADDED b@2', 'BOOKMARK @3']],
    ['&resourceVersion=0&allowWatchBookmarks=true', ['ADDED a@3', 'ADDED b@2', 'BOOKMARK @3']],
    ['&resourceVersion=3&allowWatchBookmarks=true', []],
    ['&resourceVersion=1', ['ADDED b@2', 'MODIFIED a@3']],
    ['&resourceVersion=3', []],
    ['&sendInitialEvents=false&resourceVersionMatch=NotOlderThan', []],
    ['&sendInitialEvents=true&resourceVersionMatch=NotOlderThan', ['ADDED a@3', 'ADDED b@2']],
    ['&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true', ['ADDED a@3', 'ADDED b@2', 'BOOKMARK @3']],
    ['&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=2&allowWatchBookmarks=true', ['ADDED a@3', 'ADDED b@2', 'BOOKMARK @3']],
    ['&fieldSelector=metadata.name%3Da&resourceVersion=1', ['MODIFIED a@3']],
    ['&fieldSelector=metadata.name%3Db', ['ADDED b@2']],
  ]
  for (const [query, expected] of table) {
    const watch = await server.watch(`${CONFIG_MAPS}?watch=1${query}`)
    assert.deepEqual(await watch.news(), expected, query)
    await watch.close()
  }
  const ends: [accept: string, list: string][] = [
    ['application/json', '{"kind":"ConfigMapList","apiVersion":"v1","metadata":{},"items":[]}\n'],
    ['application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1', '{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[]}\n'],
    ['application/json;as=Table;g=meta.k8s.io;v=v1', '{"kind":"ConfigMapList","apiVersion":"v1","metadata":{},"items":[]}\n'],
  ]
  for (const [accept, list] of ends) {
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const watch = await server.watch(`${CONFIG_MAPS}?${query}`, { accept })
    const place = accept.includes('Table') ? 'rows.0.object.metadata.annotations' : 'metadata.annotations'
    const annotations = memberOf(watch.events.at(-1)?.object, place) as Record<string, string>
    const { 'k8s.io/initial-events-end': end, 'kubernetes.io/initial-events-list-blueprint': blueprint } = annotations
    assert.deepEqual([end, blueprint && atob(blueprint)], ['true', list], accept)
    await watch.close()
  }
  const old = await server.watch('/api/v1/watch/namespaces/shop/configmaps/a')
  assert.deepEqual(await old.news(), ['ADDED a@3'])
})

test('bookmarks each minute and at the timeout', async () => {
  const server = await serverWith(['a'])
  const watch = await server.watch(`${CONFIG_MAPS}?watch=1&resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=90`)
  await server.request('POST', '/api/v1/namespaces/shop/secrets', { metadata: { name: 's' } })
  await server.clock.advance(60_000)
  assert.deepEqual(await watch.news(), ['BOOKMARK @2'])
  await server.clock.advance(30_000)
  assert.deepEqual(await watch.news(), ['BOOKMARK @2'])
  await watch.ended
})

test('who wants no bookmarks gets none, also where the timer of the end comes too early', async () => {
  const server = await serverWith(['a'])
  const watch = await server.watch(`${CONFIG_MAPS}?watch=1&timeoutSeconds=90`)
  await server.clock.advance(80_000)
  server.clock.setBack(5_000)
  await server.clock.advance(10_000)
  await server.clock.advance(10_000)
  await watch.ended
  assert.deepEqual(await watch.news(), ['ADDED a@1'])
})

test('a watch from a revision that is gone gets an ERROR event 410', async () => {
  const server = await serverWith(['a', 'b', 'c'])
  await server.store.compact(2)
  const { watch } = await startTestServer({ store: server.store })
  const stale = await watch(`${CONFIG_MAPS}?watch=1&resourceVersion=1`)
  await stale.ended
  assert.equal(stale.events[0]?.type, 'ERROR')
  assert.equal(memberOf(stale.events[0]?.object, 'code'), 410)
  assert.equal(memberOf(stale.events[0]?.object, 'reason'), 'Expired')
  assert.match(String(memberOf(stale.events[0]?.object, 'message')), /^too old resource version: 1 \(\d\)$/)
})

test('watches resume after a restart of the server', async () => {
  const server = await serverWith(['a', 'b', 'c'])
  server.stop()
  const { watch } = await startTestServer({ store: server.store })
  assert.deepEqual(await (await watch(`${CONFIG_MAPS}?watch=1&resourceVersion=1`)).news(), ['ADDED b@2', 'ADDED c@3'])
})

test('a watcher that does not read is ended, and nobody waits for it', async () => {
  const server = await serverWith(['a'], { limits: { ...defaultLimits, watchBacklogBytes: 1_000 } })
  const slow = await server.watch(`${CONFIG_MAPS}?watch=1&resourceVersion=1`)
  slow.backlogBytes = 2_000
  await touch(server, 'a', 'x')
  await slow.ended
  assert.equal(slow.events.length, 1)
})

test('clients that watch the same hear the same, whoever comes, goes or does not read', async () => {
  const server = await serverWith(['a'], { limits: { ...defaultLimits, watchBacklogBytes: 1_000 } })
  const same = `${CONFIG_MAPS}?watch=1&resourceVersion=1&labelSelector=absent%21%3Dx`
  const first = await server.watch(same)
  const second = await server.watch(same)
  const slow = await server.watch(same)
  const others = await server.watch(`${CONFIG_MAPS}?watch=1&resourceVersion=1&labelSelector=absent%3Dx`)
  const ahead = await server.watch(`${CONFIG_MAPS}?watch=1&resourceVersion=3&labelSelector=absent%21%3Dx`)
  await touch(server, 'a', 'x')
  const late = await server.watch(same)
  slow.backlogBytes = 2_000
  await touch(server, 'a', 'y')
  await slow.ended
  await first.close()
  await touch(server, 'a', 'z')
  assert.deepEqual(await first.news(), ['MODIFIED a@2', 'MODIFIED a@3'])
  assert.deepEqual(await second.news(), ['MODIFIED a@2', 'MODIFIED a@3', 'MODIFIED a@4'])
  assert.deepEqual(await late.news(), ['MODIFIED a@2', 'MODIFIED a@3', 'MODIFIED a@4'])
  assert.deepEqual(await slow.news(), ['MODIFIED a@2', 'MODIFIED a@3'])
  assert.deepEqual(await ahead.news(), ['MODIFIED a@4'])
  assert.deepEqual(await others.news(), [])
  await second.close()
  await late.close()
  const again = await server.watch(`${CONFIG_MAPS}?watch=1&resourceVersion=4&labelSelector=absent%21%3Dx`)
  await touch(server, 'a', 'last')
  assert.deepEqual(await again.news(), ['MODIFIED a@5'])
})

test('a commit of several changes is one write to each client, of the same bytes to all who watch the same', async () => {
  const { server, store } = await serverWith(['a', 'b'])
  const written = async (query: string): Promise<Uint8Array[]> => {
    const response = await server.handle(testRequest('GET', `${CONFIG_MAPS}?watch=1&resourceVersion=2${query}`))
    assert(response.type === 'stream')
    const writes: Uint8Array[] = []
    void response.send({ write: (bytes) => writes.push(bytes) > 0, backlogBytes: () => 0, drained: async () => {} })
    await settle()
    return writes
  }
  const [one, two, selected] = [await written(''), await written(''), await written('&labelSelector=absent%21%3Dx')]
  const page = await store.read(allObjects, { at: 'latest', limit: 10 })
  assert(page.outcome === 'page')
  await store.commit({ expect: [], writes: page.page.entries.filter(({ key }) => key.includes('/shop/')).map(({ key, value }) => ({ key, value })) })
  await settle()
  assert.deepEqual([one.length, two.length, selected.length], [1, 1, 1])
  assert.equal(one[0], two[0])
  assert.deepEqual(one, selected)
  assert.equal(textOf(one[0] ?? new Uint8Array()).match(/"MODIFIED"/g)?.length, 2)
})

test('tables and partial objects in watches', async () => {
  const server = await serverWith(['a'])
  const table = await server.watch(`${CONFIG_MAPS}?watch=1`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
  const partial = await server.watch(`${CONFIG_MAPS}?watch=1&allowWatchBookmarks=true`, { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' })
  await touch(server, 'a', 'x')
  await settle()
  assert.deepEqual(table.events.map(({ object }) => [memberOf(object, 'kind'), memberOf(object, 'rows.0.cells'), memberOf(object, 'columnDefinitions') !== null]),
    [['Table', ['a', 0, '0s'], true], ['Table', ['a', 1, '0s'], false]])
  assert.deepEqual(partial.events.map(({ object }) => [memberOf(object, 'kind'), memberOf(object, 'data')]), [
    ['PartialObjectMetadata', undefined], ['PartialObjectMetadata', undefined], ['PartialObjectMetadata', undefined],
  ], 'one of the state, the bookmark at its end, and one of the change')
})

test('a bookmark as a table is the row of an object that has nothing but metadata', async () => {
  const server = await serverWith([])
  const ask = async (include: string): Promise<unknown[]> => {
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const watch = await server.watch(`${CONFIG_MAPS}?${query}&includeObject=${include}`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
    await server.clock.advance(60_000)
    await watch.close()
    return watch.events.map(({ type, object }) => [
      type, memberOf(object, 'columnDefinitions') !== null, memberOf(object, 'metadata'), memberOf(object, 'rows.0.cells'),
      memberOf(object, 'rows.0.object.kind'), memberOf(object, 'rows.0.object.metadata.resourceVersion'),
    ])
  }
  const cells = ['', '', '']
  for (const [include, kind] of [['Metadata', 'PartialObjectMetadata'], ['Object', 'ConfigMap'], ['None', undefined]] as const) {
    const revision = kind && '0'
    assert.deepEqual(await ask(include), [
      ['BOOKMARK', true, { resourceVersion: '0' }, cells, kind, revision], ['BOOKMARK', false, { resourceVersion: '0' }, cells, kind, revision],
    ], include)
  }
})

test('the server\'s own parts watch the very objects of the cache', async () => {
  const server = await serverWith(['a'])
  const stop = new AbortController()
  const seen: string[] = []
  const watching = (async () => {
    for await (const event of server.client.watch(kinds.ConfigMap, { namespace: 'shop', sendInitialEvents: true, signal: stop.signal })) {
      if (event.type === 'bookmark') seen.push(`bookmark ${event.resourceVersion} ${event.initialEventsEnd}`)
      else {
        seen.push(`${event.type} ${event.object.metadata.name}`)
        if (event.type !== 'deleted') assert.equal(event.object, server.server.reader.get(kinds.ConfigMap, { namespace: 'shop', name: 'a' }))
      }
    }
  })()
  await settle()
  await touch(server, 'a', 'x')
  await settle()
  await server.client.delete(kinds.ConfigMap, { namespace: 'shop', name: 'a' })
  await settle()
  stop.abort()
  await watching
  assert.deepEqual(seen, ['added a', 'bookmark 1 true', 'modified a', 'deleted a'])
})

test('watches of one field\'s value hear of no other objects, and of those that come and go', async () => {
  const pods = '/api/v1/namespaces/shop/pods'
  const server = await startTestServer()
  const pod = (name: string): object => ({ metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }] } })
  const one = await server.watch('/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Done')
  const unbound = await server.watch('/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3D')
  const running = await server.watch('/api/v1/pods?watch=1&fieldSelector=status.phase%3DRunning,spec.nodeName%3Done')
  await server.request('POST', pods, pod('a'))
  await server.request('POST', pods, { metadata: { name: 'b' }, spec: { nodeName: 'two', containers: [{ name: 'c', image: 'i' }] } })
  await server.request('POST', pods, { metadata: { name: 'c' }, spec: { nodeName: 'one', containers: [{ name: 'c', image: 'i' }] } })
  await server.request('PATCH', `${pods}/c/status`, { status: { phase: 'Running' } }, MERGE)
  await server.request('DELETE', `${pods}/a`)
  await server.request('DELETE', `${pods}/c?gracePeriodSeconds=0`)
  assert.deepEqual(await unbound.news(), ['ADDED a@1', 'DELETED a@5'])
  assert.deepEqual(await one.news(), ['ADDED c@3', 'MODIFIED c@4', 'DELETED c@6'])
  assert.deepEqual(await running.news(), ['ADDED c@4', 'DELETED c@6'])
  await one.close()
})

test('a store that lost track of its watcher is read again, and clients start anew', async () => {
  const server = await serverWith(['a'])
  const watch = await server.watch(`${CONFIG_MAPS}?watch=1&resourceVersion=1`)
  const flaky = lossyStore(server.store)
  const second = await startTestServer({ store: flaky.store })
  const lost = await second.watch(`${CONFIG_MAPS}?watch=1&resourceVersion=1`)
  flaky.lose()
  await touch(server, 'a', 'x')
  await lost.ended
  await settle()
  assert.equal((await second.request('GET', `${CONFIG_MAPS}/a`)).get('data.value'), 'x')
  assert.deepEqual(await watch.news(), ['MODIFIED a@2'])
  await server.request('POST', CONFIG_MAPS, { metadata: { name: 'b' } })
  await settle()
  assert.equal((await second.request('GET', `${CONFIG_MAPS}/b`)).status, 200)
})

test('what a watch begins with waits for a client that reads slowly, and news wait behind it', async () => {
  const server = await startTestServer()
  const names = Array.from({ length: 20 }, (_, index) => `a-${String(index).padStart(2, '0')}`)
  const data = { text: 'x'.repeat(100_000) }
  await server.request('POST', '/api/v1/namespaces/other/configmaps', { metadata: { name: 'first' } })
  for (const name of names) await server.request('POST', CONFIG_MAPS, { metadata: { name }, data })
  for (const from of ['&resourceVersion=1', '']) {
    const abort = new AbortController()
    const response = await server.server.handle(testRequest('GET', `${CONFIG_MAPS}?watch=1${from}`, undefined, {}, abort.signal))
    assert(response.type === 'stream')
    const written: string[] = []
    let taken = Promise.withResolvers<void>()
    const sink = { write: (bytes: Uint8Array) => written.push(textOf(bytes)) > 0, backlogBytes: () => 0, drained: () => taken.promise }
    const sent = response.send(sink)
    await settle()
    assert(written.join('').length < 500_000, `${written.join('').length} bytes that nobody took`)
    await server.request('POST', CONFIG_MAPS, { metadata: { name: 'news' } })
    for (let piece = 0; piece < 30; piece++) {
      taken.resolve()
      taken = Promise.withResolvers()
      await settle()
    }
    const heard = written.join('').trim().split('\n').map((line) => String(memberOf(JSON.parse(line), 'object.metadata.name')))
    assert.deepEqual(heard, [...names, 'news'])
    await server.request('DELETE', `${CONFIG_MAPS}/news`)
    abort.abort()
    await sent
  }
  server.stop()
})
