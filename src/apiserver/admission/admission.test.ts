import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyJson } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Node, Pod, PodSpec, ServiceAccount } from '../../resources/generated/types.ts'
import type { AdmissionRequest, Verdict } from '../access.ts'
import { nodeUser } from '../access/internal-users.ts'
import { admissionOf, readerOf } from '../access/object-reader.testing.ts'
import { defaultTolerationSeconds } from './default-tolerations.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction.ts'
import { serviceAccountAdmission } from './service-account.ts'
import { taintNewNodes } from './taint-new-nodes.ts'

const namespace = (name: string, more: object = {}): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, ...more })
const configMap = (inNamespace: string): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: inNamespace } })
const pod = (spec: Partial<PodSpec> = {}, metadata: object = {}): Pod => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop', ...metadata }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
})

test('namespaces must exist and stay', () => {
  const ending = namespace('ending', { status: { phase: 'Terminating' } })
  const reader = readerOf([namespace('shop'), ending])
  const admit = (request: AdmissionRequest) => namespaceLifecycle.matches(request) && namespaceLifecycle.admit(request, reader, 'first')
  admit(admissionOf('CREATE', kinds.ConfigMap, configMap('shop')))
  admit(admissionOf('UPDATE', kinds.ConfigMap, configMap('ending')))
  admit(admissionOf('CREATE', kinds.Namespace, namespace('new')))
  admit(admissionOf('DELETE', kinds.Namespace, undefined, { old: namespace('shop') }))
  admit(admissionOf('CREATE', kinds.LocalSubjectAccessReview, { apiVersion: 'a', kind: 'b', metadata: { namespace: 'gone' } }))
  const table: [AdmissionRequest, number, string][] = [
    [admissionOf('CREATE', kinds.ConfigMap, configMap('gone')), 404, 'namespaces "gone" not found'],
    [admissionOf('CREATE', kinds.ConfigMap, configMap('ending')), 403, 'configmaps "c" is forbidden: unable to create new content in namespace ending because it is being terminated'],
    [admissionOf('DELETE', kinds.Namespace, undefined, { old: namespace('kube-system') }), 403, 'namespaces "kube-system" is forbidden: this namespace may not be deleted'],
  ]
  for (const [request, code, message] of table) assert.throws(() => admit(request), { code, message })
  assert.throws(() => admit(admissionOf('CREATE', kinds.ConfigMap, configMap('ending'))), (error: { details: { causes: object[] } }) => {
    assert.deepEqual(error.details.causes, [{ reason: 'NamespaceTerminating', message: 'namespace ending is being terminated', field: 'metadata.namespace' }])
    return true
  })
})

const account = (name: string, more: Partial<ServiceAccount> = {}): ServiceAccount => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'shop' }, ...more })
const zeros = { bytes: (length: number) => new Uint8Array(length) }
/** Time that passes as soon as somebody waits. */
const hasty = { now: () => 0, after: (_delayMs: number, callback: () => void) => (queueMicrotask(callback), () => undefined) }

const admission = serviceAccountAdmission({ clock: hasty, random: zeros })

async function admitted(spec: Partial<PodSpec>, own: Partial<ServiceAccount> = {}, metadata: object = {}): Promise<PodSpec | undefined> {
  const draft = copyJson(pod(spec, metadata))
  await admission.admit(admissionOf('CREATE', kinds.Pod, draft), readerOf([account('default', own), account('web', own)]), 'first')
  return draft.spec
}

test('a pod acts as a service account and finds its token', async () => {
  const volume = {
    name: 'kube-api-access-bbbbb',
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  }
  const mount = { name: volume.name, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }
  assert.deepEqual(await admitted({ initContainers: [{ name: 'i' }] }), {
    containers: [{ name: 'c', image: 'i', volumeMounts: [mount] }], initContainers: [{ name: 'i', volumeMounts: [mount] }],
    serviceAccountName: 'default', serviceAccount: 'default', volumes: [volume],
  })
  const own = { name: 'own', mountPath: mount.mountPath }
  assert.equal((await admitted({ containers: [{ name: 'c', volumeMounts: [own] }] }))?.volumes, undefined)
  assert.equal((await admitted({ automountServiceAccountToken: false }))?.volumes, undefined)
  assert.equal((await admitted({}, { automountServiceAccountToken: false }))?.volumes, undefined)
  assert.equal((await admitted({ automountServiceAccountToken: true }, { automountServiceAccountToken: false }))?.volumes?.length, 1)
  assert.equal((await admitted({ serviceAccountName: 'web' }))?.serviceAccount, 'web')
  assert.deepEqual((await admitted({}, { imagePullSecrets: [{ name: 'registry' }] }))?.imagePullSecrets, [{ name: 'registry' }])
  assert.deepEqual((await admitted({ imagePullSecrets: [{ name: 'own' }] }, { imagePullSecrets: [{ name: 'registry' }] }))?.imagePullSecrets, [{ name: 'own' }])
  await assert.rejects(admitted({ serviceAccountName: 'gone' }), {
    code: 403, message: 'pods "p" is forbidden: error looking up service account shop/gone: serviceaccount "gone" not found',
  })
  const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } }
  assert.equal((await admitted({}, {}, mirror))?.serviceAccountName, undefined)
  await assert.rejects(admitted({ serviceAccountName: 'web' }, {}, mirror), { code: 403 })
})

