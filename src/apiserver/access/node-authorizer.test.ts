import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { RequestInfo } from '../access.ts'
import { nodeRules } from '../bootstrap/component-roles.ts'
import { nodeUser } from './internal-users.ts'
import { NodeAuthorizer } from './node-authorizer.ts'
import { infoOf, readerOf, userNamed } from './object-reader.testing.ts'
import type { PodsOfNodes } from './pods-of-nodes.ts'

const pod = (name: string, nodeName: string, secretName: string): KubeObject & { spec: object } => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' },
  spec: {
    nodeName, serviceAccountName: 'web', imagePullSecrets: [{ name: `pull-${name}` }],
    volumes: [{ name: 'v', secret: { secretName } }, { name: 'p', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } }],
    containers: [{ name: 'c', image: 'i', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: `env-${name}`, key: 'k' } } }], envFrom: [{ configMapRef: { name: 'settings' } }] }],
  },
})

const object = (apiVersion: string, kind: string, name: string, spec: object): KubeObject & { spec: object } => ({ apiVersion, kind, metadata: { name }, spec })
const only = (fieldSelector: string, info: RequestInfo): RequestInfo => ({ ...info, fieldSelector })

const volume = (name: string, claim: string): KubeObject => object('v1', 'PersistentVolume', name, {
  claimRef: { namespace: 'shop', name: claim }, csi: { driver: 'd', volumeHandle: 'h', nodeStageSecretRef: { name: `stage-${name}`, namespace: 'csi' }, controllerPublishSecretRef: { name: 'control', namespace: 'csi' } },
})

const claiming = (name: string, nodeName: string): KubeObject => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' },
  spec: {
    nodeName, volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: `data-${name}` } }, { name: 'scratch', ephemeral: { volumeClaimTemplate: {} } },
      { name: 'ceph', cephfs: { monitors: [], secretRef: { name: `ceph-${name}` } } },
    ],
    resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'gpu' }, { name: 'disk', resourceClaimName: 'disk' }],
  },
  status: { resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: `${name}-gpu-x` }] },
} as KubeObject)

const mirror: KubeObject = { ...pod('mirror', 'n1', 'stolen'), metadata: { name: 'mirror', namespace: 'shop', annotations: { 'kubernetes.io/config.mirror': 'x' } } }

const reader = readerOf([
  pod('a', 'n1', 'tls'), pod('b', 'n2', 'other'), claiming('c', 'n1'), claiming('d', 'n2'), mirror, volume('one', 'data-c'), volume('two', 'data-d'),
  object('storage.k8s.io/v1', 'VolumeAttachment', 'va1', { nodeName: 'n1' }), object('resource.k8s.io/v1beta1', 'ResourceSlice', 's1', { nodeName: 'n1' }),
])
const podsOfNodes: PodsOfNodes = { of: (nodeName, namespace) => reader.list(kinds.Pod, namespace).filter(({ spec }) => spec?.nodeName === nodeName) }
const authorizer = new NodeAuthorizer(reader, podsOfNodes, nodeRules)

const STRANGER = "no relationship found between node 'n1' and this object"

function check(table: readonly (readonly [RequestInfo, true | string])[]): void {
  for (const [info, expected] of table) {
    const decision = authorizer.authorize(nodeUser('n1'), info)
    assert.deepEqual(decision, expected === true ? { allowed: true, reason: '' } : { allowed: false, reason: expected }, JSON.stringify(info))
  }
}

test('a node may use what its own pods name', () => {
  check([
    [infoOf('get', 'secrets', 'shop', 'tls'), true],
    [infoOf('watch', 'secrets', 'shop', 'tls'), true],
    [infoOf('list', 'secrets', 'shop', 'tls'), true],
    [infoOf('get', 'secrets', 'shop', 'env-a'), true],
    [infoOf('get', 'secrets', 'shop', 'pull-a'), true],
    [infoOf('get', 'secrets', 'shop', 'ceph-c'), true],
    [infoOf('get', 'secrets', 'shop', 'other'), STRANGER],
    [infoOf('get', 'secrets', 'shop', 'stolen'), STRANGER],
    [infoOf('get', 'secrets', 'else', 'tls'), STRANGER],
    [infoOf('get', 'secrets', 'csi', 'stage-one'), true],
    [infoOf('get', 'secrets', 'csi', 'stage-two'), STRANGER],
    [infoOf('get', 'secrets', 'csi', 'control'), STRANGER],
    [infoOf('list', 'secrets', 'shop'), 'No Object name found'],
    [infoOf('list', 'secrets'), 'can only read namespaced object of this type'],
    [infoOf('delete', 'secrets', 'shop', 'tls'), 'can only read resources of this type'],
    [infoOf('get', 'configmaps', 'shop', 'kube-root-ca.crt'), true],
    [infoOf('get', 'configmaps', 'shop', 'settings'), true],
    [infoOf('get', 'configmaps', 'shop', 'unknown'), STRANGER],
    [infoOf('get', 'persistentvolumeclaims', 'shop', 'data-c'), true],
    [infoOf('get', 'persistentvolumeclaims', 'shop', 'c-scratch'), true],
    [infoOf('get', 'persistentvolumeclaims', 'shop', 'data-d'), STRANGER],
    [infoOf('list', 'persistentvolumeclaims', 'shop'), 'can only get individual resources of this type'],
    [infoOf('patch', 'persistentvolumeclaims/status', 'shop', 'data-c'), true],
    [infoOf('get', 'persistentvolumeclaims/status', 'shop', 'data-c'), 'can only get/update/patch this type'],
    [infoOf('get', 'persistentvolumes', '', 'one'), true],
    [infoOf('get', 'persistentvolumes', '', 'two'), STRANGER],
    [infoOf('get', 'resourceclaims.resource.k8s.io', 'shop', 'c-gpu-x'), true],
    [infoOf('get', 'resourceclaims.resource.k8s.io', 'shop', 'disk'), true],
    [infoOf('get', 'resourceclaims.resource.k8s.io', 'shop', 'd-gpu-x'), STRANGER],
    [infoOf('get', 'volumeattachments.storage.k8s.io', '', 'va1'), true],
    [infoOf('get', 'volumeattachments.storage.k8s.io', '', 'va2'), STRANGER],
    [infoOf('create', 'serviceaccounts/token', 'shop', 'web'), true],
    [infoOf('create', 'serviceaccounts/token', 'shop', 'admin'), STRANGER],
    [infoOf('get', 'serviceaccounts', 'shop', 'web'), 'can only create tokens for individual service accounts'],
  ])
})

