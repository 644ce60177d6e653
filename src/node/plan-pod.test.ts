import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container, Pod } from '../resources/generated/types.ts'
import { PodStory, pod } from './pod-story.testing.ts'

const web: Container = { name: 'web', image: 'nginx' }
const app: Container = { name: 'app', image: 'app' }
const init = (name: string): Container => ({ name, image: 'init' })
const sidecar = (name: string): Container => ({ name, image: 'sidecar', restartPolicy: 'Always' })

/** A pod that has come up; what happened until then is not told again. */
function settled(aPod: Pod): PodStory {
  const story = new PodStory(aPod).settle()
  story.lines.length = 0
  return story
}

test('a pod comes up: volumes, sandbox, containers side by side', () => {
  const story = new PodStory(pod({ containers: [web, app] })).settle()
  story.expect(`
    0s = Pending app:ContainerCreating web:ContainerCreating
    0s set-up-volumes
    0s create-sandbox#0
    0s start web#0
    0s start app#0
    0s = Running app:running+ready web:running+ready
  `)
})

test('a container that crashes again and again waits 10 s, doubling, and is forgiven after ten good minutes', () => {
  const story = settled(pod({ containers: [web] }))
  story.exits('web', 1).wait(1).exits('web', 1).wait(9).wait(1).exits('web', 1).wait(20).wait(700).exits('web', 1)
  story.expect(`
    0s web exits with 1
    0s = Running web:ended(1)
    0s start web#1
    0s = Running web:running+readyx1
    1s web exits with 1
    1s event BackOff: Back-off restarting failed container web in pod web_default(u1)
    1s = Running web:CrashLoopBackOffx1
    1s remove web c1
    11s start web#2
    11s = Running web:running+readyx2
    11s web exits with 1
    11s event BackOff: Back-off restarting failed container web in pod web_default(u1)
    11s = Running web:CrashLoopBackOffx2
    11s remove web c2
    31s start web#3
    31s = Running web:running+readyx3
    731s web exits with 1
    731s = Running web:ended(1)x3
    731s start web#4
    731s remove web c3
    731s = Running web:running+readyx4
  `)
})

test('init containers run one after the other; one that fails is run again', () => {
  const story = new PodStory(pod({ initContainers: [init('first'), init('second')], containers: [web] })).settle()
  story.exits('first', 0).exits('second', 1).exits('second', 0)
  story.expect(`
    0s = Pending first:PodInitializing second:PodInitializing web:PodInitializing
    0s set-up-volumes
    0s create-sandbox#0
    0s start first#0
    0s = Pending first:running second:PodInitializing web:PodInitializing
    0s first exits with 0
    0s = Pending first:ended(0) second:PodInitializing web:PodInitializing
    0s start second#0
    0s = Pending first:ended(0) second:running web:PodInitializing
    0s second exits with 1
    0s = Pending first:ended(0) second:ended(1) web:PodInitializing
    0s start second#1
    0s = Pending first:ended(0) second:runningx1 web:PodInitializing
    0s second exits with 0
    0s = Pending first:ended(0) second:ended(0)x1 web:PodInitializing
    0s start web#0
    0s remove second c2
    0s = Running first:ended(0) second:ended(0)x1 web:running+ready
  `)
})

test('restartPolicy Never: an init container that fails is the end', () => {
  const story = new PodStory(pod({ restartPolicy: 'Never', initContainers: [init('first')], containers: [web] })).settle().exits('first', 3)
  story.expect(`
    0s = Pending first:PodInitializing web:PodInitializing
    0s set-up-volumes
    0s create-sandbox#0
    0s start first#0
    0s = Pending first:running web:PodInitializing
    0s first exits with 3
    0s = Failed first:ended(3) web:PodInitializing
    0s stop-sandbox s0
    0s tear-down-volumes
  `)
})

test('sidecars start before and run beside the containers, are restarted whatever the policy, and stop last in reverse order', () => {
  const mesh = { ...sidecar('mesh'), startupProbe: { tcpSocket: { port: 1 } } }
  const story = new PodStory(pod({ restartPolicy: 'Never', initContainers: [mesh, sidecar('log')], containers: [web] })).settle()
  story.probes('mesh', { startup: true }).exits('log', 1).exits('web', 0)
  story.expect(`
    0s = Pending mesh:PodInitializing log:PodInitializing web:PodInitializing
    0s set-up-volumes
    0s create-sandbox#0
    0s start mesh#0
    0s = Pending mesh:running-unstarted log:PodInitializing web:PodInitializing
    0s probes of mesh: startup passes
    0s = Pending mesh:running+ready log:PodInitializing web:PodInitializing
    0s start log#0
    0s = Pending mesh:running+ready log:running+ready web:PodInitializing
    0s start web#0
    0s = Running mesh:running+ready log:running+ready web:running+ready
    0s log exits with 1
    0s = Running mesh:running+ready log:ended(1) web:running+ready
    0s start log#1
    0s = Running mesh:running+ready log:running+readyx1 web:running+ready
    0s web exits with 0
    0s = Running mesh:running+ready log:running+readyx1 web:ended(0)
    0s stop log 30s: Stopping container log
    0s = Running mesh:running+ready log:ended(143)x1 web:ended(0)
    0s stop mesh 30s: Stopping container mesh
    0s remove log c2
    0s = Succeeded mesh:ended(143) log:ended(143)x1 web:ended(0)
    0s stop-sandbox s0
    0s tear-down-volumes
  `)
})

