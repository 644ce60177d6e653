import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SchemaCatalog } from '../../resources/schema.ts'
import { StatusError } from '../../words/status-error.ts'
import { bytesOf, messageField, textField } from '../discovery/protobuf-writer.ts'
import { ProtobufDecoder } from './decode-object.ts'

const decoder = new ProtobufDecoder(new SchemaCatalog().lookup)

/** A number field; negative numbers take ten bytes, as two's complement of 64 bits. */
function number(field: number, value: number | bigint): string {
  const bytes: number[] = [field << 3]
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return String.fromCharCode(...bytes, Number(rest))
}

function body(apiVersion: string, kind: string, fields: readonly string[]): Uint8Array {
  return bytesOf(`k8s\0${messageField(1, [textField(1, apiVersion), textField(2, kind)])}${messageField(2, fields)}`)
}

/** An empty text, which textField leaves out. */
const empty = (field: number): string => messageField(field, [])
const metadata = (name: string, ...more: string[]): string => messageField(1, [textField(1, name), ...more])

test('objects', () => {
  const pod = (...fields: string[]): Uint8Array => body('v1', 'Pod', [metadata('p'), messageField(2, fields)])
  const spec = (value: object): object => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: value })
  const container = (...fields: string[]): string => messageField(2, [textField(1, 'c'), ...fields])
  const table: [string, Uint8Array, object][] = [
    ['empty texts and zeros that nobody set', body('v1', 'Namespace', [metadata('n', empty(2), empty(3), number(7, 0), messageField(8, []))]),
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } }],
    ['labels, also empty ones', body('v1', 'ConfigMap', [metadata('c', messageField(11, [textField(1, 'a'), empty(2)])), messageField(2, [textField(1, 'k'), textField(2, 'é')])]),
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', labels: { a: '' } }, data: { k: 'é' } }],
    ['bytes', body('v1', 'Secret', [messageField(2, [textField(1, 'k'), textField(2, 'abc')])]), { apiVersion: 'v1', kind: 'Secret', data: { k: 'YWJj' } }],
    ['a zero that means something', body('apps/v1', 'Deployment', [messageField(2, [number(1, 0), number(5, 0)])]),
      { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 0 } }],
    ['the core group in a rule', body('rbac.authorization.k8s.io/v1', 'Role', [messageField(2, [textField(1, 'get'), empty(2), textField(3, 'pods')])]),
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] }],
    ['inlined messages', pod(messageField(1, [textField(1, 'v'), messageField(2, [messageField(6, [textField(1, 's')])])])), spec({ volumes: [{ name: 'v', secret: { secretName: 's' } }] })],
    ['a quantity', pod(container(messageField(8, [messageField(1, [textField(1, 'cpu'), messageField(2, [textField(1, '100m')])])]))),
      spec({ containers: [{ name: 'c', resources: { limits: { cpu: '100m' } } }] })],
    ['numbers below zero', pod(messageField(22, [number(5, -1)])), spec({ tolerations: [{ tolerationSeconds: -1 }] })],
    ['numbers beyond 2^53', pod(number(4, 9007199254740993n), messageField(22, [number(5, -(2n ** 63n))])),
      spec({ terminationGracePeriodSeconds: 9007199254740993n, tolerations: [{ tolerationSeconds: -(2n ** 63n) }] })],
    ['a port as number and as name', body('v1', 'Service', [messageField(2, [
      messageField(1, [number(3, 80), messageField(4, [number(1, 0), number(2, 8080), empty(3)])]),
      messageField(1, [number(3, 81), messageField(4, [number(1, 1), number(2, 0), textField(3, 'web')])]),
    ])]), { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 80, targetPort: 8080 }, { port: 81, targetPort: 'web' }] } }],
    ['times', body('coordination.k8s.io/v1', 'Lease', [metadata('l', messageField(8, [number(1, 1_767_225_600)])), messageField(2, [messageField(4, [number(1, 1_767_225_600), number(2, 2000)])])]),
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l', creationTimestamp: '2026-01-01T00:00:00Z' }, spec: { renewTime: '2026-01-01T00:00:00.000002Z' } }],
    ['lists as values of a map', body('authorization.k8s.io/v1', 'SubjectAccessReview', [messageField(2, [messageField(5, [textField(1, 'k'), messageField(2, [textField(1, 'a'), textField(1, 'b')])])])]),
      { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { extra: { k: ['a', 'b'] } } }],
    ['options of a delete', body('v1', 'DeleteOptions', [number(1, 0)]), { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 }],
    ['fields of a later version', body('v1', 'Namespace', [metadata('n'), textField(999, 'new')]), { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } }],
  ]
  for (const [name, bytes, expected] of table) assert.deepEqual(decoder.decode(bytes), expected, name)
})

test('a key like those of every object stays a key', () => {
  const decoded = decoder.decode(body('v1', 'ConfigMap', [messageField(2, [textField(1, '__proto__'), textField(2, 'x')])]))
  assert.equal(JSON.stringify(decoded['data']), '{"__proto__":"x"}')
})

test('what is refused, each with a reason', () => {
  const deep = (levels: number): string => {
    let field = ''
    for (let level = 0; level < levels; level++) field = messageField(5, [messageField(29, [textField(1, 'p'), messageField(2, [field])])])
    return field
  }
  const definition = (schema: string): Uint8Array =>
    body('apiextensions.k8s.io/v1', 'CustomResourceDefinition', [messageField(2, [messageField(7, [messageField(4, [messageField(1, [schema])])])])])
  const table: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /does not start with/],
    [bytesOf('{"kind":"Pod"}'), /does not start with/],
    [body('v1', 'Nothing', []), /no kind "Nothing" is registered for version "v1"/],
    [bytesOf('k8s\0\u0012'), /ends inside a number/],
    [bytesOf('k8s\0\u0012\u0005a'), /ends inside a field/],
    [body('v1', 'Pod', ['\u000f']), /wire type/],
    [body('v1', 'Pod', [number(1, 5)]), /not text or a message/],
    [body('v1', 'Pod', [messageField(1, [messageField(1, ['\u00ff'])])]), /not UTF-8/],
    [body('apps/v1', 'Deployment', [messageField(2, [textField(1, 'x')])]), /not a number/],
    [body('v1', 'Pod', [metadata('p', messageField(8, [number(1, 2 ** 60)]))]), /range of years/],
    [definition('\u0049\0\0\0\0\0\0\u00f0\u007f'), /field 9 is infinite or no number/],
    [definition(messageField(8, [messageField(1, ['1e400'])])), /what should be JSON inside of it is none/],
    [definition(deep(60)), /nested deeper|valid protocol buffer/],
  ]
  for (const [bytes, why] of table) {
    assert.throws(() => decoder.decode(bytes), (error: StatusError) => {
      assert.match(error.message, why)
      return error.code === 400
    })
  }
})

test('property: no bytes do more harm than a 400', () => {
  const head = [...bytesOf(`k8s\0${messageField(1, [textField(1, 'v1'), textField(2, 'Pod')])}`)]
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
    const length = noise.length < 0x80 ? [noise.length] : [(noise.length & 0x7f) | 0x80, noise.length >> 7]
    try {
      decoder.decode(Uint8Array.from([...head, 0x12, ...length, ...noise]))
    } catch (error) {
      assert.ok(error instanceof StatusError && error.code === 400, String(error))
    }
  }), { numRuns: 500 })
})
