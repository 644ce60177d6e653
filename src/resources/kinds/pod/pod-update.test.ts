import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyJson } from '../../../objects/json.ts'
import type { Pod, PodSpec, PodStatus } from '../../generated/types.ts'
import { samplePod } from '../../sample-objects.testing.ts'
import { context, created, messagesOf, updateChecks } from '../checking.testing.ts'
import { podEphemeralContainers, pods } from './pod.ts'

const check = updateChecks(pods, samplePod)
const UPDATABLE = 'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n'

test('what may change in a pod', () => {
  check({}, {})
  check({}, { 'metadata.labels': { a: 'b' } })
  check({}, { 'spec.containers[0].image': 'web:2' })
  check({}, { 'spec.activeDeadlineSeconds': 10 })
  check({ 'spec.activeDeadlineSeconds': 10 }, { 'spec.activeDeadlineSeconds': 5 })
  check({}, { 'spec.tolerations': [{ key: 'a', operator: 'Exists' }] })
  check({ 'spec.tolerations': [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 }] }, { 'spec.tolerations[0].tolerationSeconds': 2 })
  check({ 'spec.schedulingGates': [{ name: 'g' }] }, { 'spec.schedulingGates': [] })
  check({ 'spec.terminationGracePeriodSeconds': -1 }, { 'spec.terminationGracePeriodSeconds': 1 })
  check({}, { 'spec.tolerations': [] })
})

test('what may not', () => {
  check({}, { 'spec.containers[0].image': '' }, 'spec.containers[0].image: Required value', 'spec.containers[0].image: Required value')
  check({}, { 'spec.nodeName': 'n' }, `${UPDATABLE}spec.nodeName: unset -> "n"`)
  check({}, { 'spec.restartPolicy': 'Never' }, `${UPDATABLE}spec.restartPolicy: "Always" -> "Never"`)
  check({}, { 'spec.containers[0].command': ['x'] }, `${UPDATABLE}spec.containers differs`)
  check({}, { 'spec.containers[1]': { name: 'b', image: 'b' } }, 'spec.containers: Forbidden: pod updates may not add or remove containers')
  check({ 'spec.activeDeadlineSeconds': 5 }, { 'spec.activeDeadlineSeconds': 10 },
    'spec.activeDeadlineSeconds: Invalid value: 10: must be less than or equal to previous value')
  check({ 'spec.activeDeadlineSeconds': 5 }, { 'spec.activeDeadlineSeconds': undefined },
    'spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value')
  check({ 'spec.tolerations': [{ key: 'a', operator: 'Exists' }] }, { 'spec.tolerations': [] },
    'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds')
  check({ 'spec.schedulingGates': [{ name: 'g' }] }, { 'spec.schedulingGates[1]': { name: 'h' } },
    "spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'h'")
})

test('gates let the place still be narrowed', () => {
  const gated = { 'spec.schedulingGates': [{ name: 'g' }], 'spec.nodeSelector': { a: '1' } }
  check(gated, { 'spec.nodeSelector': { a: '1', b: '2' } })
  check(gated, { 'spec.nodeSelector': { b: '2' } },
    'spec.nodeSelector: Invalid value: {"b":"2"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)')
  const terms = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
  const term = { matchExpressions: [{ key: 'a', operator: 'Exists' }] }
  check(gated, { [terms]: [term] })
  check({ ...gated, [terms]: [term] }, { [terms]: [{ matchExpressions: [...term.matchExpressions, { key: 'b', operator: 'Exists' }] }] })
  const second = { matchExpressions: [{ key: 'b', operator: 'Exists' }, ...term.matchExpressions] }
  check({ ...gated, [terms]: [term] }, { [terms]: [second] },
    `${terms}[0]: Invalid value: ${JSON.stringify(second)}: only additions are allowed (no mutations or deletions)`)
  check({ ...gated, [terms]: [{}] }, { [terms]: [term] },
    `${terms}[0]: Invalid value: ${JSON.stringify(term)}: only additions are allowed (no mutations or deletions)`)
  check({ ...gated, [terms]: [term] }, { [terms]: [term, term] },
    `${terms}: Invalid value: ${JSON.stringify([term, term])}: no additions/deletions to non-empty NodeSelectorTerms list are allowed`)
})