test('a deleted pod: containers at once, then its sidecars in what is left of the grace period', () => {
  const story = settled(pod({ initContainers: [sidecar('mesh'), sidecar('log')], containers: [web, app] }))
  story.slow.add('stop web')
  story.isDeleted(30).wait(20).end('container/web')
  story.expect(`
    0s deleted with 30s
    0s stop web 30s: Stopping container web
    0s stop app 30s: Stopping container app
    0s = Running mesh:running+ready log:running+ready app:ended(143) web:running+ready
    20s = Running mesh:running+ready log:running+ready app:ended(143) web:ended(143)
    20s stop log 10s: Stopping container log
    20s = Running mesh:running+ready log:ended(143) app:ended(143) web:ended(143)
    20s stop mesh 10s: Stopping container mesh
    20s = Failed mesh:ended(143) log:ended(143) app:ended(143) web:ended(143)
    20s stop-sandbox s0
    20s remove-sandbox s0
    20s tear-down-volumes
    20s remove-pod-files
    20s delete-pod-object
  `)
})

test('an image that cannot be pulled: ErrImagePull, then ImagePullBackOff, then again', () => {
  const story = settled(pod({ containers: [] }))
  story.failing.set('start web', { reason: 'ErrImagePull', message: 'not found' })
  story.changes((before) => ({ ...before, spec: { containers: [web] } })).wait(1).wait(1).wait(8).wait(2)
  story.failing.clear()
  story.wait(18)
  story.expect(`
    0s = Pending web:ContainerCreating
    0s start web#0
    0s start web fails: ErrImagePull
    0s = Pending web:ErrImagePull
    2s event BackOff: Back-off pulling image "nginx"
    2s event Failed: Error: ImagePullBackOff
    2s = Pending web:ImagePullBackOff
    10s start web#0
    10s start web fails: ErrImagePull
    10s = Pending web:ErrImagePull
    12s event BackOff: Back-off pulling image "nginx"
    12s event Failed: Error: ImagePullBackOff
    12s = Pending web:ImagePullBackOff
    30s start web#0
    30s = Running web:running+ready
  `)
})

test('a missing ConfigMap: the container is tried again after ten seconds', () => {
  const story = settled(pod({ containers: [] }))
  story.failing.set('start web', { reason: 'CreateContainerConfigError', message: 'configmap "x" not found' })
  story.changes((before) => ({ ...before, spec: { containers: [web] } })).wait(9)
  story.failing.clear()
  story.wait(1)
  story.expect(`
    0s = Pending web:ContainerCreating
    0s start web#0
    0s start web fails: CreateContainerConfigError
    0s = Pending web:CreateContainerConfigError
    10s start web#0
    10s = Running web:running+ready
  `)
})

test("a failed liveness probe stops the container with the probe's own grace period", () => {
  const story = settled(pod({ containers: [{ ...web, livenessProbe: { terminationGracePeriodSeconds: 5 } }] })).probes('web', { liveness: false })
  story.expect(`
    0s probes of web: liveness fails
    0s stop web 5s: Container web failed liveness probe, will be restarted
    0s = Running web:ended(143)
    0s start web#1
    0s = Running web:running+readyx1
  `)
})

test('a failed startup probe does so too', () => {
  const story = settled(pod({ containers: [{ ...web, startupProbe: {} }] })).probes('web', { startup: false })
  story.expect(`
    0s probes of web: startup fails
    0s stop web 30s: Container web failed startup probe, will be restarted
    0s = Running web:ended(143)
    0s start web#1
    0s = Running web:running-unstartedx1
  `)
})

test('readiness comes and goes without a restart', () => {
  const story = settled(pod({ containers: [{ ...web, readinessProbe: {} }] })).probes('web', { readiness: true }).probes('web', { readiness: false })
  story.expect(`
    0s probes of web: readiness passes
    0s = Running web:running+ready
    0s probes of web: readiness fails
    0s = Running web:running
  `)
})

