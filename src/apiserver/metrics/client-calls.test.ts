import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../resources/generated/kinds.ts'
import { settle, startTestServer, TestClock } from '../apiserver.testing.ts'
import { ClientCalls } from './client-calls.ts'

/** GET 200 127.0.0.1:6443: 2 */
function counted(calls: ClientCalls): readonly string[] {
  const [requests, durations] = calls.families()
  const counts = (requests?.samples ?? []).map(({ labels, value }) => `${labels['method']} ${labels['code']} ${labels['host']}: ${value}`)
  const seconds = (durations?.samples ?? []).filter(({ suffix }) => suffix === '_count').map(({ labels, value }) => `${labels['verb']} ${labels['host']}: ${value}`)
  return [...counts.sort(), ...seconds.sort()]
}

test("what the server's own parts ask is counted as client-go counts it", async () => {
  const calls = new ClientCalls(new TestClock())
  const at = await startTestServer({ ownCalls: calls.of('127.0.0.1:6443') })
  const client = at.server.client({ name: 'part', uid: '', groups: [], extra: {} })
  const key = { namespace: 'shop', name: 'a' }
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key }
  const before = calls.families()[0]?.samples.length
  assert.equal(typeof before, 'number')
  const base = new Map(counted(calls).map((line) => [line.replace(/: \d+$/, ''), Number(line.split(' ').at(-1))]))
  await client.create(kinds.ConfigMap, object)
  await assert.rejects(client.create(kinds.ConfigMap, object), { code: 409 })
  await client.get(kinds.ConfigMap, key)
  await client.list(kinds.ConfigMap)
  await client.update(kinds.ConfigMap, { ...object, data: { a: '1' } })
  await client.patch(kinds.ConfigMap, key, { type: 'merge', body: { data: { b: '2' } } })
  const stop = new AbortController()
  const events = client.watch(kinds.ConfigMap, { signal: stop.signal })[Symbol.asyncIterator]()
  await events.next()
  stop.abort()
  await client.delete(kinds.ConfigMap, key)
  await assert.rejects(client.get(kinds.ConfigMap, key), { code: 404 })
  await settle()
  const added = counted(calls).map((line) => {
    const [, what = '', count = ''] = /^(.*): (\d+)$/.exec(line) ?? []
    return `${what}: ${Number(count) - (base.get(what) ?? 0)}`
  })
  assert.deepEqual(added.filter((line) => !line.endsWith(': 0')), [
    'DELETE 200 127.0.0.1:6443: 1', 'GET 200 127.0.0.1:6443: 3', 'GET 404 127.0.0.1:6443: 1', 'PATCH 200 127.0.0.1:6443: 1',
    'POST 201 127.0.0.1:6443: 1', 'POST 409 127.0.0.1:6443: 1', 'PUT 200 127.0.0.1:6443: 1',
    'DELETE 127.0.0.1:6443: 1', 'GET 127.0.0.1:6443: 4', 'PATCH 127.0.0.1:6443: 1', 'POST 127.0.0.1:6443: 2', 'PUT 127.0.0.1:6443: 1',
  ])
  at.stop()
})

test('a call without an answer is told as client-go tells it, and strange hosts have an end', () => {
  const clock = new TestClock()
  const calls = new ClientCalls(clock)
  calls.of('hook:443').answered('POST', 0, clock.now() - 2_000)
  assert.deepEqual(counted(calls), ['POST <error> hook:443: 1', 'POST hook:443: 1'])
  for (let index = 0; index < 500; index++) calls.of(`h${index}`).answered('GET', 200, clock.now())
  assert.equal(counted(calls).length, 400)
})
