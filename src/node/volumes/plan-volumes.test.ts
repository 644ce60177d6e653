import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PodSpec, Volume } from '../../resources/generated/types.ts'
import { textOf, toBase64, utf8 } from '../../words/bytes.ts'
import { planVolume, referencedNames } from './plan-volumes.ts'

function show(source: Omit<Volume, 'name'>, spec: Partial<PodSpec> = {}): string {
  const plan = planVolume({ name: 'v', ...source }, {
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'ns', labels: { app: 'x' } }, spec: { containers: [{ name: 'web' }], ...spec } },
    references: {
      configMap: (name) => (name === 'conf' ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { a: '1', b: '2' }, binaryData: { c: toBase64(utf8('3')) } } : undefined),
      secret: (name) => (name === 'keys' ? { apiVersion: 'v1', kind: 'Secret', metadata: {}, data: { k: toBase64(utf8('s')) } } : undefined),
    },
    facts: { podAddresses: [], nodeAddresses: [], allocatable: {} },
    token: ({ audience }) => `token for ${audience ?? 'the API'}`,
  })
  if (plan.type !== 'files') return JSON.stringify(plan)
  const files = plan.files.map(({ path, content, mode, userId }) => `${path}:${mode.toString(8)}${userId === undefined ? '' : `@${userId}`}=${textOf(content)}`)
  return `${plan.secret ? 'secret ' : ''}${files.join(' ')}`
}

test('volumes as plans', () => {
  const check = (source: Omit<Volume, 'name'>, expected: string, spec?: Partial<PodSpec>): void => assert.equal(show(source, spec), expected)
  check({ emptyDir: {} }, '{"type":"directory","name":"v"}')
  check({ emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }, '{"type":"memory","name":"v","groupId":5,"sizeLimitBytes":1048576}', { securityContext: { fsGroup: 5 } })
  check({ hostPath: { path: '/x', type: 'Directory' } }, '{"type":"host-path","name":"v","path":"/x","check":"Directory"}')
  check({ configMap: { name: 'conf' } }, 'a:644=1 b:644=2 c:644=3')
  check({ configMap: { name: 'conf', defaultMode: 0o400, items: [{ key: 'b', path: 'x/y', mode: 0o600 }, { key: 'a', path: 'z' }] } }, 'x/y:600=2 z:400=1')
  check({ configMap: { name: 'none', optional: true } }, '')
  check({ secret: { secretName: 'keys' } }, 'secret k:644=s')
  check({ downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } }, 'labels:644=app="x"')
  const projected = { projected: { sources: [{ serviceAccountToken: { path: 'token' } }, { configMap: { name: 'conf', items: [{ key: 'a', path: 'ca.crt' }] } }] } }
  check(projected, 'secret token:644=token for the API ca.crt:644=1')
  check(projected, 'secret token:600@7=token for the API ca.crt:644=1', { securityContext: { runAsUser: 7 } })
})

test('what is missing is said', () => {
  assert.throws(() => show({ configMap: { name: 'none' } }), { message: 'configmap "none" not found' })
  assert.throws(() => show({ secret: { secretName: 'none' } }), { message: 'secret "none" not found' })
  assert.throws(() => show({ configMap: { name: 'conf', items: [{ key: 'no', path: 'x' }] } }), { message: 'references non-existent config key: no' })
  assert.throws(() => show({ nfs: { server: 's', path: '/' } }), { message: 'volume type nfs is not supported by this node' })
})

test('all that a pod refers to', () => {
  const { configMaps, secrets } = referencedNames({
    apiVersion: 'v1', kind: 'Pod', metadata: {},
    spec: {
      imagePullSecrets: [{ name: 's1' }],
      initContainers: [{ name: 'i', envFrom: [{ configMapRef: { name: 'c1' } }, { secretRef: { name: 's2' } }] }],
      containers: [{ name: 'w', env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'c2', key: 'k' } } }, { name: 'Y', valueFrom: { secretKeyRef: { name: 's3', key: 'k' } } }] }],
      volumes: [{ name: 'a', configMap: { name: 'c3' } }, { name: 'b', secret: { secretName: 's4' } }, { name: 'c', projected: { sources: [{ configMap: { name: 'c4' } }, { secret: { name: 's5' } }] } }],
    },
  })
  assert.deepEqual([[...configMaps].sort(), [...secrets].sort()], [['c1', 'c2', 'c3', 'c4'], ['s1', 's2', 's3', 's4', 's5']])
})
