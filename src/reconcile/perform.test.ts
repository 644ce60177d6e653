import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ObjectCache } from '../client/object-cache.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { ConfigMap } from '../resources/generated/types.ts'
import { StatusError, forbidden, serviceUnavailable } from '../words/status-error.ts'
import type { Action } from './controller.ts'
import { fenceText } from './fence.ts'
import { ManualClock, SeededRandom } from '../words/manual-clock.testing.ts'
import { MemoryClient } from './memory-client.testing.ts'
import type { Outcome, Request } from './perform.ts'
import { perform } from './perform.ts'
import type { EventAction } from './perform-plan.ts'
import { performPlan } from './perform-plan.ts'

const inShop = (name: string): { namespace: string; name: string } => ({ namespace: 'shop', name })

function configMap(name: string, metadata: ConfigMap['metadata'] = {}): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...inShop(name), ...metadata } }
}

/** A server and a cache that agree; errors are thrown by the next requests before they have any effect, or after. */
async function world() {
  const clock = new ManualClock()
  const client = new MemoryClient(clock, new SeededRandom(1))
  const cache = new ObjectCache<KubeObject>(kinds.ConfigMap)
  const plain = await client.create(kinds.ConfigMap, configMap('plain'))
  const held = await client.create(kinds.ConfigMap, configMap('held', { finalizers: ['example.org/hold'] }))
  cache.replace([plain, held], 2)
  const errors: Error[] = []
  client.refusals.push((verb) => (verb === 'list' ? undefined : errors.shift()))
  const cacheOf = <T extends KubeObject>(kind: KindRef<T>): ObjectCache<T> | undefined => {
    const known = kind.plural === 'configmaps' ? cache : undefined
    return known as ObjectCache<T> | undefined
  }
  const send = async (request: Request): Promise<string> => {
    const outcome = perform(request, { client, reader: client, clock, cacheOf, fieldManager: 'test' }, new AbortController().signal)
    await clock.pass(1_000)
    return show(await outcome)
  }
  return { client, cache, plain, held, errors, send }
}

function show(outcome: Outcome): string {
  const fences = 'fences' in outcome ? outcome.fences.map((fence) => ` until ${fenceText(fence)}`).join(',') : ''
  return `${outcome.outcome}${fences}`
}

test('what each write is fenced by', async () => {
  const { plain, held, send } = await world()
  const changed: ConfigMap = { ...plain, data: { a: '1' } }
  assert.equal(await send({ verb: 'create', kind: kinds.ConfigMap, object: configMap('new') }), 'done until configmaps reach revision 3')
  assert.equal(await send({ verb: 'create', kind: kinds.ConfigMap, object: configMap('new') }), 'stale until configmaps reach revision 3')
  assert.equal(await send({ verb: 'update', kind: kinds.ConfigMap, object: changed }), 'done until configmaps reach revision 4')
  assert.equal(await send({ verb: 'update', kind: kinds.ConfigMap, object: plain }), 'stale until configmaps reach revision 4')
  const uid = plain.metadata.uid ?? ''
  assert.equal(await send({ verb: 'delete', kind: kinds.ConfigMap, key: inShop('plain'), options: { uid } }), 'done until configmaps shop/plain is being deleted')
  assert.equal(await send({ verb: 'delete', kind: kinds.ConfigMap, key: inShop('plain'), options: { uid } }), 'stale until configmaps shop/plain is gone')
  const heldUid = held.metadata.uid ?? ''
  assert.equal(await send({ verb: 'delete', kind: kinds.ConfigMap, key: inShop('held'), options: { uid: heldUid } }), 'done until configmaps shop/held is being deleted, until configmaps reach revision 6')
})

test('expectations read from the server', async () => {
  const { client, send } = await world()
  assert.equal(await send({ verb: 'expect-none', kind: kinds.ConfigMap, namespace: 'other' }), 'done')
  assert.equal(await send({ verb: 'expect-none', kind: kinds.ConfigMap, namespace: 'shop' }), 'stale until configmaps reach revision 1')
  assert.equal(await send({ verb: 'expect-absent', kind: kinds.ConfigMap, key: inShop('plain'), uid: 'another' }), 'done')
  assert.equal(await send({ verb: 'expect-absent', kind: kinds.ConfigMap, key: inShop('plain'), uid: undefined }), 'stale until configmaps reach revision 1')
  assert.equal(await send({ verb: 'expect-absent', kind: kinds.ConfigMap, key: inShop('none'), uid: 'x' }), 'done')
  assert.equal(client.requests.some((request) => request.startsWith('get')), false)
})

test('a lost reply is settled: creates and deletes by sending again, others by reading', async () => {
  const lost = (): Error => serviceUnavailable('no reply')
  const { plain, errors, send, client } = await world()
  errors.push(lost(), lost())
  assert.equal(await send({ verb: 'create', kind: kinds.ConfigMap, object: configMap('new') }), 'done until configmaps reach revision 3')
  errors.push(lost(), lost(), lost(), lost())
  assert.equal(await send({ verb: 'create', kind: kinds.ConfigMap, object: configMap('never') }), 'refused')
  errors.push(lost(), forbidden({ group: '', resource: 'configmaps' }, 'x', 'quota'))
  assert.equal(await send({ verb: 'create', kind: kinds.ConfigMap, object: configMap('never') }), 'refused')
  errors.push(lost())
  assert.equal(await send({ verb: 'update', kind: kinds.ConfigMap, object: plain }), 'stale until configmaps reach revision 1')
  assert.equal(client.requests.filter((request) => request === 'update configmaps plain').length, 1)
  errors.push(lost())
  assert.equal(await send({ verb: 'delete', kind: kinds.ConfigMap, key: inShop('plain'), options: {} }), 'done until configmaps shop/plain is being deleted')
})

test('creates of one kind go out in growing batches; events follow what succeeded; the first failure ends the plan', async () => {
  const creates = (count: number): Action[] => Array.from({ length: count }, (_, index): readonly Action[] => [
    { verb: 'create', kind: kinds.ConfigMap, object: configMap(`c${index}`) },
    { verb: 'event', regarding: configMap('owner'), type: 'Normal', reason: 'Made', message: `c${index}` },
  ]).flat()
  const check = async (failing: string, expected: { batches: number[]; events: number; stopped: boolean }): Promise<void> => {
    const batches: number[] = []
    let open = 0
    const events: EventAction[] = []
    const send = async (request: Request): Promise<Outcome> => {
      open += 1
      await Promise.resolve()
      if (open > 0) batches.push(open)
      open = 0
      const name = request.verb === 'create' ? request.object.metadata.name : ''
      return name === failing ? { outcome: 'refused', error: new StatusError(403, 'Forbidden', 'no') } : { outcome: 'done', fences: [] }
    }
    const update: Action = { verb: 'update', kind: kinds.ConfigMap, object: configMap('owner') }
    const result = await performPlan([...creates(8), update], send, (event) => events.push(event))
    assert.deepEqual({ batches, events: events.length, stopped: result.stopped !== undefined }, expected)
  }
  await check('none', { batches: [1, 2, 4, 1, 1], events: 8, stopped: false })
  await check('c0', { batches: [1], events: 0, stopped: true })
  await check('c4', { batches: [1, 2, 4], events: 6, stopped: true })
})
