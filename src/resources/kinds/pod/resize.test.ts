import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../generated/types.ts'
import { samplePod } from '../../sample-objects.testing.ts'
import { changed, created, createChecks, messagesOf } from '../checking.testing.ts'
import type { Change } from '../checking.testing.ts'
import { pods, podResize } from './pod.ts'

const RESOURCES = 'spec.containers[0].resources'
const sized = (): Pod => changed(samplePod(), { [RESOURCES]: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2' } } })

function resized(before: Change, change: Change): Pod {
  const old = created(pods, changed(sized(), before))
  const draft = { ...changed(old, change) }
  podResize.prepareForUpdate(draft, old, { now: 0, user: { name: '', uid: '', groups: [], extra: {} }, warn() {} })
  return draft
}

function check(before: Change, change: Change, ...expected: string[]): void {
  const old = created(pods, changed(sized(), before))
  assert.deepEqual(messagesOf(podResize.validateUpdate(resized(before, change), old)), expected)
}

test('a resize takes the resources over and nothing else', () => {
  const pod = resized({}, { [`${RESOURCES}.requests.cpu`]: '1500m', 'spec.containers[0].image': 'web:2', 'spec.hostNetwork': true })
  assert.deepEqual([pod.spec?.containers[0]?.resources?.requests, pod.spec?.containers[0]?.image, pod.spec?.hostNetwork],
    [{ cpu: '1500m', memory: '1Gi' }, 'web:1', undefined])
  assert.deepEqual(pod.status, { phase: 'Pending', qosClass: 'Burstable', resize: 'Proposed' })
  assert.equal(resized({}, {}).status?.resize, undefined)
  const side = { name: 'side', image: 's', resources: { requests: { cpu: '7m' } } }
  const web = { name: 'web', image: 'web:1', resources: { requests: { cpu: '8m' } } }
  const turned = resized({ 'spec.containers[1]': side }, { 'spec.containers': [side, web], 'metadata.labels': { a: 'b' } })
  assert.deepEqual(turned.spec?.containers.map(({ name, resources }) => [name, resources?.requests]), [['web', { cpu: '8m' }], ['side', { cpu: '7m' }]])
  assert.equal(turned.metadata.labels, undefined)
})

test('what a resize may not do', () => {
  check({}, { [`${RESOURCES}.requests.cpu`]: '500m' })
  check({}, { [`${RESOURCES}.requests.cpu`]: '3' }, `${RESOURCES}.requests: Invalid value: "3": must be less than or equal to cpu limit of 2`)
  check({}, { [`${RESOURCES}.limits`]: undefined }, `${RESOURCES}.limits: Forbidden: resource limits cannot be removed`)
  check({}, { [`${RESOURCES}.requests.ephemeral-storage`]: '1Gi' }, 'spec: Forbidden: only cpu and memory resources are mutable')
  check({}, { [RESOURCES]: { requests: { cpu: '2', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } } },
    'spec: Invalid value: "Guaranteed": Pod QOS Class may not change as a result of resizing')
  check({}, { 'spec.containers': [] }, 'spec.containers: Required value',
    'spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing', 'spec: Forbidden: pod resize may not add or remove containers')
  check({ 'metadata.annotations': { 'kubernetes.io/config.mirror': 'x' } }, {}, '[]: Forbidden: static pods cannot be resized')
})

test('policies of a resize', () => {
  const policies = createChecks(pods, samplePod)
  const path = 'spec.containers[0].resizePolicy'
  policies({ [path]: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }, { resourceName: 'memory', restartPolicy: 'RestartContainer' }] })
  policies({ [path]: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }, { resourceName: 'cpu', restartPolicy: 'NotRequired' }] },
    `${path}[1]: Duplicate value: "cpu"`)
  policies({ [path]: [{}] }, `${path}: Required value`, `${path}: Required value`)
  policies({ [path]: [{ resourceName: 'disk', restartPolicy: 'Maybe' }] }, `${path}: Unsupported value: "disk": supported values: "cpu", "memory"`,
    `${path}: Unsupported value: "Maybe": supported values: "NotRequired", "RestartContainer"`)
  policies({ 'spec.restartPolicy': 'Never', [path]: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] },
    `${path}: Invalid value: "RestartContainer": must be 'NotRequired' when \`restartPolicy\` is 'Never'`)
})
