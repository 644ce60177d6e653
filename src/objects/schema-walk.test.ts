import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '../words/status-error.ts'
import { sampleDeployment } from './sample-objects.testing.ts'
import { deploymentSchema } from './sample-schemas.testing.ts'
import { normalizeObject } from './schema-walk.ts'

const subject = { kind: 'Deployment', version: 'v1' }

function spec(value: unknown): unknown {
  return (normalizeObject(deploymentSchema, { spec: value }, subject).object['spec'])
}

test('values are brought into their stored form', () => {
  const container = (fields: object): object => ({ template: { spec: { containers: [{ name: 'a', ...fields }] } } })
  const table: [given: unknown, expected: unknown][] = [
    [container({ limits: { cpu: '1000m', memory: '1024Ki', a: 0.5, b: 1 } }),
      container({ limits: { cpu: '1', memory: '1Mi', a: '500m', b: '1' } })],
    [container({ probePort: 80 }), container({ probePort: 80 })], [container({ probePort: 'http' }), container({ probePort: 'http' })],
    [{ replicas: null, paused: false }, {}], [{ replicas: 0, paused: true }, { replicas: 0, paused: true }],
    [{ template: { metadata: { labels: {}, finalizers: [] }, spec: { containers: [] } } }, { template: { metadata: {}, spec: { containers: [] } } }],
    [{ data: { a: 'aGk=\n', b: null } }, { data: { a: 'aGk=', b: '' } }],
    [{ renewTime: '2026-01-01T01:00:00.5+01:00' }, { renewTime: '2026-01-01T00:00:00.500000Z' }],
    [{ renewTime: '2026-01-01T00:00:00.123456Z' }, { renewTime: '2026-01-01T00:00:00.123456Z' }],
    [{ template: { spec: { terminationGracePeriodSeconds: 9007199254740993n } } }, { template: { spec: { terminationGracePeriodSeconds: 9007199254740993n } } }],
    [{ template: { spec: { terminationGracePeriodSeconds: -1e18 } } }, { template: { spec: { terminationGracePeriodSeconds: -(10n ** 18n) } } }],
    [container({ limits: { cpu: 9007199254740993n } }), container({ limits: { cpu: '9007199254740993' } })],
    [{ extra: { any: [9007199254740993n] } }, { extra: { any: [9007199254740993n] } }],
    [{ extra: { any: [null, { x: null }] } }, { extra: { any: [null, { x: null }] } }],
    [{ template: { spec: { containers: null } } }, { template: { spec: { containers: [] } } }],
    [container({ args: ['a', null] }), container({ args: ['a', ''] })],
    [{ template: { metadata: { creationTimestamp: null } } }, { template: { metadata: {} } }],
    [{ template: { metadata: { creationTimestamp: '2026-01-01T02:00:00+02:00' } } },
      { template: { metadata: { creationTimestamp: '2026-01-01T00:00:00Z' } } }],
  ]
  for (const [given, expected] of table) assert.deepEqual(spec(given), expected)
})

test('wrong types are refused in upstream words', () => {
  const table: [given: unknown, message: string][] = [
    [{ template: { spec: { terminationGracePeriodSeconds: 'x' } } },
      'json: cannot unmarshal string into Go struct field PodSpec.spec.template.spec.terminationGracePeriodSeconds of type int64'],
    [{ replicas: 1.5 }, 'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32'],
    [{ replicas: 2 ** 31 }, 'json: cannot unmarshal number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32'],
    [{ replicas: 9007199254740993n }, 'json: cannot unmarshal number 9007199254740993 into Go struct field DeploymentSpec.spec.replicas of type int32'],
    [{ template: { spec: { terminationGracePeriodSeconds: 2 ** 63 } } },
      'json: cannot unmarshal number 9223372036854776000 into Go struct field PodSpec.spec.template.spec.terminationGracePeriodSeconds of type int64'],
    [{ paused: 9007199254740993n }, 'json: cannot unmarshal number into Go struct field DeploymentSpec.spec.paused of type bool'],
    [{ template: { spec: { containers: [{ probePort: 9007199254740993n }] } } }, 'json: cannot unmarshal number 9007199254740993 into Go value of type int32'],
    [{ paused: 'yes' }, 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool'],
    [{ template: [] }, 'json: cannot unmarshal array into Go struct field DeploymentSpec.spec.template of type v1.PodTemplateSpec'],
    [{ template: { spec: { containers: {} } } },
      'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container'],
    [{ template: { spec: { containers: [{ name: 1 }] } } },
      'json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.name of type string'],
    [{ template: { metadata: { labels: { a: 1 } } } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.spec.template.metadata.labels of type string'],
    [{ template: { spec: { containers: [{ limits: { cpu: 'x' } }] } } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
    [{ template: { spec: { containers: [{ probePort: {} }] } } }, 'json: cannot unmarshal object into Go value of type int32'],
    [{ data: { a: '?' } }, 'illegal base64 data at input byte 0'],
    [{ renewTime: 'now' }, 'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now"'],
  ]
  for (const [given, message] of table) {
    assert.throws(() => spec(given), (error) => {
      assert.ok(error instanceof StatusError)
      assert.deepEqual([error.code, error.message], [400, `Deployment in version "v1" cannot be handled as a Deployment: ${message}`])
      return true
    })
  }
})

test('unknown fields are dropped and named', () => {
  const walked = normalizeObject(deploymentSchema, {
    kind: 'Deployment', foo: 1, metadata: { labels: { any: 'thing' } },
    spec: { bar: {}, template: { spec: { containers: [{ name: 'a' }, { name: 'b', imagee: 'x' }] } } },
  }, subject)
  assert.deepEqual(walked.unknownFields, ['foo', 'spec.bar', 'spec.template.spec.containers[1].imagee'])
  assert.deepEqual(walked.object, { kind: 'Deployment', metadata: { labels: { any: 'thing' } }, spec: { template: { spec: { containers: [{ name: 'a' }, { name: 'b' }] } } } })
  assert.equal(normalizeObject(deploymentSchema, Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x${index}`, 1])), subject).unknownFields.length, 100)
})

test('a clean object is kept as it is', () => {
  const draft = sampleDeployment()
  const { object, unknownFields } = normalizeObject(deploymentSchema, draft, subject)
  assert.equal(object, draft)
  assert.deepEqual(object, sampleDeployment())
  assert.deepEqual(unknownFields, [])
})
