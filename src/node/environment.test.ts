import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container, Pod, Service } from '../resources/generated/types.ts'
import { toBase64, utf8 } from '../words/bytes.ts'
import { fieldValue, resourceValue } from './downward-api.ts'
import type { DownwardFacts } from './downward-api.ts'
import { environment } from './environment.ts'
import { expand } from './expansion.ts'

const facts: DownwardFacts = { podAddresses: ['10.0.0.2', 'fd00::2'], nodeAddresses: ['192.0.2.1'], allocatable: { cpu: '2', memory: '1Gi' } }
const pod: Pod = {
  apiVersion: 'v1', kind: 'Pod',
  metadata: { name: 'p', namespace: 'default', uid: 'u', labels: { b: '2', a: 'x "y"' }, annotations: { 'example.com/note': 'n' } },
  spec: { nodeName: 'n1', serviceAccountName: 'sa', containers: [{ name: 'web', resources: { requests: { cpu: '250m', memory: '10Mi' }, limits: { memory: '20Mi' } } }] },
}

function variables(container: Partial<Container>, services: Service[] = [], enableServiceLinks = true): string[] {
  return environment({
    pod: { ...pod, spec: { ...pod.spec, containers: [], enableServiceLinks } },
    container: { name: 'web', ...container }, services, facts,
    references: {
      configMap: (name) => (name === 'conf' ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { color: 'red', 'odd=name': 'x' } } : undefined),
      secret: (name) => (name === 'keys' ? { apiVersion: 'v1', kind: 'Secret', metadata: {}, data: { token: toBase64(utf8('t0p')) } } : undefined),
    },
  }).map(({ name, value }) => `${name}=${value}`)
}

test('expansion', () => {
  const check = (text: string, expected: string): void => assert.equal(expand(text, (name) => ({ A: '1', B: '$(A)' })[name]), expected)
  check('plain', 'plain')
  check('$(A)-$(B)', '1-$(A)')
  check('$$(A)', '$(A)')
  check('$$$(A)', '$1')
  check('$(UNKNOWN)', '$(UNKNOWN)')
  check('$A $ $', '$A $ $')
  check('$(A', '$(A')
})

test('variables: values, references, order', () => {
  assert.deepEqual(variables({ env: [{ name: 'X', value: '1' }, { name: 'Y', value: '$(X)2' }, { name: 'EMPTY' }] }), ['X=1', 'Y=12', 'EMPTY='])
  assert.deepEqual(variables({ envFrom: [{ configMapRef: { name: 'conf' }, prefix: 'C_' }, { secretRef: { name: 'keys' } }], env: [{ name: 'token', value: 'mine' }] }), ['C_color=red', 'token=mine'])
  assert.deepEqual(variables({ env: [{ name: 'T', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } }, { name: 'C', valueFrom: { configMapKeyRef: { name: 'conf', key: 'color' } } }] }), ['T=t0p', 'C=red'])
  assert.deepEqual(variables({ envFrom: [{ configMapRef: { name: 'no', optional: true } }], env: [{ name: 'N', valueFrom: { secretKeyRef: { name: 'keys', key: 'no', optional: true } } }] }), [])
})

test('what is missing is said', () => {
  const check = (container: Partial<Container>, message: string): void => assert.throws(() => variables(container), { message })
  check({ envFrom: [{ configMapRef: { name: 'no' } }] }, 'configmap "no" not found')
  check({ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'no', key: 'k' } } }] }, 'secret "no" not found')
  check({ env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'conf', key: 'k' } } }] }, "couldn't find key k in ConfigMap default/conf")
  check({ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'keys', key: 'toString' } } }] }, "couldn't find key toString in Secret default/keys")
})

test('variables of services', () => {
  const service = (namespace: string, name: string, clusterIP: string): Service => ({
    apiVersion: 'v1', kind: 'Service', metadata: { namespace, name }, spec: { clusterIP, ports: [{ name: 'http', port: 80 }, { port: 53, protocol: 'UDP' }] },
  })
  const all = [service('default', 'my-db', '10.96.0.5'), service('default', 'headless', 'None'), service('other', 'far', '10.96.0.6')]
  assert.deepEqual(variables({}, all), [
    'MY_DB_SERVICE_HOST=10.96.0.5', 'MY_DB_SERVICE_PORT=80', 'MY_DB_SERVICE_PORT_HTTP=80', 'MY_DB_PORT=tcp://10.96.0.5:80',
    'MY_DB_PORT_80_TCP=tcp://10.96.0.5:80', 'MY_DB_PORT_80_TCP_PROTO=tcp', 'MY_DB_PORT_80_TCP_PORT=80', 'MY_DB_PORT_80_TCP_ADDR=10.96.0.5',
    'MY_DB_PORT_53_UDP=udp://10.96.0.5:53', 'MY_DB_PORT_53_UDP_PROTO=udp', 'MY_DB_PORT_53_UDP_PORT=53', 'MY_DB_PORT_53_UDP_ADDR=10.96.0.5',
  ])
  const master = service('default', 'kubernetes', '10.96.0.1')
  assert.deepEqual(variables({}, [...all, master], false).slice(0, 2), ['KUBERNETES_SERVICE_HOST=10.96.0.1', 'KUBERNETES_SERVICE_PORT=80'])
  assert.deepEqual(variables({ env: [{ name: 'AT', value: '$(MY_DB_SERVICE_HOST)' }] }, all)[0], 'AT=10.96.0.5')
})

test('downward API', () => {
  const field = (fieldPath: string, expected: string): void => assert.equal(fieldValue(pod, { fieldPath }, facts), expected, fieldPath)
  field('metadata.name', 'p')
  field('metadata.uid', 'u')
  field('metadata.labels', 'a="x \\"y\\""\nb="2"')
  field("metadata.labels['b']", '2')
  field("metadata.annotations['example.com/note']", 'n')
  field("metadata.annotations['none']", '')
  field('spec.nodeName', 'n1')
  field('spec.serviceAccountName', 'sa')
  field('status.podIP', '10.0.0.2')
  field('status.podIPs', '10.0.0.2,fd00::2')
  field('status.hostIP', '192.0.2.1')
  assert.throws(() => fieldValue(pod, { fieldPath: 'spec.x' }, facts), { message: 'unsupported fieldPath: spec.x' })
  const resource = (name: string, divisor: string | undefined, expected: string): void =>
    assert.equal(resourceValue(pod, { resource: name, containerName: 'web', ...(divisor === undefined ? {} : { divisor }) }, undefined, facts), expected, name)
  resource('requests.cpu', undefined, '1')
  resource('requests.cpu', '1m', '250')
  resource('limits.cpu', '1m', '2000')
  resource('limits.memory', '1Mi', '20')
  resource('requests.memory', '0', '10485760')
})
