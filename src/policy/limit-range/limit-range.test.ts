import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyJson } from '../../objects/json.ts'
import { formatQuantity } from '../../objects/quantity.ts'
import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod, PodSpec } from '../../resources/generated/types.ts'
import { containerTotals, podLimits, podRequests } from '../pod-resources/pod-totals.ts'
import { quantitiesText } from '../pod-resources/quantities.ts'
import { claimLimitProblem, podLimitProblem } from './limit-checks.ts'
import { applyLimitDefaults } from './limit-defaults.ts'

type Amounts = Record<string, string>
const container = (name: string, requests?: Amounts, limits?: Amounts, more: Partial<Container> = {}): Container =>
  ({ name, resources: { ...(requests === undefined ? {} : { requests }), ...(limits === undefined ? {} : { limits }) }, ...more })
const pod = (spec: Partial<PodSpec>): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [], ...spec } })
const range = (...limits: LimitRangeItem[]): LimitRange => ({ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits } })

test('what a pod needs at most', () => {
  const sidecar = { restartPolicy: 'Always' }
  const table: [string, Partial<PodSpec>, string][] = [
    ['nothing', { containers: [container('a')] }, ''],
    ['the sum', { containers: [container('a', { cpu: '100m', memory: '64Mi' }), container('b', { cpu: '1' })] }, 'cpu=1100m,memory=64Mi'],
    ['a large beginning', { containers: [container('a', { cpu: '100m' })], initContainers: [container('i', { cpu: '2' }), container('j', { memory: '1Gi' })] }, 'cpu=2,memory=1Gi'],
    ['sidecars count twice', { containers: [container('a', { cpu: '1' })], initContainers: [container('s', { cpu: '500m' }, undefined, sidecar), container('i', { cpu: '2' })] }, 'cpu=2500m'],
    ['init before the sidecar', { containers: [container('a', { cpu: '1' })], initContainers: [container('i', { cpu: '2' }), container('s', { cpu: '500m' }, undefined, sidecar)] }, 'cpu=2'],
  ]
  for (const [name, spec, expected] of table) assert.equal(quantitiesText(containerTotals(pod(spec).spec ?? { containers: [] }, 'requests')), expected, name)
  const spec: PodSpec = { containers: [container('a', { cpu: '1' }, { cpu: '2' })], overhead: { cpu: '250m', memory: '10Mi' } }
  assert.deepEqual([quantitiesText(podRequests(spec)), quantitiesText(podLimits(spec))], ['cpu=1250m,memory=10Mi', 'cpu=2250m'])
  assert.equal(formatQuantity(podRequests(spec).get('cpu') ?? { nanos: 0n, format: 'decimal' }), '1250m')
})

test('defaults for what is left open', () => {
  const limits = range({ type: 'Container', default: { cpu: '500m', memory: '1Gi' }, defaultRequest: { cpu: '100m' } }, { type: 'Pod', max: { cpu: '9' } })
  const given = pod({ containers: [container('web', undefined, { cpu: '1' }), container('full', { cpu: '1' }, { cpu: '1', memory: '1' })], initContainers: [{ name: 'first' }] })
  const draft = copyJson(given)
  applyLimitDefaults(draft, [limits])
  assert.deepEqual(draft.spec?.containers, [container('web', { cpu: '100m' }, { cpu: '1', memory: '1Gi' }), container('full', { cpu: '1' }, { cpu: '1', memory: '1' })])
  assert.deepEqual(draft.spec?.initContainers, [{ name: 'first', resources: { requests: { cpu: '100m' }, limits: { cpu: '500m', memory: '1Gi' } } }])
  assert.deepEqual(draft.metadata.annotations, {
    'kubernetes.io/limit-ranger': 'LimitRanger plugin set: cpu request for container web; memory limit for container web; cpu request for init container first; cpu, memory limit for init container first',
  })
  const again = copyJson(draft)
  applyLimitDefaults(again, [limits])
  assert.deepEqual(again, draft)
})

test('least, most and how far apart', () => {
  const check = (spec: Partial<PodSpec>, item: LimitRangeItem, expected: string | undefined): void => assert.equal(podLimitProblem(pod(spec), range(item)), expected)
  const one = (requests?: Amounts, limits?: Amounts): Partial<PodSpec> => ({ containers: [container('a', requests, limits)] })
  check(one(), { type: 'Container', min: { cpu: '100m' } }, 'minimum cpu usage per Container is 100m.  No request is specified')
  check(one({ cpu: '50m' }), { type: 'Container', min: { cpu: '100m' } }, 'minimum cpu usage per Container is 100m, but request is 50m')
  check(one({ cpu: '1' }, { cpu: '50m' }), { type: 'Container', min: { cpu: '100m' } }, 'minimum cpu usage per Container is 100m, but limit is 50m')
  check(one({ cpu: '1' }, { cpu: '1' }), { type: 'Container', min: { cpu: '100m' }, max: { cpu: '1' } }, undefined)
  check(one({ cpu: '1' }), { type: 'Container', max: { cpu: '1' } }, 'maximum cpu usage per Container is 1.  No limit is specified')
  check(one({ cpu: '1' }, { cpu: '1500m' }), { type: 'Container', max: { cpu: '1' } }, 'maximum cpu usage per Container is 1, but limit is 1500m')
  check(one({ cpu: '2' }, { cpu: '1' }), { type: 'Container', max: { cpu: '1' } }, 'maximum cpu usage per Container is 1, but request is 2')
  check(one({ memory: '1Gi' }, { memory: '3Gi' }), { type: 'Container', maxLimitRequestRatio: { memory: '2' } }, 'memory max limit to request ratio per Container is 2, but provided ratio is 3.000000')
  check(one(undefined, { memory: '3Gi' }), { type: 'Container', maxLimitRequestRatio: { memory: '2' } }, 'memory max limit to request ratio per Container is 2, but no request is specified or request is 0')
  check(one({ memory: '1' }), { type: 'Container', maxLimitRequestRatio: { memory: '2' } }, 'memory max limit to request ratio per Container is 2, but no limit is specified or limit is 0')
  check({ containers: [container('a', { cpu: '1' }, { cpu: '1' }), container('b', { cpu: '1' }, { cpu: '1' })] }, { type: 'Pod', max: { cpu: '1500m' } }, 'maximum cpu usage per Pod is 1500m, but limit is 2')
  check(one({ cpu: '2', memory: '2' }, { cpu: '2', memory: '2' }), { type: 'Container', max: { memory: '1', cpu: '1' } },
    '[maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 1, but limit is 2]')
  check({ containers: [container('a')], initContainers: [container('b')] }, { type: 'Container', max: { cpu: '1' } }, 'maximum cpu usage per Container is 1.  No limit is specified')
  check(one(), { type: 'PersistentVolumeClaim', max: { storage: '1' } }, undefined)
})

test('sizes of claims', () => {
  const check = (storage: string | undefined, expected: string | undefined): void => {
    const claim: PersistentVolumeClaim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: {}, spec: { resources: { requests: storage === undefined ? {} : { storage } } } }
    assert.equal(claimLimitProblem(claim, range({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } })), expected)
  }
  check('1Gi', undefined)
  check('500Mi', 'minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi')
  check('3Gi', 'maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi')
  check(undefined, '[minimum storage usage per PersistentVolumeClaim is 1Gi.  No request is specified, maximum storage usage per PersistentVolumeClaim is 2Gi.  No request is specified]')
})