function checkEphemeral(before: PodSpec['ephemeralContainers'], after: PodSpec['ephemeralContainers'], ...expected: string[]): void {
  const old = created(pods, samplePod())
  const with_ = (list: PodSpec['ephemeralContainers']): Pod => {
    const pod = copyJson(old)
    if (pod.spec !== undefined && list !== undefined) pod.spec.ephemeralContainers = copyJson(list)
    pods.defaults(pod)
    return pod
  }
  const [stored, draft] = [with_(before), with_(after)]
  podEphemeralContainers.prepareForUpdate(draft, stored, context)
  assert.deepEqual(messagesOf(podEphemeralContainers.validateUpdate(draft, stored)), expected)
}

test('ephemeral containers come and stay', () => {
  const old = created(pods, samplePod())
  const labelled = { ...old, metadata: { ...old.metadata, labels: { a: 'b' } } }
  podEphemeralContainers.prepareForUpdate(labelled, old, context)
  assert.equal(labelled.metadata.labels, old.metadata.labels)
  const debug = { name: 'debug', image: 'shell', targetContainerName: 'web' }
  checkEphemeral([], [debug])
  checkEphemeral([debug], [debug, { name: 'more', image: 'shell' }])
  checkEphemeral([debug], [], 'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n')
  checkEphemeral([debug], [{ ...debug, image: 'other' }], 'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n')
  checkEphemeral([], [{ ...debug, targetContainerName: 'x' }], 'spec.ephemeralContainers[0].targetContainerName: Not found: "x"')
  checkEphemeral([], [{ ...debug, name: 'web' }], 'spec.ephemeralContainers[0].name: Duplicate value: "web"')
  checkEphemeral([], [{ ...debug, ports: [{ containerPort: 1 }] }], 'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container')
})

function checkStatus(spec: Partial<PodSpec>, before: PodStatus, after: PodStatus, ...expected: string[]): void {
  const old = { ...created(pods, samplePod(spec)), status: before }
  assert.deepEqual(messagesOf(pods.status?.validateUpdate({ ...old, status: after }, old) ?? []), expected)
}

test('status updates', () => {
  const ended = { name: 'web', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: 1 } } }
  const running = { ...ended, state: { running: {} } }
  checkStatus({}, { containerStatuses: [ended] }, { containerStatuses: [running] })
  checkStatus({ restartPolicy: 'OnFailure' }, { containerStatuses: [ended] }, { containerStatuses: [running] })
  checkStatus({ restartPolicy: 'Never' }, { containerStatuses: [ended] }, { containerStatuses: [running] },
    'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state')
  checkStatus({}, { qosClass: 'BestEffort' }, { qosClass: 'Burstable' }, 'status.qosClass: Invalid value: "Burstable": field is immutable')
  const claims = { resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'x' }] }
  const made = { name: 'gpu', resourceClaimName: 'a-gpu-x1' }
  checkStatus(claims, {}, { resourceClaimStatuses: [made] })
  checkStatus(claims, {}, { resourceClaimStatuses: [made, made, { name: 'nic' }] },
    'status.resourceClaimStatuses[1].name: Duplicate value: "gpu"',
    'status.resourceClaimStatuses[2].name: Invalid value: "nic": must match the name of an entry in `spec.resourceClaims`')
  checkStatus({}, {}, { podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] })
  checkStatus({}, {}, { podIPs: [{ ip: 'x' }] }, 'status.podIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')
  checkStatus({}, {}, { podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] },
    'status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]: may specify no more than one IP for each IP family')
  checkStatus({}, {}, { hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.2' }] }, 'status.hostIPs[0].ip: Invalid value: "10.0.0.2": must be equal to `hostIP`')
})
