import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { KindRef } from '../../objects/kind.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { AdmissionRequest } from '../access.ts'
import { nodeUser } from '../access/internal-users.ts'
import { readerOf } from '../access/object-reader.testing.ts'
import { nodeRestriction } from './node-restriction.ts'

const node: KubeObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', uid: 'u1' } }

async function say(kind: KindRef, given: Partial<AdmissionRequest>, world: readonly KubeObject[] = [node]): Promise<string> {
  const request: AdmissionRequest = {
    operation: 'CREATE', kind, key: { namespace: 'shop', name: 'x' }, subresource: '', object: undefined, old: undefined,
    user: nodeUser('n1'), dryRun: false, ...given,
  }
  const verdict = await nodeRestriction.review(request, readerOf([...world]))
  return verdict.allowed ? 'yes' : verdict.message
}

test('the owner of a mirror pod is its node, holds up nothing and is there', async () => {
  const mirror = (more: object): Partial<AdmissionRequest> => ({ object: {
    apiVersion: 'v1', kind: 'Pod', spec: { nodeName: 'n1', containers: [] }, metadata: {
      name: 'x', namespace: 'shop', annotations: { 'kubernetes.io/config.mirror': 'h' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'u1', controller: true, ...more }],
    },
  } as KubeObject })
  assert.equal(await say(kinds.Pod, mirror({})), 'yes')
  assert.match(await say(kinds.Pod, mirror({ blockOwnerDeletion: true })), /must not set blockOwnerDeletion on an owner reference/)
  assert.match(await say(kinds.Pod, mirror({}), []), /nodes "n1" not found/)
  assert.match(await say(kinds.Pod, mirror({ uid: 'u2' })), /UID mismatch: expected u2 got u1/)
})

test('a node makes and deletes slices of its own only', async () => {
  const slice = (nodeName: string): KubeObject => ({ apiVersion: 'resource.k8s.io/v1beta1', kind: 'ResourceSlice', metadata: { name: 'x' }, spec: { nodeName } } as KubeObject)
  for (const [operation, part] of [['CREATE', 'object'], ['DELETE', 'old']] as const) {
    assert.equal(await say(kinds.ResourceSlice, { operation, [part]: slice('n1') }), 'yes')
    assert.match(await say(kinds.ResourceSlice, { operation, [part]: slice('n2') }), /ResourceSlice with the same NodeName as the requesting node/)
  }
})
