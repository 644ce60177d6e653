import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerStatus, Pod, PodSpec, PodStatus } from '../../generated/types.ts'
import { sampleContainer, samplePod } from '../../sample-objects.testing.ts'
import { cellsOf } from '../checking.testing.ts'
import { pods } from './pod.ts'

function status(name: string, change: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, image: '', imageID: '', ready: false, restartCount: 0, ...change }
}
const running: Partial<ContainerStatus> = { ready: true, state: { running: {} } }

/** check('1/1 Running 0', status, spec): READY, STATUS and RESTARTS. */
function check(expected: string, given: PodStatus, spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): void {
  const pod = samplePod(spec)
  const cells = cellsOf(pods, { ...pod, metadata: { ...pod.metadata, ...metadata }, status: given })
  assert.equal(`${String(cells['Ready'])} ${String(cells['Status'])} ${String(cells['Restarts'])}`, expected)
}

test('containers that run, wait and end', () => {
  check('0/1 Pending 0', { phase: 'Pending' })
  check('1/1 Running 0', { phase: 'Running', containerStatuses: [status('web', running)] })
  check('0/1 ContainerCreating 0', { phase: 'Pending', containerStatuses: [status('web', { state: { waiting: { reason: 'ContainerCreating' } } })] })
  check('0/1 CrashLoopBackOff 3 (5m ago)', { phase: 'Running', containerStatuses: [
    status('web', { restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1, finishedAt: '2025-12-31T23:55:00Z' } } }),
  ] })
  check('0/1 Completed 0', { phase: 'Succeeded', containerStatuses: [status('web', { state: { terminated: { exitCode: 0, reason: 'Completed' } } })] })
  check('0/1 ExitCode:3 0', { phase: 'Failed', containerStatuses: [status('web', { state: { terminated: { exitCode: 3 } } })] })
  check('0/1 Signal:9 0', { phase: 'Failed', containerStatuses: [status('web', { state: { terminated: { exitCode: 137, signal: 9 } } })] })
  check('0/1 Evicted 0', { phase: 'Failed', reason: 'Evicted' })
})

test('several containers: the first that has something to say', () => {
  const two = { containers: [sampleContainer(), sampleContainer({ name: 'log' })] }
  check('1/2 Error 1', { phase: 'Running', containerStatuses: [
    status('web', { restartCount: 1, state: { terminated: { exitCode: 1, reason: 'Error' } } }), status('log', running),
  ] }, two)
  const done = status('web', { state: { terminated: { exitCode: 0, reason: 'Completed' } } })
  check('1/2 NotReady 0', { phase: 'Running', containerStatuses: [done, status('log', running)] }, two)
  check('1/2 Running 0', { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [done, status('log', running)] }, two)
})

test('init containers and sidecars', () => {
  const init = { initContainers: [sampleContainer({ name: 'a' }), sampleContainer({ name: 'b' })] }
  const ok = status('a', { state: { terminated: { exitCode: 0 } } })
  check('0/1 Init:0/2 0', { phase: 'Pending', initContainerStatuses: [status('a', { state: { running: {} } }), status('b')] }, init)
  check('0/1 Init:1/2 0', { phase: 'Pending', initContainerStatuses: [ok, status('b', { state: { waiting: { reason: 'PodInitializing' } } })] }, init)
  check('0/1 Init:Error 0', { phase: 'Pending', initContainerStatuses: [status('a', { state: { terminated: { exitCode: 1, reason: 'Error' } } })] }, init)
  check('0/1 Init:ExitCode:1 0', { phase: 'Pending', initContainerStatuses: [status('a', { state: { terminated: { exitCode: 1 } } })] }, init)
  check('0/1 Init:CrashLoopBackOff 2', { phase: 'Pending', initContainerStatuses: [
    status('a', { restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff' } } }),
  ] }, init)
  check('0/1 PodInitializing 0', { phase: 'Pending', initContainerStatuses: [ok, { ...ok, name: 'b' }],
    containerStatuses: [status('web', { state: { waiting: { reason: 'PodInitializing' } } })] }, init)
  const sidecar = { initContainers: [sampleContainer({ name: 'proxy', restartPolicy: 'Always' })] }
  check('2/2 Running 1', { phase: 'Running', initContainerStatuses: [status('proxy', { ...running, started: true, restartCount: 1 })],
    containerStatuses: [status('web', running)] }, sidecar)
  check('0/2 Init:0/1 0', { phase: 'Pending', initContainerStatuses: [status('proxy', { state: { running: {} }, started: false })] }, sidecar)
})

test('gates and deletions', () => {
  check('0/1 SchedulingGated 0', { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] })
  const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' }
  check('1/1 Terminating 0', { phase: 'Running', containerStatuses: [status('web', running)] }, {}, deleted)
  check('0/1 Unknown 0', { phase: 'Running', reason: 'NodeLost' }, {}, deleted)
  check('0/1 Completed 0', { phase: 'Succeeded', containerStatuses: [status('web', { state: { terminated: { exitCode: 0, reason: 'Completed' } } })] }, {}, deleted)
})

test('the wide columns', () => {
  const wide = (given: PodStatus, spec: Partial<PodSpec> = {}): unknown[] => {
    const cells = cellsOf(pods, { ...samplePod(spec), status: given })
    return ['IP', 'Node', 'Nominated Node', 'Readiness Gates'].map((name) => cells[name])
  }
  assert.deepEqual(wide({}), ['<none>', '<none>', '<none>', '<none>'])
  assert.deepEqual(wide({ podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }], nominatedNodeName: 'b', conditions: [{ type: 'x/a', status: 'True' }] },
    { nodeName: 'a', readinessGates: [{ conditionType: 'x/a' }, { conditionType: 'x/b' }] }), ['10.0.0.1', 'a', 'b', '1/2'])
})
