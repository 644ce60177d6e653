import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { RequestInfo } from '../access.ts'
import { nodeRules } from '../bootstrap/component-roles.ts'
import { nodeUser } from './internal-users.ts'
import { NodeAuthorizer } from './node-authorizer.ts'
import { infoOf, readerOf, userNamed } from './object-reader.testing.ts'

const pod = (name: string, nodeName: string, secretName: string): KubeObject & { spec: object } => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' },
  spec: {
    nodeName, serviceAccountName: 'web', imagePullSecrets: [{ name: `pull-${name}` }],
    volumes: [{ name: 'v', secret: { secretName } }, { name: 'p', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } }],
    containers: [{ name: 'c', image: 'i', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: `env-${name}`, key: 'k' } } }], envFrom: [{ configMapRef: { name: 'settings' } }] }],
  },
})

test('a node may use what its own pods name', () => {
  const authorizer = new NodeAuthorizer(readerOf([pod('a', 'n1', 'tls'), pod('b', 'n2', 'other')]), nodeRules)
  const table: [RequestInfo, boolean][] = [
    [infoOf('get', 'secrets', 'shop', 'tls'), true],
    [infoOf('watch', 'secrets', 'shop', 'tls'), true],
    [infoOf('get', 'secrets', 'shop', 'env-a'), true],
    [infoOf('get', 'secrets', 'shop', 'pull-a'), true],
    [infoOf('get', 'secrets', 'shop', 'other'), false],
    [infoOf('get', 'secrets', 'else', 'tls'), false],
    [infoOf('list', 'secrets', 'shop'), false],
    [infoOf('list', 'secrets'), false],
    [infoOf('delete', 'secrets', 'shop', 'tls'), false],
    [infoOf('get', 'configmaps', 'shop', 'kube-root-ca.crt'), true],
    [infoOf('get', 'configmaps', 'shop', 'settings'), true],
    [infoOf('get', 'configmaps', 'shop', 'unknown'), false],
    [infoOf('create', 'serviceaccounts/token', 'shop', 'web'), true],
    [infoOf('create', 'serviceaccounts/token', 'shop', 'admin'), false],
    [infoOf('list', 'pods'), true],
    [infoOf('update', 'pods/status', 'shop', 'a'), true],
    [infoOf('list', 'services'), true],
    [infoOf('create', 'leases.coordination.k8s.io', 'kube-node-lease'), true],
    [infoOf('update', 'leases.coordination.k8s.io', 'kube-node-lease', 'n1'), true],
    [infoOf('update', 'leases.coordination.k8s.io', 'kube-node-lease', 'n2'), false],
    [infoOf('update', 'leases.coordination.k8s.io', 'kube-system', 'n1'), false],
    [infoOf('create', 'events.events.k8s.io', 'shop'), true],
    [infoOf('create', 'deployments.apps', 'shop'), false],
  ]
  for (const [info, allowed] of table) assert.equal(authorizer.authorize(nodeUser('n1'), info).allowed, allowed, JSON.stringify(info))
  assert.deepEqual(authorizer.authorize(userNamed('system:node:n1'), infoOf('list', 'pods')), { allowed: false, reason: '' }, 'not in system:nodes')
})