test('a pod waits a little for the default account of its new namespace', async () => {
  let looks = 0
  const empty = readerOf([])
  const late = { ...empty, get: ((kind, key) => (++looks > 3 ? readerOf([account('default')]) : empty).get(kind, key)) as typeof empty.get }
  const draft = copyJson(pod())
  await admission.admit(admissionOf('CREATE', kinds.Pod, draft), late, 'first')
  assert.deepEqual([looks, draft.spec?.volumes?.length], [4, 1])
  await assert.rejects(async () => admission.admit(admissionOf('CREATE', kinds.Pod, copyJson(pod())), empty, 'first'), { code: 403 })
})

test('tolerations for nodes that are away', () => {
  const tolerationsOf = (tolerations?: PodSpec['tolerations']) => {
    const draft = copyJson(pod(tolerations === undefined ? {} : { tolerations }))
    void defaultTolerationSeconds.admit(admissionOf('CREATE', kinds.Pod, draft), readerOf([]), 'first')
    return draft.spec?.tolerations?.map(({ key = '', tolerationSeconds }) => `${key}:${tolerationSeconds ?? ''}`)
  }
  const [notReady, unreachable] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
  assert.deepEqual(tolerationsOf(), [`${notReady}:300`, `${unreachable}:300`])
  assert.deepEqual(tolerationsOf([{ key: notReady, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }]), [`${notReady}:5`, `${unreachable}:300`])
  assert.deepEqual(tolerationsOf([{ operator: 'Exists' }]), [':'])
  assert.deepEqual(tolerationsOf([{ key: notReady, effect: 'NoSchedule' }])?.length, 3)
})

test('new nodes take no pods yet', () => {
  const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }
  const request = admissionOf('CREATE', kinds.Node, node)
  void taintNewNodes.admit(request, readerOf([]), 'first')
  void taintNewNodes.admit(request, readerOf([]), 'first')
  assert.deepEqual(node.spec?.taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }])
  assert.equal(taintNewNodes.matches(admissionOf('UPDATE', kinds.Node, node)), false)
})

