import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../objects/kube-object.ts'
import type { PodSpec, PriorityClass, RuntimeClass, ServiceAccount, Toleration } from '../resources/generated/types.ts'
import { defaultClassName } from './default-class/default-class.ts'
import { TokenBuckets } from './event-rate/token-bucket.ts'
import { conflict, isWithin, parseLabels } from './node-selector/namespace-selector.ts'
import { resolvePriority, secondDefault } from './priority/resolve-priority.ts'
import { applyRuntimeClass, overheadProblem } from './runtime-class/apply-runtime-class.ts'
import { ephemeralSecretProblem, isLimited, secretProblem } from './service-account/mountable-secrets.ts'
import { areAllowed, covers, mergeTolerations } from './tolerations/merge.ts'

test('priorities', () => {
  const priorityClass = (name: string, value: number, more: Partial<PriorityClass> = {}): PriorityClass =>
    ({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, ...more })
  const high = priorityClass('high', 100, { preemptionPolicy: 'Never' })
  const usual = priorityClass('usual', 5, { globalDefault: true })
  const spec = (more: Partial<PodSpec>): PodSpec => ({ containers: [], ...more })
  const named = (priorityClassName: string, priority: number, preemptionPolicy: string | undefined) => ({ priorityClassName, priority, preemptionPolicy })
  const table: [Partial<PodSpec>, readonly PriorityClass[], unknown][] = [
    [{}, [high], named('', 0, 'PreemptLowerPriority')],
    [{}, [high, usual], named('usual', 5, undefined)],
    [{}, [priorityClass('other', 9, { globalDefault: true }), usual], named('usual', 5, undefined)],
    [{ priorityClassName: 'high' }, [high, usual], named('high', 100, 'Never')],
    [{ priorityClassName: 'high', priority: 100 }, [high], named('high', 100, 'Never')],
    [{ priorityClassName: 'gone' }, [high], { refusal: 'no PriorityClass with name gone was found' }],
    [{ priority: 7 }, [usual], { refusal: 'the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 5 from the given PriorityClass name' }],
    [
      { priorityClassName: 'high', preemptionPolicy: 'PreemptLowerPriority' }, [high],
      { refusal: 'the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name' },
    ],
  ]
  for (const [given, classes, expected] of table) assert.deepEqual(resolvePriority(spec(given), classes), expected)
  assert.equal(secondDefault(priorityClass('b', 1, { globalDefault: true }), [usual, high]), 'PriorityClass usual is already marked as default. Only one default can exist')
  assert.equal(secondDefault(usual, [usual, high]), undefined)
  assert.equal(secondDefault(high, [usual]), undefined)
})

test('tolerations that cover others', () => {
  const table: [Toleration, Toleration, boolean][] = [
    [{ operator: 'Exists' }, { key: 'a', operator: 'Equal', value: 'b', effect: 'NoSchedule' }, true],
    [{ key: 'a', operator: 'Exists' }, { key: 'a', value: 'b' }, true],
    [{ key: 'a', value: 'b' }, { key: 'a', value: 'c' }, false],
    [{ key: 'a', value: 'b' }, { key: 'a', operator: 'Exists' }, false],
    [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }, { key: 'a', operator: 'Exists' }, false],
    [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 10 }, { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }, true],
    [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 10 }, { key: 'a', operator: 'Exists', effect: 'NoExecute' }, false],
    [{ key: 'a', operator: 'Exists' }, { key: 'b', operator: 'Exists' }, false],
  ]
  for (const [wide, narrow, expected] of table) assert.equal(covers(wide, narrow), expected, JSON.stringify([wide, narrow]))
  const [a, b, all]: Toleration[] = [{ key: 'a', operator: 'Exists' }, { key: 'b', value: 'x' }, { operator: 'Exists' }]
  assert.ok(a !== undefined && b !== undefined && all !== undefined)
  assert.deepEqual(mergeTolerations([a], [a, b]), [a, b])
  assert.deepEqual(mergeTolerations([a, b], [all]), [all])
  assert.deepEqual([areAllowed([a], []), areAllowed([a, b], [a]), areAllowed([a, b], [all])], [true, false, true])
})