test('restartPolicy Never: the pod ends when all have ended, keeps its dead containers, and goes when it is deleted', () => {
  const story = settled(pod({ restartPolicy: 'Never', containers: [web, app] })).exits('web', 0).exits('app', 1).isDeleted(30)
  story.expect(`
    0s web exits with 0
    0s = Running app:running+ready web:ended(0)
    0s app exits with 1
    0s = Failed app:ended(1) web:ended(0)
    0s stop-sandbox s0
    0s tear-down-volumes
    0s deleted with 30s
    0s remove-sandbox s0
    0s remove-pod-files
    0s delete-pod-object
  `)
})

test('restartPolicy OnFailure: only what failed is run again', () => {
  const story = settled(pod({ restartPolicy: 'OnFailure', containers: [web, app] })).exits('web', 0).exits('app', 1).exits('app', 0)
  story.expect(`
    0s web exits with 0
    0s = Running app:running+ready web:ended(0)
    0s app exits with 1
    0s = Running app:ended(1) web:ended(0)
    0s start app#1
    0s = Running app:running+readyx1 web:ended(0)
    0s app exits with 0
    0s = Succeeded app:ended(0)x1 web:ended(0)
    0s stop-sandbox s0
    0s remove app c2
    0s tear-down-volumes
  `)
})

test('activeDeadlineSeconds ends the pod; the phase is terminal only when nothing runs', () => {
  const story = settled(pod({ activeDeadlineSeconds: 60, containers: [web] }))
  story.slow.add('stop web')
  story.wait(59).wait(1).wait(5).end('container/web')
  story.expect(`
    60s stop web 30s: Stopping container web
    65s = Failed (DeadlineExceeded) web:ended(143)
    65s stop-sandbox s0
    65s tear-down-volumes
  `)
})

test('a pod that is deleted while its image is pulled: the pull is given up', () => {
  const story = new PodStory(pod({ containers: [web] }))
  story.slow.add('start web')
  story.settle()
  story.lines.length = 0
  story.isDeleted(30)
  story.expect(`
    0s deleted with 30s
    0s cancel container/web
    0s = Failed web:ContainerCreating
    0s stop-sandbox s0
    0s remove-sandbox s0
    0s tear-down-volumes
    0s remove-pod-files
    0s delete-pod-object
  `)
})

test('a second delete with less grace: the stop is taken up anew, the hook is not run twice', () => {
  const story = settled(pod({ containers: [{ ...web, lifecycle: { preStop: { exec: { command: ['sync'] } } } }] }))
  story.slow.add('stop web')
  story.isDeleted(30).wait(3).isDeleted(1).end('container/web')
  story.expect(`
    0s deleted with 30s
    0s stop web 30s after its hook: Stopping container web
    3s deleted with 1s
    3s cancel container/web
    3s stop web 1s: Stopping container web
    3s = Failed web:ended(143)
    3s stop-sandbox s0
    3s remove-sandbox s0
    3s tear-down-volumes
    3s remove-pod-files
    3s delete-pod-object
  `)
})

test('a sandbox that died is made anew, and the pod is initialized again', () => {
  const story = new PodStory(pod({ initContainers: [init('first')], containers: [web] })).settle().exits('first', 0)
  story.lines.length = 0
  story.sandboxDies().exits('first', 0)
  story.expect(`
    0s the sandbox dies
    0s event SandboxChanged: Pod sandbox changed, it will be killed and re-created.
    0s = Running first:ended(0) web:ended(137)
    0s create-sandbox#1
    0s start first#1
    0s = Running first:runningx1 web:ended(137)
    0s first exits with 0
    0s = Running first:ended(0)x1 web:ended(137)
    0s start web#1
    0s remove first c1
    0s = Running first:ended(0)x1 web:running+readyx1
  `)
})

test('a restarted agent finds all as it was: nothing is started, nothing becomes unready', () => {
  const story = settled(pod({ containers: [{ ...web, readinessProbe: {}, startupProbe: {} }] })).probes('web', { startup: true, readiness: true })
  story.lines.length = 0
  story.agentRestarts()
  story.expect(`
    0s the agent restarts
    0s set-up-volumes
  `)
})

test('a restarted agent does not run again what has ended', () => {
  const story = settled(pod({ restartPolicy: 'Never', containers: [web] })).exits('web', 0)
  story.lines.length = 0
  story.agentRestarts()
  story.expect(`
    0s the agent restarts
    0s tear-down-volumes
  `)
})

test('a new image restarts that container alone', () => {
  const story = settled(pod({ containers: [web, app] }))
  story.changes((before) => ({ ...before, spec: { containers: [{ ...web, image: 'nginx:2' }, app] } }))
  story.expect(`
    0s stop web 30s: Container web definition changed, will be restarted
    0s = Running app:running+ready web:ended(143)
    0s start web#1
    0s = Running app:running+ready web:running+readyx1
  `)
})

