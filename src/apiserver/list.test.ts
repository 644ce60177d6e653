import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle, startTestServer } from './apiserver.testing.ts'
import type { TestAnswer, TestServer } from './apiserver.testing.ts'

const CONFIG_MAPS = '/api/v1/namespaces/shop/configmaps'
const MERGE = { 'content-type': 'application/merge-patch+json' }
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' }

async function create(server: TestServer, name: string, labels: Record<string, string> = {}, namespace = 'shop'): Promise<TestAnswer> {
  const answer = await server.request('POST', `/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name, labels }, data: { name } })
  assert.equal(answer.status, 201, answer.text)
  return answer
}

function names(answer: TestAnswer): string {
  assert.equal(answer.status, 200, answer.text)
  const items = answer.get('items') as { metadata: { name: string; namespace: string; resourceVersion: string } }[]
  return items.map(({ metadata }) => metadata.name).join(' ')
}

test('selectors and namespaces', async () => {
  const server = await startTestServer()
  const { request } = server
  await create(server, 'a', { app: 'web', tier: 'front' })
  await create(server, 'b', { app: 'web' })
  await create(server, 'c', { app: 'db' })
  await create(server, 'a', { app: 'web' }, 'depot')
  const table: [string, string][] = [
    ['/api/v1/configmaps', 'a a b c'],
    [CONFIG_MAPS, 'a b c'],
    ['/api/v1/namespaces/none/configmaps', ''],
    [`${CONFIG_MAPS}?labelSelector=app%3Dweb`, 'a b'],
    [`${CONFIG_MAPS}?labelSelector=app%20in%20(db,web),!tier`, 'b c'],
    [`${CONFIG_MAPS}?fieldSelector=metadata.name%3Db`, 'b'],
    [`${CONFIG_MAPS}?fieldSelector=metadata.name!%3Db`, 'a c'],
    ['/api/v1/configmaps?fieldSelector=metadata.name%3Da', 'a a'],
    [`${CONFIG_MAPS}?limit=-1`, 'a b c'],
    ['/api/v1/configmaps?fieldSelector=metadata.namespace%3Ddepot', 'a'],
  ]
  for (const [path, expected] of table) assert.equal(names(await request('GET', path)), expected, path)
  for (const bad of ['labelSelector=a%3D%3D%3D', 'fieldSelector=spec.x%3D1', 'fieldSelector=a', 'resourceVersion=abc', 'continue=xyz']) {
    assert.equal((await request('GET', `${CONFIG_MAPS}?${bad}`)).status, 400, bad)
  }
})

test('selectors and tokens that make no sense are refused in the words of 1.32', async () => {
  const server = await startTestServer()
  const token = (parts: object | string): string => `continue=${Buffer.from(typeof parts === 'string' ? parts : JSON.stringify(parts)).toString('base64url')}`
  const v = 'meta.k8s.io/v1'
  const invalidToken = 'invalid continue token: continue key is not valid: '
  const table: [string, string][] = [
    [`${CONFIG_MAPS}?fieldSelector=spec.x%3D1`, '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ['/api/v1/pods?fieldSelector=spec.x%3D1', 'field label not supported: spec.x'],
    ['/apis/batch/v1/jobs?fieldSelector=spec.x!%3D1', 'field label "spec.x" not supported for batchv1.Job'],
    ['/api/v1/watch/namespaces/shop/configmaps/a?fieldSelector=metadata.name%3Db', 'fieldSelector metadata.name doesn\'t match requested name'],
    ['/api/v1/watch/namespaces/shop/configmaps/a?fieldSelector=metadata.namespace%3Dshop', 'fieldSelector metadata.name doesn\'t match requested name'],
    [`${CONFIG_MAPS}?continue=abcde`, `${invalidToken}illegal base64 data at input byte 4`],
    [`${CONFIG_MAPS}?continue=ab%2Bc`, `${invalidToken}illegal base64 data at input byte 2`],
    [`${CONFIG_MAPS}?${token('x')}`, `${invalidToken}the token is no JSON`],
    [`${CONFIG_MAPS}?${token({ v: 'v2', rv: 1, start: 'a' })}`, `${invalidToken}server does not recognize this encoded version v2`],
    [`${CONFIG_MAPS}?${token({ v, rv: 0, start: 'a' })}`, `${invalidToken}incorrect encoded start resourceVersion (version meta.k8s.io/v1)`],
    [`${CONFIG_MAPS}?${token({ v, rv: 1, start: '' })}`, `${invalidToken}encoded start key empty (version meta.k8s.io/v1)`],
    [`${CONFIG_MAPS}?${token({ v, rv: 1, start: 'shop/../a' })}`, `${invalidToken}shop/../a`],
    [`${CONFIG_MAPS}?${token({ v, rv: 1, start: 'shop//a' })}`, `${invalidToken}shop//a`],
    [`${CONFIG_MAPS}?${token({ v, rv: 1, start: 'shop/a' })}&resourceVersion=1`, 'specifying resource version is not allowed when using continue'],
  ]
  for (const [path, message] of table) {
    const answer = await server.request('GET', path)
    assert.deepEqual([answer.status, answer.get('message')], [400, message], path)
  }
  server.stop()
})

