import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyJson, freezeJson } from '../../objects/json.ts'
import type { JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../resources/generated/types.ts'
import type { Clock } from '../../words/ports.ts'
import { conflict, StatusError } from '../../words/status-error.ts'
import { infoOf, readerOf, userNamed } from '../access/object-reader.testing.ts'
import type { ObjectCall } from '../route.ts'
import { evictionRoute } from './pod-eviction.ts'

const clock: Clock = { now: () => Date.parse('2026-01-01T00:00:00Z'), after: () => () => undefined }

const pod = (phase: string, ready: 'True' | 'False' = 'True'): Pod => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'shop', uid: 'u', resourceVersion: '7', labels: { app: 'web' } },
  spec: { containers: [] }, status: { phase, conditions: [{ type: 'Ready', status: ready }] },
})

function budget(status: Partial<PodDisruptionBudgetStatus>, more: PodDisruptionBudget['spec'] = {}, name = 'b'): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name, namespace: 'shop', generation: 2 },
    spec: { selector: { matchLabels: { app: 'web' } }, ...more },
    status: { currentHealthy: 3, desiredHealthy: 2, disruptionsAllowed: 1, expectedPods: 3, observedGeneration: 2, ...status },
  }
}

interface Outcome {
  readonly log: string[]
  readonly written: KubeObject[]
}

/** Evicts pod a; the log says what was written, in order. */
async function evict(objects: readonly KubeObject[], more: { options?: object; dryRun?: boolean; conflicts?: boolean } = {}): Promise<Outcome> {
  const reader = readerOf(objects)
  const [log, written]: [string[], KubeObject[]] = [[], []]
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a' }, ...(more.options === undefined ? {} : { deleteOptions: more.options }) }
  const call: ObjectCall = {
    info: infoOf('create', 'pods', 'shop', 'a'), user: userNamed('tester', 'system:authenticated'), reader, signal: new AbortController().signal, warn() {},
    verb: 'create', key: { namespace: 'shop', name: 'a' }, body: copyJson(eviction) as JsonObject, dryRun: more.dryRun ?? false,
    writer: {
      create: () => Promise.reject(new Error('not used')),
      modify(kind, key, change, options = {}) {
        const current = reader.get(kind, key)
        assert.ok(current !== undefined)
        const changed = change(freezeJson(copyJson(current)))
        log.push(`${kind.kind}${options.resourceVersion === undefined ? '' : ` at ${options.resourceVersion}`}${options.dryRun === true ? ' dry' : ''}`)
        if (more.conflicts === true && kind.kind === 'Pod') throw conflict({ group: '', resource: 'pods' }, 'a', 'changed')
        const stored = { ...changed, metadata: { ...changed.metadata, resourceVersion: '8' } }
        written.push(stored)
        return Promise.resolve(stored)
      },
      delete(_kind, _key, options = {}) {
        log.push(`delete${options.resourceVersion === undefined ? '' : ` at ${options.resourceVersion}`}${options.dryRun === true ? ' dry' : ''}`)
        return Promise.resolve(undefined)
      },
    },
  }
  await evictionRoute(clock).handle(call)
  return { log, written }
}

async function refusal(objects: readonly KubeObject[], more: Parameters<typeof evict>[1] = {}): Promise<string> {
  try {
    await evict(objects, more)
  } catch (error) {
    assert.ok(error instanceof StatusError)
    return `${error.code} ${error.details?.retryAfterSeconds ?? '-'} ${error.details?.causes?.[0]?.message ?? error.message}`
  }
  return 'evicted'
}

test('who counts in a budget goes only as it allows', async () => {
  const evicted = await evict([pod('Running'), budget({})])
  assert.deepEqual(evicted.log, ['PodDisruptionBudget', 'Pod', 'delete'])
  const [counted, marked] = evicted.written as [PodDisruptionBudget, Pod]
  assert.deepEqual([counted.status?.disruptionsAllowed, counted.status?.disruptedPods], [0, { a: '2026-01-01T00:00:00Z' }])
  assert.deepEqual(counted.status?.conditions?.map(({ type, status, reason }) => [type, status, reason]), [['DisruptionAllowed', 'False', 'InsufficientPods']])
  assert.deepEqual(marked.status?.conditions?.[1], {
    type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting', lastTransitionTime: '2026-01-01T00:00:00Z',
  })
  assert.equal(await refusal([pod('Running'), budget({ disruptionsAllowed: 0 })]), '429 0 The disruption budget b needs 2 healthy pods and has 3 currently')
  assert.equal(await refusal([pod('Running'), budget({ observedGeneration: 1 })]), '429 10 The disruption budget b is still being processed by the server.')
  assert.equal(await refusal([pod('Running'), budget({ disruptionsAllowed: -1 })]),
    '403 - poddisruptionbudget.policy "b" is forbidden: pdb disruptions allowed is negative')
  assert.equal(await refusal([pod('Running'), budget({}), budget({}, {}, 'c')]),
    '500 - This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.')
})

test('who counts in none goes', async () => {
  assert.deepEqual((await evict([pod('Running')])).log, ['Pod', 'delete'])
  assert.deepEqual((await evict([pod('Running'), budget({ disruptionsAllowed: 0 }, { selector: { matchLabels: { app: 'db' } } })])).log, ['Pod', 'delete'])
  // A budget without a selector counts nobody, one with an empty selector everybody.
  const { selector: _, ...unselective } = budget({ disruptionsAllowed: 0 }).spec ?? {}
  assert.deepEqual((await evict([pod('Running'), { ...budget({ disruptionsAllowed: 0 }), spec: unselective } as KubeObject])).log, ['Pod', 'delete'])
  assert.match(await refusal([pod('Running'), budget({ disruptionsAllowed: 0 }, { selector: {} })]), /^429/)
})

test('a pod that disrupts nobody is not counted', async () => {
  const empty = budget({ disruptionsAllowed: 0 })
  assert.deepEqual((await evict([pod('Succeeded'), empty])).log, ['Pod', 'delete'])
  assert.deepEqual((await evict([pod('Pending'), empty])).log, ['Pod at 7', 'delete at 8'])
  const going = { ...pod('Running'), metadata: { ...pod('Running').metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
  assert.deepEqual((await evict([going, empty])).log, ['Pod', 'delete'])
})

test('a pod that is not ready goes where the others are enough, or where it may always', async () => {
  const unready = pod('Running', 'False')
  assert.deepEqual((await evict([unready, budget({ disruptionsAllowed: 0 })])).log, ['Pod at 7', 'delete at 8'])
  assert.match(await refusal([unready, budget({ disruptionsAllowed: 0, currentHealthy: 1 })]), /^429 0/)
  const always = budget({ disruptionsAllowed: 0, currentHealthy: 1 }, { unhealthyPodEvictionPolicy: 'AlwaysAllow' })
  assert.deepEqual((await evict([unready, always])).log, ['Pod at 7', 'delete at 8'])
  assert.match(await refusal([unready, always], { conflicts: true }), /^429 10/)
  assert.match(await refusal([unready, always], { conflicts: true, options: { preconditions: { resourceVersion: '7' } } }), /^409/)
})

test('a dry run and conditions of the client', async () => {
  assert.deepEqual((await evict([pod('Running'), budget({})], { dryRun: true })).log, ['PodDisruptionBudget dry', 'delete dry'])
  assert.deepEqual((await evict([pod('Running')], { options: { dryRun: ['All'] } })).log, ['delete dry'])
  assert.deepEqual((await evict([pod('Running')], { options: { preconditions: { resourceVersion: '5' } } })).log, ['Pod at 5', 'delete at 8'])
})