test('volumes that cannot be set up are tried again after 1 s, 2 s, 4 s', () => {
  const story = new PodStory(pod({ containers: [web] }))
  story.failing.set('set-up-volumes', { reason: 'FailedMount', message: 'secret "x" not found' })
  story.settle().wait(1).wait(1).wait(1)
  story.failing.clear()
  story.wait(4)
  story.expect(`
    0s = Pending web:ContainerCreating
    0s set-up-volumes
    0s set-up-volumes fails: FailedMount
    1s set-up-volumes
    1s set-up-volumes fails: FailedMount
    3s set-up-volumes
    3s set-up-volumes fails: FailedMount
    7s set-up-volumes
    7s create-sandbox#0
    7s start web#0
    7s = Running web:running+ready
  `)
})

test("an ephemeral container runs once, and its end is not the pod's", () => {
  const story = settled(pod({ containers: [web] }))
  story.changes((before) => ({ ...before, spec: { containers: [web], ephemeralContainers: [{ name: 'debug', image: 'busybox' }] } })).exits('debug', 1)
  story.expect(`
    0s = Running web:running+ready debug:ContainerCreating
    0s start debug#0
    0s = Running web:running+ready debug:running-unstarted
    0s debug exits with 1
    0s = Running web:running+ready debug:ended(1)
  `)
})

test('a container with a postStart hook is not running before the hook is done', () => {
  const story = new PodStory(pod({ containers: [{ ...web, lifecycle: { postStart: { exec: { command: ['warm-up'] } } } }] }))
  story.slow.add('start web')
  story.settle().end('container/web')
  story.expect(`
    0s = Pending web:ContainerCreating
    0s set-up-volumes
    0s create-sandbox#0
    0s start web#0
    0s = Running web:running+ready
  `)
})

test('the status of a running pod in full', () => {
  const { status } = settled(pod({ containers: [web] }))
  const since = '2026-01-01T00:00:00Z'
  const is = (type: string): object => ({ lastTransitionTime: since, status: 'True', type })
  assert.deepEqual(status, {
    conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(is),
    containerStatuses: [{
      containerID: 'containerd://c1', image: 'nginx', imageID: 'nginx@sha256:1', lastState: {}, name: 'web', ready: true, restartCount: 0,
      started: true, state: { running: { startedAt: since } },
    }],
    hostIP: '192.168.0.1', hostIPs: [{ ip: '192.168.0.1' }], phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }],
    qosClass: 'BestEffort', startTime: since,
  })
})

test('conditions say what is lacking', () => {
  const story = new PodStory(pod({ initContainers: [init('first')], containers: [{ ...web, readinessProbe: {} }], readinessGates: [{ conditionType: 'example.com/gate' }] }))
  const lacking = (): string[] => (story.status.conditions ?? []).filter(({ status }) => status === 'False').map(({ type, reason, message }) => `${type}: ${reason}: ${message}`)
  story.settle()
  assert.deepEqual(lacking(), [
    'Initialized: ContainersNotInitialized: containers with incomplete status: [first]',
    'Ready: ContainersNotReady: containers with unready status: [web]',
    'ContainersReady: ContainersNotReady: containers with unready status: [web]',
  ])
  story.exits('first', 0)
  assert.deepEqual(lacking(), [
    'Ready: ContainersNotReady: containers with unready status: [web]',
    'ContainersReady: ContainersNotReady: containers with unready status: [web]',
  ])
  story.probes('web', { readiness: true })
  assert.deepEqual(lacking(), ['Ready: ReadinessGatesNotReady: corresponding condition of pod readiness gate "example.com/gate" does not exist.'])
  story.changes((before) => ({ ...before, status: { conditions: [{ type: 'example.com/gate', status: 'True' }] } }))
  assert.deepEqual(lacking(), [])
})

test('messages of waiting containers', () => {
  const crashing = settled(pod({ containers: [web] })).exits('web', 1).exits('web', 1)
  assert.deepEqual(crashing.status.containerStatuses?.[0]?.state, {
    waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container=web pod=web_default(u1)' },
  })
  assert.equal(crashing.status.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 1)
  const pulling = new PodStory(pod({ containers: [web] }))
  pulling.failing.set('start web', { reason: 'ErrImagePull', message: 'not found' })
  pulling.settle().wait(2)
  assert.deepEqual(pulling.status.containerStatuses?.[0]?.state, {
    waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "nginx": ErrImagePull: not found' },
  })
  assert.equal(pulling.why, 'the pod is Pending; container web: ImagePullBackOff: Back-off pulling image "nginx": ErrImagePull: not found')
})