test('deletecollection deletes what its options select', async () => {
  const server = await startTestServer()
  const { request, store } = server
  for (const name of ['a', 'b', 'c', 'd']) await create(server, name, { app: name < 'c' ? 'web' : 'db' })
  const left = async (): Promise<string> => names(await request('GET', CONFIG_MAPS))
  assert.equal(names(await request('DELETE', `${CONFIG_MAPS}?dryRun=All`)), 'a b c d')
  assert.equal(names(await request('DELETE', CONFIG_MAPS, { dryRun: ['All'] })), 'a b c d')
  assert.equal((await request('DELETE', CONFIG_MAPS, { preconditions: { uid: 'other' } })).status, 409)
  assert.equal(await left(), 'a b c d')
  assert.equal(names(await request('DELETE', `${CONFIG_MAPS}?labelSelector=app%3Dweb&fieldSelector=metadata.name!%3Da`)), 'b')
  const page = await request('DELETE', `${CONFIG_MAPS}?limit=1`)
  assert.deepEqual([names(page), await left()], ['a', 'c d'])
  const second = await request('DELETE', `${CONFIG_MAPS}?limit=1&continue=${String(page.get('metadata.continue'))}`)
  assert.deepEqual([names(second), await left()], ['c', 'd'])
  const bad = await request('DELETE', `${CONFIG_MAPS}?resourceVersionMatch=Exact`)
  assert.deepEqual([bad.status, bad.get('reason')], [422, 'Invalid'])
  await create(server, 'e')
  server.stop()
  await store.compact(8)
  const later = await startTestServer({ store })
  const gone = await later.request('DELETE', `${CONFIG_MAPS}?resourceVersion=2&resourceVersionMatch=Exact`)
  assert.deepEqual([gone.status, gone.get('reason'), gone.get('message')], [410, 'Expired', 'The resourceVersion for the provided list is too old.'])
  assert.equal(names(await later.request('GET', CONFIG_MAPS)), 'd e')
  later.stop()
})

test('pages show one revision, whatever is written meanwhile', async () => {
  const server = await startTestServer()
  const { request } = server
  for (const name of ['a', 'b', 'c', 'd', 'e']) await create(server, name)
  const first = await request('GET', `${CONFIG_MAPS}?limit=2`)
  assert.equal(names(first), 'a b')
  assert.equal(first.get('metadata.remainingItemCount'), 3)
  assert.equal(first.get('metadata.resourceVersion'), '5')

  await request('DELETE', `${CONFIG_MAPS}/d`)
  await create(server, 'bb')
  await request('PATCH', `${CONFIG_MAPS}/c`, { data: { name: 'changed' } }, MERGE)

  const second = await request('GET', `${CONFIG_MAPS}?limit=2&continue=${String(first.get('metadata.continue'))}`)
  assert.equal(names(second), 'c d')
  assert.equal(second.get('items.0.data.name'), 'c')
  assert.equal(second.get('metadata.resourceVersion'), '5')
  assert.equal(second.get('metadata.remainingItemCount'), 1)
  const third = await request('GET', `${CONFIG_MAPS}?limit=2&continue=${String(second.get('metadata.continue'))}`)
  assert.equal(names(third), 'e')
  assert.equal(third.get('metadata.continue'), undefined)
  assert.equal(names(await request('GET', `${CONFIG_MAPS}?resourceVersion=5&resourceVersionMatch=Exact`)), 'a b c d e')
  assert.equal(names(await request('GET', `${CONFIG_MAPS}?resourceVersion=3&limit=9`)), 'a b c')
  assert.equal(names(await request('GET', `${CONFIG_MAPS}?resourceVersion=3`)), 'a b bb c e')
  assert.equal(names(await request('GET', `${CONFIG_MAPS}?resourceVersion=0&limit=2`)), 'a b bb c e')
})

