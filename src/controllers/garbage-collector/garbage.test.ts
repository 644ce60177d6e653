import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ObjectCache } from '../../client/object-cache.ts'
import type { KindRef } from '../../objects/kind.ts'
import { keyText } from '../../objects/kube-object.ts'
import type { KubeObject, ObjectMeta, OwnerReference } from '../../objects/kube-object.ts'
import type { Action } from '../../reconcile/controller.ts'
import { liveSnapshot } from '../../reconcile/snapshot.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { garbageCollector } from './controller.ts'

const collected: readonly KindRef[] = [kinds.Deployment, kinds.ReplicaSet, kinds.Pod, kinds.ConfigMap, kinds.ClusterRole]
const DELETED = '2027-01-15T07:59:00Z'

function object(kind: KindRef, name: string, metadata: ObjectMeta = {}): KubeObject {
  const namespace = kind.namespaced ? { namespace: 'shop' } : {}
  return { apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`, kind: kind.kind, metadata: { name, ...namespace, uid: `${name}-uid`, resourceVersion: '5', ...metadata } }
}

function owner(kind: KindRef, name: string, blockOwnerDeletion = true): OwnerReference {
  return { apiVersion: object(kind, name).apiVersion, kind: kind.kind, name, uid: `${name}-uid`, controller: true, blockOwnerDeletion }
}

function line(action: Action): string {
  if (action.verb === 'expect-absent') return `expect ${action.kind.plural} ${action.key.name} absent`
  if (action.verb === 'delete') return `delete ${action.kind.plural} ${action.key.name} ${action.options.propagationPolicy}`
  if (action.verb !== 'patch' || action.patch.type !== 'merge' || !('metadata' in action.patch.body)) return action.verb
  const { ownerReferences, finalizers } = action.patch.body.metadata as ObjectMeta
  const left = ownerReferences === undefined ? `finalizers ${finalizers?.join(' ')}` : `owners ${ownerReferences.map(({ name }) => name).join(' ')}`
  return `patch ${action.kind.plural} ${action.key.name} ${left}`.trimEnd()
}

/** What is done with one object of a small world. */
function check(world: readonly (readonly [KindRef, KubeObject])[], key: string, expected: readonly string[] | undefined): void {
  const caches = new Map(collected.map((kind) => [kind, new ObjectCache(kind)]))
  for (const [kind, item] of world) caches.get(kind)?.upsert(item)
  const snapshot = liveSnapshot(<T extends KubeObject>(kind: KindRef<T>) => caches.get(kind) as ObjectCache<T> | undefined)
  const collector = garbageCollector(collected)
  const view = collector.observe(key, snapshot)
  assert.deepEqual(view === undefined ? undefined : collector.plan(view, 0, () => '', undefined).actions.map(line), expected)
}

const pod = (references: OwnerReference[], rest: ObjectMeta = {}): readonly [KindRef, KubeObject] => [kinds.Pod, object(kinds.Pod, 'p', { ownerReferences: references, ...rest })]
const POD = '/pods|shop/p'

test('an object lives as long as one of its owners', () => {
  const set = [kinds.ReplicaSet, object(kinds.ReplicaSet, 'rs')] as const
  check([set, pod([owner(kinds.ReplicaSet, 'rs')])], POD, [])
  check([pod([owner(kinds.ReplicaSet, 'rs')])], POD, ['expect replicasets rs absent', 'delete pods p Background'])
  check([pod([{ ...owner(kinds.ReplicaSet, 'rs'), uid: 'other' }]), set], POD, ['expect replicasets rs absent', 'delete pods p Background'])
  check([set, pod([owner(kinds.ReplicaSet, 'rs'), owner(kinds.ConfigMap, 'gone')])], POD, ['expect configmaps gone absent', 'patch pods p owners rs'])
  check([pod([{ ...owner(kinds.ReplicaSet, 'x'), apiVersion: 'example.org/v1', kind: 'Widget' }])], POD, [])
  check([pod([])], POD, undefined)
  check([[kinds.ClusterRole, object(kinds.ClusterRole, 'r', { ownerReferences: [owner(kinds.Pod, 'p')] })]], 'rbac.authorization.k8s.io/clusterroles|r', [])
})

test('foreground: dependents first, then the owner', () => {
  const deployment = [kinds.Deployment, object(kinds.Deployment, 'd', { deletionTimestamp: DELETED, finalizers: ['foregroundDeletion', 'other'] })] as const
  const set = (rest: ObjectMeta = {}): readonly [KindRef, KubeObject] => [kinds.ReplicaSet, object(kinds.ReplicaSet, 'rs', { ownerReferences: [owner(kinds.Deployment, 'd')], ...rest })]
  const SET = 'apps/replicasets|shop/rs'
  const DEPLOYMENT = 'apps/deployments|shop/d'
  check([deployment, set(), pod([owner(kinds.ReplicaSet, 'rs')])], DEPLOYMENT, [])
  check([deployment, set(), pod([owner(kinds.ReplicaSet, 'rs')])], SET, ['delete replicasets rs Foreground'])
  check([deployment, set()], SET, ['delete replicasets rs Background'])
  check([deployment, set({ deletionTimestamp: DELETED })], SET, [])
  check([deployment, [kinds.ReplicaSet, object(kinds.ReplicaSet, 'rs', { ownerReferences: [owner(kinds.Deployment, 'd', false)] })]], DEPLOYMENT, ['patch deployments d finalizers other'])
  check([deployment], DEPLOYMENT, ['patch deployments d finalizers other'])
})

test('a circle of owners does not wait for itself', () => {
  const going = { deletionTimestamp: DELETED, finalizers: ['foregroundDeletion'] }
  const item = (name: string, of: string, rest: ObjectMeta = {}, isBlocking = true): readonly [KindRef, KubeObject] =>
    [kinds.ConfigMap, object(kinds.ConfigMap, name, { ownerReferences: [owner(kinds.ConfigMap, of, isBlocking)], ...rest })]
  const keyOf = (name: string): string => `/configmaps|shop/${name}`
  // Somebody deletes a, which c owns, which b owns, which a owns.
  check([item('a', 'c', going), item('b', 'a'), item('c', 'b')], keyOf('b'), ['delete configmaps b Foreground'])
  check([item('a', 'c', going), item('b', 'a', going), item('c', 'b')], keyOf('c'), ['patch configmaps c owners b'])
  const opened = [item('a', 'c', going), item('b', 'a', going), item('c', 'b', {}, false)]
  check(opened, keyOf('c'), ['delete configmaps c Foreground'])
  check(opened, keyOf('b'), ['patch configmaps b finalizers'])
  check([item('a', 'c', going), item('c', 'b', going, false)], keyOf('a'), ['patch configmaps a finalizers'])
})

test('orphan: dependents are freed, then the owner goes', () => {
  const set = [kinds.ReplicaSet, object(kinds.ReplicaSet, 'rs', { deletionTimestamp: DELETED, finalizers: ['orphan'] })] as const
  check([set, pod([owner(kinds.ReplicaSet, 'rs'), owner(kinds.ConfigMap, 'c')])], 'apps/replicasets|shop/rs', ['patch pods p owners c'])
  check([set], 'apps/replicasets|shop/rs', ['patch replicasets rs finalizers'])
})

test('who is concerned by a change', () => {
  const caches = new Map(collected.map((kind) => [kind, new ObjectCache(kind)]))
  const snapshot = liveSnapshot(<T extends KubeObject>(kind: KindRef<T>) => caches.get(kind) as ObjectCache<T> | undefined)
  const [, owned] = pod([owner(kinds.ReplicaSet, 'rs')])
  caches.get(kinds.Pod)?.upsert(owned)
  const keysOf = (kind: KindRef, changed: KubeObject): readonly string[] => garbageCollector(collected).reads.find((read) => read.kind === kind)?.keysOf(changed, snapshot) ?? []
  const set = object(kinds.ReplicaSet, 'rs')
  assert.deepEqual(keysOf(kinds.ReplicaSet, set), [POD])
  assert.deepEqual(keysOf(kinds.Pod, owned), [POD])
  caches.get(kinds.ReplicaSet)?.upsert(set)
  assert.deepEqual(keysOf(kinds.ReplicaSet, set), [])
  assert.deepEqual(keysOf(kinds.Pod, owned), [])
  const going = object(kinds.ReplicaSet, 'rs', { deletionTimestamp: DELETED, finalizers: ['foregroundDeletion'] })
  caches.get(kinds.ReplicaSet)?.upsert(going)
  assert.deepEqual(keysOf(kinds.Pod, owned), [POD, `apps/replicasets|${keyText({ namespace: 'shop', name: 'rs' })}`])
})
