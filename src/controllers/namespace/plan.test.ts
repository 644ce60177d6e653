import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ConfigMap } from '../../resources/generated/types.ts'
import { NOW, lines, namespace, pod } from '../objects.testing.ts'
import type { NamespaceContent } from './plan.ts'
import { planNamespace } from './plan.ts'

const held: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', namespace: 'shop', uid: 'u', deletionTimestamp: '2027-01-15T07:59:00Z', finalizers: ['example.org/hold'] } }
const empty: readonly NamespaceContent[] = [{ kind: kinds.Pod, objects: [] }, { kind: kinds.ConfigMap, objects: [] }]

test('deletes the content, waits for it, lets the namespace go', () => {
  const check = (content: readonly NamespaceContent[], expected: readonly string[], why: RegExp): void => {
    const plan = planNamespace({ namespace: namespace({ deleting: true }), content }, NOW)
    assert.deepEqual(lines(plan.actions), expected)
    assert.match(plan.why, why)
  }
  check([{ kind: kinds.Pod, objects: [pod('a'), pod('b', { deleting: true })] }], ['patch namespaces/status shop', 'delete pods a'], /2 objects are left, 1 of them not yet/)
  check([{ kind: kinds.ConfigMap, objects: [held] }], ['patch namespaces/status shop'], /Waits for 1 objects that are being deleted: configmaps held/)
  check(empty, ['expect no pods', 'expect no configmaps', 'update namespaces/finalize shop'], /Nothing is left/)
  assert.deepEqual(planNamespace({ namespace: namespace(), content: empty }, NOW).actions, [])
  assert.deepEqual(planNamespace({ namespace: namespace({ deleting: true, finalizers: [] }), content: empty }, NOW).actions, [])
})

test('the conditions name what remains', () => {
  const content = [{ kind: kinds.Pod, objects: [pod('a')] }, { kind: kinds.ConfigMap, objects: [held] }]
  const [write] = planNamespace({ namespace: namespace({ deleting: true }), content }, NOW).actions
  assert.ok(write?.verb === 'patch' && write.patch.type === 'merge' && 'status' in write.patch.body)
  const { conditions } = write.patch.body.status as { conditions: { type: string; status: string; message: string }[] }
  assert.deepEqual(conditions.filter(({ status }) => status === 'True').map(({ message }) => message), [
    'Some resources are remaining: configmaps. has 1 resource instances, pods. has 1 resource instances',
    'Some content in the namespace has finalizers remaining: example.org/hold in 1 resource instances',
  ])
  assert.equal(conditions.length, 5)
})
