import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freezeJson } from '../../objects/json.ts'
import { createUsageOf } from '../../policy/quota/resource-usage.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod, ResourceQuota } from '../../resources/generated/types.ts'
import { formatTime } from '../../words/instant.ts'
import { NOW, lines, pod } from '../objects.testing.ts'
import { planQuota } from './plan.ts'

type Amounts = Record<string, string>
const quota = (hard: Amounts, status?: ResourceQuota['status']): ResourceQuota => freezeJson({
  apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q', namespace: 'shop', uid: 'u' }, spec: { hard }, ...(status === undefined ? {} : { status }),
})

function planned(given: ResourceQuota, pods: readonly Pod[]) {
  return planQuota({ quota: given, counted: [{ resource: kinds.Pod, objects: pods }], usageOf: createUsageOf() }, NOW)
}

/** The status of the patch that is asked for. */
function statusOf(given: ResourceQuota, pods: readonly Pod[]): unknown {
  const [action] = planned(given, pods).actions
  if (action === undefined) return undefined
  assert.ok(action.verb === 'patch' && action.subresource === 'status' && action.patch.type === 'merge')
  return 'status' in action.patch.body ? action.patch.body.status : undefined
}

test('quotas are told of and counted', () => {
  const pods = [pod('a'), pod('b'), pod('c', { phase: 'Succeeded' })]
  const told = (used: Amounts, hard: Amounts = { pods: '5' }) => quota({ pods: '5' }, { hard, used })
  assert.deepEqual(statusOf(quota({ pods: '5' }), pods), { hard: { pods: '5' }, used: { pods: '2' } })
  assert.equal(statusOf(told({ pods: '2' }), pods), undefined)
  assert.equal(statusOf(quota({ 'requests.cpu': '2' }, { hard: { 'requests.cpu': '2' }, used: { 'requests.cpu': '0' } }), pods), undefined)
  assert.deepEqual(statusOf(told({ pods: '3' }), pods), { hard: { pods: '5' }, used: { pods: '2' } })
  assert.deepEqual(statusOf(told({ pods: '2', secrets: '1' }, { pods: '4', secrets: '9' }), pods), { hard: { pods: '5', secrets: null }, used: { pods: '2', secrets: null } })
  assert.match(planned(told({}), pods).why, /new count of pods/)
  assert.match(planned(told({ pods: '2' }, { pods: '4' }), pods).why, /allowed has changed/)
})

test('a pod that does not end is waited for, then given up', () => {
  const leaving = (deletedMsAgo: number): Pod => {
    const given = pod('a')
    return { ...given, metadata: { ...given.metadata, deletionTimestamp: formatTime(NOW - deletedMsAgo), deletionGracePeriodSeconds: 30 } }
  }
  const told = (pods: string) => quota({ pods: '5' }, { hard: { pods: '5' }, used: { pods } })
  assert.equal(planned(told('1'), [leaving(20_000)]).wakeAt, NOW + 10_001)
  assert.deepEqual([planned(told('1'), [leaving(20_000)]).actions, planned(told('0'), [leaving(40_000)]).actions], [[], []])
  assert.deepEqual(lines(planned(told('1'), [leaving(40_000)]).actions), ['patch resourcequotas/status q'])
  assert.equal(planned(told('0'), [leaving(40_000)]).wakeAt, NOW + 300_000)
})