test('what the cache does not remember comes from the store, and what nobody remembers is 410 with a way on', async () => {
  const before = await startTestServer()
  const { store } = before
  for (const name of ['a', 'b', 'c']) await create(before, name)
  const page = await before.request('GET', `${CONFIG_MAPS}?limit=1`)
  const token = String(page.get('metadata.continue'))
  await before.request('DELETE', `${CONFIG_MAPS}/b`)
  before.stop()
  await store.compact(2)
  // A second server starts from what the store still has.
  const { request } = await startTestServer({ store })
  assert.equal(names(await request('GET', `${CONFIG_MAPS}?continue=${token}`)), 'b c')
  await store.compact(4)
  const { request: later } = await startTestServer({ store })
  const expired = await later('GET', `${CONFIG_MAPS}?limit=1&continue=${token}`)
  assert.equal(expired.status, 410)
  assert.equal(expired.get('reason'), 'Expired')
  const deletion = await later('DELETE', `${CONFIG_MAPS}?limit=1&continue=${token}`)
  assert.deepEqual([deletion.status, deletion.get('reason'), deletion.get('metadata.continue')], [410, 'Expired', expired.get('metadata.continue')])
  assert.equal(names(await later('GET', `${CONFIG_MAPS}?continue=${String(expired.get('metadata.continue'))}`)), 'c')
  assert.equal((await later('GET', `${CONFIG_MAPS}?resourceVersion=1&resourceVersionMatch=Exact`)).status, 410)
})

test('a revision of the future is waited for, then refused with a cause that clients know', async () => {
  const server = await startTestServer()
  const waiting = server.request('GET', `${CONFIG_MAPS}?resourceVersion=2`)
  await create(server, 'a')
  await create(server, 'b')
  assert.equal(names(await waiting), 'a b')
  const tooLarge = server.request('GET', `${CONFIG_MAPS}/a?resourceVersion=99`)
  await settle()
  await server.clock.advance(3_000)
  const answer = await tooLarge
  assert.equal(answer.status, 504)
  assert.equal(answer.get('details.causes.0.reason'), 'ResourceVersionTooLarge')
  assert.equal(answer.headers['retry-after'], '1')
})

test('tables and partial objects', async () => {
  const server = await startTestServer()
  await create(server, 'a', { app: 'web' })
  await server.clock.advance(120_000)
  const table = await server.request('GET', CONFIG_MAPS, undefined, TABLE)
  assert.equal(table.get('kind'), 'Table')
  assert.deepEqual((table.get('columnDefinitions') as { name: string }[]).map(({ name }) => name), ['Name', 'Data', 'Age'])
  assert.deepEqual(table.get('rows.0.cells'), ['a', 1, '2m'])
  assert.equal(table.get('rows.0.object.kind'), 'PartialObjectMetadata')
  assert.equal(table.get('rows.0.object.data'), undefined)
  assert.equal((await server.request('GET', `${CONFIG_MAPS}?includeObject=None`, undefined, TABLE)).get('rows.0.object'), null)
  assert.deepEqual((await server.request('GET', `${CONFIG_MAPS}/a?includeObject=Object`, undefined, TABLE)).get('rows.0.object.data'), { name: 'a' })
  const partial = await server.request('GET', CONFIG_MAPS, undefined, { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' })
  assert.equal(partial.get('kind'), 'PartialObjectMetadataList')
  assert.deepEqual(partial.get('items.0.metadata.labels'), { app: 'web' })
  const yaml = await server.request('GET', `${CONFIG_MAPS}/a`, undefined, { accept: 'application/yaml' })
  assert.match(yaml.text, /^apiVersion: "?v1"?\ndata:\n {2}name: "?a"?\nkind: "?ConfigMap"?\n/)
})