test('runtime classes', () => {
  const runtime = (more: Partial<RuntimeClass>): RuntimeClass => ({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'kata' }, handler: 'kata', ...more })
  const apply = (given: Partial<PodSpec>, more: Partial<RuntimeClass>) => {
    const spec: PodSpec = { containers: [], ...given }
    const refusal = applyRuntimeClass(spec, runtime(more))
    const { containers: _, ...rest } = spec
    return refusal ?? rest
  }
  const overhead = { podFixed: { cpu: '250m' } }
  assert.deepEqual(apply({}, { overhead }), { overhead: { cpu: '250m' } })
  assert.equal(apply({ overhead: { cpu: '1' } }, { overhead }), "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
  const scheduling = { nodeSelector: { kata: 'true' }, tolerations: [{ key: 'kata', operator: 'Exists' }] }
  assert.deepEqual(apply({ nodeSelector: { zone: 'a' } }, { scheduling }), { nodeSelector: { zone: 'a', kata: 'true' }, tolerations: scheduling.tolerations })
  assert.equal(apply({ nodeSelector: { kata: 'no' } }, { scheduling }), 'conflict: runtimeClass.scheduling.nodeSelector[kata] = true; pod.spec.nodeSelector[kata] = no')
  const spec: PodSpec = { containers: [], overhead: { cpu: '1' } }
  assert.equal(overheadProblem(spec, runtime({})), 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
  assert.equal(overheadProblem({ containers: [] }, undefined), undefined)
})

test('default classes', () => {
  const named = (name: string, creationTimestamp: string, isDefault = 'true'): KubeObject =>
    ({ apiVersion: '', kind: '', metadata: { name, creationTimestamp, annotations: { mark: isDefault } } })
  const choose = (...classes: KubeObject[]) => defaultClassName(classes, ['other', 'mark'])
  assert.equal(choose(named('a', '2026-01-01T00:00:00Z', 'false')), undefined)
  assert.equal(choose(named('a', '2026-01-01T00:00:00Z'), named('b', '2026-01-02T00:00:00Z'), named('c', '2026-01-03T00:00:00Z', 'false')), 'b')
  assert.equal(choose(named('b', '2026-01-01T00:00:00Z'), named('a', '2026-01-01T00:00:00Z')), 'a')
})

test('secrets that an account lists', () => {
  const account = (annotation: string): ServiceAccount => ({
    apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web', annotations: { 'kubernetes.io/enforce-mountable-secrets': annotation } },
    secrets: [{ name: 'mine' }], imagePullSecrets: [{ name: 'registry' }],
  })
  assert.deepEqual(['true', '1', 'yes', ''].map((annotation) => isLimited(account(annotation))), [true, true, false, false])
  const check = (spec: Partial<PodSpec>, expected: string | undefined): void => assert.equal(secretProblem({ containers: [], ...spec }, account('true')), expected)
  const why = 'is not allowed because service account web does not reference that'
  const using = (name: string) => ({ name: 'c', env: [{ name: 'KEY', valueFrom: { secretKeyRef: { name, key: 'k' } } }] })
  check({ containers: [using('mine')], imagePullSecrets: [{ name: 'registry' }], volumes: [{ name: 'v', secret: { secretName: 'mine' } }] }, undefined)
  check({ volumes: [{ name: 'v', secret: { secretName: 'other' } }] }, `volume with secret.secretName="other" ${why} secret`)
  check({ containers: [using('other')] }, `container c with envVar KEY referencing secret.secretName="other" ${why} secret`)
  check({ initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 'other' } }] }] }, `init container i with envFrom referencing secret.secretName="other" ${why} secret`)
  check({ imagePullSecrets: [{ name: 'registry' }, { name: 'other' }] }, `imagePullSecrets[1].name="other" ${why} imagePullSecret`)
  assert.equal(ephemeralSecretProblem({ containers: [], ephemeralContainers: [{ ...using('other'), name: 'e' }] }, account('true')), `ephemeral container e with envVar KEY referencing secret.secretName="other" ${why} secret`)
})

test('lists of labels', () => {
  assert.deepEqual(parseLabels('a=b, c=d'), { a: 'b', c: 'd' })
  assert.deepEqual([parseLabels(''), parseLabels('a'), parseLabels('a=b=c')], [{}, undefined, undefined])
  assert.deepEqual([conflict({ a: 'b' }, { a: 'c' }), conflict({ a: 'b' }, { a: 'b', c: 'd' })], [true, false])
  assert.deepEqual([isWithin({ a: 'b' }, {}), isWithin({ a: 'b' }, { a: 'b', c: 'd' }), isWithin({ a: 'b', e: 'f' }, { a: 'b' })], [true, true, false])
})

test('token buckets', () => {
  const buckets = new TokenBuckets({ perSecond: 2, burst: 3 }, 2)
  const takes = (key: string, now: number, count: number): string => Array.from({ length: count }, () => (buckets.take(key, now) ? 'y' : 'n')).join('')
  assert.equal(takes('a', 0, 4), 'yyyn')
  assert.equal(takes('a', 1000, 4), 'yynn')
  assert.equal(takes('b', 1000, 4), 'yyyn')
  assert.equal(takes('a', 1400, 1), 'n')
  assert.equal(takes('c', 1400, 1), 'y')
  assert.equal(takes('b', 1400, 1), 'y', 'forgotten for c')
})
