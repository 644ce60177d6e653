import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '../store/store.ts'
import { healthRoute } from './discovery/health.ts'
import { serverChecks } from './discovery/server-checks.ts'
import { startTestServer } from './apiserver.testing.ts'
import type { TestServer } from './apiserver.testing.ts'

const CONFIG_MAPS = '/api/v1/namespaces/shop/configmaps'

function configMap(name: string, data: Record<string, string> = { a: '1' }): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { app: name } }, data }
}

async function withServer(body: (server: TestServer) => Promise<void>): Promise<void> {
  const server = await startTestServer()
  await body(server)
  server.stop()
}

test('an object lives: created, read, replaced, patched, listed, deleted', () => withServer(async ({ request }) => {
  const created = await request('POST', CONFIG_MAPS, configMap('a'))
  assert.equal(created.status, 201)
  assert.equal(created.get('metadata.resourceVersion'), '1')
  assert.equal(created.get('metadata.creationTimestamp'), '2026-01-01T00:00:00Z')
  assert.match(String(created.get('metadata.uid')), /^[0-9a-f-]{36}$/)

  const read = await request('GET', `${CONFIG_MAPS}/a`)
  assert.deepEqual(read.body, created.body)

  const replaced = await request('PUT', `${CONFIG_MAPS}/a`, { ...created.body, data: { a: '2' } })
  assert.equal(replaced.status, 200)
  assert.equal(replaced.get('metadata.resourceVersion'), '2')

  const stale = await request('PUT', `${CONFIG_MAPS}/a`, { ...created.body, data: { a: '3' } })
  assert.equal(stale.status, 409)
  assert.equal(stale.get('message'),
    'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again')

  const patched = await request('PATCH', `${CONFIG_MAPS}/a`, { data: { b: 'x', a: null } }, { 'content-type': 'application/merge-patch+json' })
  assert.deepEqual(patched.get('data'), { b: 'x' })

  const list = await request('GET', CONFIG_MAPS)
  assert.equal(list.get('kind'), 'ConfigMapList')
  assert.equal(list.get('metadata.resourceVersion'), '3')
  assert.deepEqual(list.get('items.0'), patched.body)

  const deleted = await request('DELETE', `${CONFIG_MAPS}/a`)
  assert.equal(deleted.get('status'), 'Success')
  const gone = await request('GET', `${CONFIG_MAPS}/a`)
  assert.equal(gone.status, 404)
  assert.equal(gone.get('message'), 'configmaps "a" not found')
}))

test('a watch tells what happens, from the state on', () => withServer(async ({ request, watch }) => {
  await request('POST', CONFIG_MAPS, configMap('a'))
  const all = await watch(`${CONFIG_MAPS}?watch=1`)
  assert.deepEqual(await all.news(), ['ADDED a@1'])
  await request('POST', CONFIG_MAPS, configMap('b'))
  await request('PATCH', `${CONFIG_MAPS}/b`, { metadata: { labels: { app: 'a' } } }, { 'content-type': 'application/merge-patch+json' })
  const selected = await watch(`${CONFIG_MAPS}?watch=1&resourceVersion=1&labelSelector=app%3Da`)
  await request('PATCH', `${CONFIG_MAPS}/b`, { metadata: { labels: { app: 'c' } } }, { 'content-type': 'application/merge-patch+json' })
  await request('DELETE', `${CONFIG_MAPS}/a`)
  assert.deepEqual(await all.news(), ['ADDED b@2', 'MODIFIED b@3', 'MODIFIED b@4', 'DELETED a@5'])
  assert.deepEqual(await selected.news(), ['ADDED b@3', 'DELETED b@4', 'DELETED a@5'])
  await all.close()
}))

test('a store that cannot be followed ends the start with its own words', async () => {
  const { store, request, stop } = await startTestServer()
  for (const name of ['a', 'b']) await request('POST', CONFIG_MAPS, configMap(name))
  stop()
  const damaged: Store = {
    read: (range, options) => store.read(range, options),
    commit: (transaction) => store.commit(transaction),
    watch: () => {
      throw new Error('The data file x has lost revision 2')
    },
    compact: (before) => store.compact(before),
    latest: () => store.latest(),
    close: () => store.close(),
  }
  await assert.rejects(startTestServer({ store: damaged }), /^Error: The data file x has lost revision 2$/)
})

test('a server that drains is not ready, and ends its watches whole', async () => {
  const { server, request, watch } = await startTestServer({ extensions: (core) => {
    const checks = serverChecks(core)
    return { routes: [healthRoute(() => checks, { checked() {}, unhealthy() {} })] }
  } })
  const pods = '/api/v1/namespaces/shop/pods'
  const open = await watch(`${pods}?watch=1&allowWatchBookmarks=true`)
  assert.equal((await open.news()).length, 1, 'the end of the state')
  const shutdown = async (): Promise<string> => (await request('GET', '/readyz/shutdown')).text
  assert.equal(await shutdown(), 'ok')
  server.drain()
  await open.ended
  assert.equal((await open.news()).join().split('@')[0], 'BOOKMARK ')
  assert.equal(await shutdown(), 'internal server error: the server is shutting down\n')
  assert.equal((await request('GET', `${pods}?watch=1`)).status, 503)
  assert.equal((await request('GET', pods)).status, 200)
})
