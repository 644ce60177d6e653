import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ObjectCache } from '../client/object-cache.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { ConfigMap } from '../resources/generated/types.ts'
import { silentLog } from '../words/ports.ts'
import type { Fence } from './fence.ts'
import { waitForFences } from './fence-wait.ts'
import { ManualClock, SeededRandom } from '../words/manual-clock.testing.ts'
import { MemoryClient } from './memory-client.testing.ts'

const key = { namespace: 'shop', name: 'a' }

async function world() {
  const clock = new ManualClock()
  const client = new MemoryClient(clock, new SeededRandom(1))
  const object = await client.create<ConfigMap>(kinds.ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: key })
  const cache = new ObjectCache<KubeObject>(kinds.ConfigMap)
  cache.upsert(object)
  let held = false
  const cacheOf = <T extends KubeObject>(kind: KindRef<T>): ObjectCache<T> | undefined => {
    const known = kind.plural === 'configmaps' ? cache : undefined
    return known as ObjectCache<T> | undefined
  }
  const wait = (...fences: readonly Fence[]): (() => void) => waitForFences(fences, { reader: client, clock, log: silentLog, cacheOf }, () => {
    held = true
  })
  return { clock, client, cache, object, uid: object.metadata.uid ?? '', wait, isHeld: () => held }
}

const kind = kinds.ConfigMap

test('a revision is waited for as long as it takes', async () => {
  const { clock, cache, wait, isHeld } = await world()
  wait({ until: 'reached', kind, revision: 5 })
  await clock.pass(60_000)
  assert.equal(isHeld(), false)
  cache.reach(5)
  assert.equal(isHeld(), true)
})

test('several fences must all hold', async () => {
  const { cache, object, uid, wait, isHeld } = await world()
  wait({ until: 'reached', kind, revision: 3 }, { until: 'ended', kind, key, uid })
  cache.reach(3)
  assert.equal(isHeld(), false)
  cache.upsert({ ...object, metadata: { ...object.metadata, resourceVersion: '4', deletionTimestamp: '2027-01-15T08:00:00Z' } })
  assert.equal(isHeld(), true)
})

test('an end that does not come is asked for', async () => {
  const { clock, uid, wait, isHeld } = await world()
  wait({ until: 'ended', kind, key, uid })
  await clock.pass(4_000)
  assert.equal(isHeld(), false)
  await clock.pass(2_000)
  assert.equal(isHeld(), true)
})

test('what the server no longer has must leave the cache', async () => {
  const { clock, client, cache, object, uid, wait, isHeld } = await world()
  await client.delete(kind, key)
  wait({ until: 'left', kind, key, resourceVersion: object.metadata.resourceVersion ?? '' })
  await clock.pass(20_000)
  assert.equal(isHeld(), false)
  cache.remove({ ...object, metadata: { ...object.metadata, uid, resourceVersion: '2' } })
  assert.equal(isHeld(), true)
})

test('a wait that is ended calls nobody', async () => {
  const { clock, cache, wait, isHeld } = await world()
  wait({ until: 'reached', kind, revision: 5 })()
  cache.reach(9)
  await clock.pass(20_000)
  assert.equal(isHeld(), false)
})