test('a node sees its own pods and itself', () => {
  const SELECT = 'can only list/watch pods with spec.nodeName field selector'
  check([
    [only('spec.nodeName=n1', infoOf('list', 'pods')), true],
    [only('status.phase!=Failed,spec.nodeName==n1', infoOf('watch', 'pods', 'shop')), true],
    [only('spec.nodeName=n2', infoOf('list', 'pods')), SELECT],
    [only('spec.nodeName!=n1', infoOf('list', 'pods')), SELECT],
    [only('rubbish', infoOf('list', 'pods')), SELECT],
    [infoOf('list', 'pods'), SELECT],
    [infoOf('watch', 'pods', 'shop', 'a'), true],
    [infoOf('get', 'pods', 'shop', 'a'), true],
    [infoOf('get', 'pods', 'shop', 'b'), STRANGER],
    [infoOf('get', 'pods', 'shop', 'none'), STRANGER],
    [infoOf('create', 'pods', 'shop'), true],
    [infoOf('update', 'pods/status', 'shop', 'a'), true],
    [infoOf('update', 'pods', 'shop', 'a'), ''],
    [infoOf('deletecollection', 'pods', 'shop'), ''],
    [infoOf('create', 'pods/eviction', 'shop', 'a'), true],
    [infoOf('get', 'nodes', '', 'n1'), true],
    [infoOf('watch', 'nodes', '', 'n1'), true],
    [infoOf('list', 'nodes'), "node 'n1' cannot read all nodes, only its own Node object"],
    [infoOf('get', 'nodes', '', 'n2'), "node 'n1' cannot read 'n2', only its own Node object"],
    [infoOf('patch', 'nodes/status', '', 'n1'), true],
    [infoOf('delete', 'nodes', '', 'n1'), ''],
    [only('spec.nodeName=n1', infoOf('list', 'resourceslices.resource.k8s.io')), true],
    [infoOf('list', 'resourceslices.resource.k8s.io'), 'can only list/watch/deletecollection resourceslices with nodeName field selector'],
    [infoOf('get', 'resourceslices.resource.k8s.io', '', 's1'), true],
    [infoOf('list', 'services'), true],
    [infoOf('create', 'leases.coordination.k8s.io', 'kube-node-lease'), true],
    [infoOf('update', 'leases.coordination.k8s.io', 'kube-node-lease', 'n1'), true],
    [infoOf('update', 'leases.coordination.k8s.io', 'kube-node-lease', 'n2'), 'can only access node lease with the same name as the requesting node'],
    [infoOf('update', 'leases.coordination.k8s.io', 'kube-system', 'n1'), 'can only access leases in the "kube-node-lease" system namespace'],
    [infoOf('get', 'csinodes.storage.k8s.io', '', 'n2'), 'can only access CSINode with the same name as the requesting node'],
    [infoOf('create', 'csinodes.storage.k8s.io'), true],
    [infoOf('update', 'csinodes.storage.k8s.io', '', 'n1'), true],
    [{ ...infoOf('patch', 'csinodes.storage.k8s.io', '', 'n1'), subresource: 'status' }, 'cannot authorize CSINode subresources'],
    [infoOf('create', 'resourceslices.resource.k8s.io'), true],
    [infoOf('update', 'nodes', '', 'n1'), true],
    [infoOf('update', 'nodes/status', '', 'n1'), true],
    [infoOf('get', 'nodes/proxy', '', 'n1'), ''],
    [infoOf('create', 'events.events.k8s.io', 'shop'), true],
    [infoOf('create', 'deployments.apps', 'shop'), ''],
  ])
  assert.deepEqual(authorizer.authorize(userNamed('system:node:n1'), infoOf('list', 'pods')), { allowed: false, reason: '' }, 'not in system:nodes')
  assert.equal(authorizer.authorize(nodeUser(''), infoOf('list', 'pods')).reason, 'unknown node for user "system:node:"')
  assert.equal(authorizer.rulesFor(nodeUser('n1')).incomplete, true)
})