test('a node writes only what is its own', () => {
  const bound = { ...pod({ nodeName: 'n1', serviceAccountName: 'web' }), metadata: { name: 'mine', namespace: 'shop', uid: 'u1' } }
  const other = { ...pod({ nodeName: 'n2', serviceAccountName: 'web' }), metadata: { name: 'other', namespace: 'shop', uid: 'u2' } }
  const reader = readerOf([bound, other, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', uid: 'node-uid' } }])
  const node = (name: string, more: object = {}): KubeObject => ({ apiVersion: 'v1', kind: 'Node', metadata: { name }, ...more })
  const lease = (name: string, inNamespace = 'kube-node-lease'): KubeObject => ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: inNamespace } })
  const token = (kind: string, name: string, uid: string): KubeObject & { spec: object } => ({
    apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: { audiences: [], boundObjectRef: { kind, name, uid } },
  })
  const accountKey = { namespace: 'shop', name: 'web' }
  const mirror = (spec: Partial<PodSpec>, uid = 'node-uid'): Pod => pod({ nodeName: 'n1', ...spec }, {
    annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid, controller: true }],
  })
  const evicting: KubeObject = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: {} }
  const claim = (status: object): KubeObject => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c', namespace: 'shop' }, status } as KubeObject)
  const tokenFor = (object: KubeObject, key = accountKey) => admissionOf('CREATE', kinds.ServiceAccount, object, { subresource: 'token', key })
  const table: [string, AdmissionRequest, boolean][] = [
    ['registers itself', admissionOf('CREATE', kinds.Node, node('n1')), true],
    ['registers another', admissionOf('CREATE', kinds.Node, node('n2')), false],
    ['its status', admissionOf('UPDATE', kinds.Node, node('n1'), { subresource: 'status', old: node('n1') }), true],
    ['takes its taint away', admissionOf('UPDATE', kinds.Node, node('n1'), { old: node('n1', { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }) }), false],
    ['gives itself an owner', admissionOf('UPDATE', kinds.Node, node('n1', { metadata: { name: 'n1', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x' }] } }), { old: node('n1') }), false],
    ['restricted label', admissionOf('CREATE', kinds.Node, node('n1', { metadata: { name: 'n1', labels: { 'node-restriction.kubernetes.io/a': 'b' } } })), false],
    ['plain label', admissionOf('CREATE', kinds.Node, node('n1', { metadata: { name: 'n1', labels: { zone: 'b' } } })), true],
    ['deletes itself, if its role lets it', admissionOf('DELETE', kinds.Node, undefined, { old: node('n1') }), true],
    ['its lease', admissionOf('CREATE', kinds.Lease, lease('n1')), true],
    ['another lease', admissionOf('UPDATE', kinds.Lease, lease('n2')), false],
    ['a lease elsewhere', admissionOf('CREATE', kinds.Lease, lease('n1', 'default')), false],
    ['status of its pod', admissionOf('UPDATE', kinds.Pod, bound, { subresource: 'status', old: bound }), true],
    ['status of another pod', admissionOf('UPDATE', kinds.Pod, other, { subresource: 'status', old: other }), false],
    ['deletes its pod', admissionOf('DELETE', kinds.Pod, undefined, { old: bound }), true],
    ['deletes another pod', admissionOf('DELETE', kinds.Pod, undefined, { old: other }), false],
    ['creates a pod', admissionOf('CREATE', kinds.Pod, bound), false],
    ['a label of the system', admissionOf('CREATE', kinds.Node, node('n1', { metadata: { name: 'n1', labels: { 'k8s.io/a': 'b' } } })), false],
    ['labels of its own', admissionOf('CREATE', kinds.Node, node('n1', { metadata: { name: 'n1', labels: { 'kubernetes.io/os': 'linux', 'sub.node.kubernetes.io/a': 'b' } } })), true],
    ['takes a label away', admissionOf('UPDATE', kinds.Node, node('n1'), { old: node('n1', { metadata: { name: 'n1', labels: { 'node-role.kubernetes.io/x': '' } } }) }), false],
    ['creates a mirror pod', admissionOf('CREATE', kinds.Pod, mirror({})), true],
    ['a mirror pod of nobody', admissionOf('CREATE', kinds.Pod, { ...mirror({}), metadata: { ...mirror({}).metadata, ownerReferences: [] } }), false],
    ['a mirror pod of a former node', admissionOf('CREATE', kinds.Pod, mirror({}, 'older')), false],
    ['a mirror pod with a secret', admissionOf('CREATE', kinds.Pod, mirror({ volumes: [{ name: 'v', secret: { secretName: 's' } }] })), false],
    ['a mirror pod with a device', admissionOf('CREATE', kinds.Pod, mirror({ resourceClaims: [{ name: 'd', resourceClaimName: 'c' }] })), false],
    ['a mirror pod elsewhere', admissionOf('CREATE', kinds.Pod, mirror({ nodeName: 'n2' })), false],
    ['labels of its pod', admissionOf('UPDATE', kinds.Pod, { ...bound, metadata: { ...bound.metadata, labels: { a: 'b' } } }, { subresource: 'status', old: bound }), false],
    ['resizes its pod', admissionOf('UPDATE', kinds.Pod, bound, { subresource: 'resize', old: bound }), false],
    ['evicts its pod', admissionOf('CREATE', kinds.Pod, evicting, { subresource: 'eviction', key: { namespace: 'shop', name: 'mine' } }), true],
    ['evicts another pod', admissionOf('CREATE', kinds.Pod, evicting, { subresource: 'eviction', key: { namespace: 'shop', name: 'other' } }), false],
    ['its CSINode', admissionOf('CREATE', kinds.CSINode, { apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { name: 'n1' } }), true],
    ['another CSINode', admissionOf('CREATE', kinds.CSINode, { apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { name: 'n2' } }), false],
    ['capacity of a claim', admissionOf('UPDATE', kinds.PersistentVolumeClaim, claim({ capacity: { storage: '2' } }), { subresource: 'status', old: claim({}) }), true],
    ['phase of a claim', admissionOf('UPDATE', kinds.PersistentVolumeClaim, claim({ phase: 'Lost' }), { subresource: 'status', old: claim({}) }), false],
    ['a claim', admissionOf('UPDATE', kinds.PersistentVolumeClaim, claim({}), { old: claim({}) }), false],
    ['token of its pod', tokenFor(token('Pod', 'mine', 'u1')), true],
    ['token of another pod', tokenFor(token('Pod', 'other', 'u2')), false],
    ['token of an older pod', tokenFor(token('Pod', 'mine', 'u0')), false],
    ['token of another account', tokenFor(token('Pod', 'mine', 'u1'), { namespace: 'shop', name: 'admin' }), false],
    ['token bound to nothing', tokenFor({ ...token('', '', ''), spec: { audiences: [] } } as KubeObject), false],
    ['an event', admissionOf('CREATE', kinds.Event, { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e', namespace: 'shop' } }), true],
  ]
  for (const [name, request, allowed] of table) {
    const verdict = nodeRestriction.review({ ...request, user: nodeUser('n1') }, reader) as Verdict
    assert.equal(verdict.allowed, allowed, name)
  }
  assert.equal(nodeRestriction.matches(admissionOf('CREATE', kinds.Node, node('n2'))), false, 'other users')
})
