import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../resources/generated/kinds.ts'
import type { ConfigMap } from '../resources/generated/types.ts'
import { formatMicroTime } from '../words/instant.ts'
import { openBed } from './agent-bed.testing.ts'
import type { AgentBed, BedOptions } from './agent-bed.testing.ts'

const web = { name: 'web', image: 'nginx', imagePullPolicy: 'IfNotPresent' }
const key = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name })

async function started(options: BedOptions = {}): Promise<AgentBed> {
  const bed = await openBed(options)
  bed.startAgent()
  await bed.advance(1)
  return bed
}

/** Phase, and of each container its state and restarts. */
async function summary(bed: AgentBed, name: string): Promise<string> {
  const status = (await bed.pod(name))?.status
  if (status === undefined) return 'gone'
  const containers = (status.containerStatuses ?? []).map(({ name: container, state, ready, restartCount }) => {
    const what = state?.running !== undefined ? (ready ? 'ready' : 'running') : (state?.terminated?.reason ?? state?.waiting?.reason ?? '')
    return `${container}:${what}/${restartCount}`
  })
  return [status.phase, ...containers].join(' ')
}

function configMap(name: string, data: Record<string, string>): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: key(name), data }
}

test('a pod from its creation to its deletion', async () => {
  const bed = await started({ images: { nginx: { pullMs: 1500, sizeBytes: 42 } } })
  await bed.createPod('p', { containers: [web] })
  await bed.advance(1)
  assert.equal(await summary(bed, 'p'), 'Pending web:ContainerCreating/0')
  await bed.advance(1)
  assert.equal(await summary(bed, 'p'), 'Running web:ready/0')
  assert.equal((await bed.pod('p'))?.status?.podIP, '10.244.0.1')
  await bed.api.delete(kinds.Pod, key('p'))
  await bed.advance(1)
  assert.equal(await summary(bed, 'p'), 'gone')
  assert.deepEqual(bed.runtime.transcript, [
    'sandbox p#0', 'pull nginx', 'start p/web#0', 'stop p/web#0 within 30s', 'end p/web#0 0', 'stop-sandbox p#0', 'remove-sandbox p#0',
  ])
  assert.deepEqual(await bed.events('p'), [
    'Pulling spec.containers{web}: Pulling image "nginx"',
    'Pulled spec.containers{web}: Successfully pulled image "nginx" in 1.5s (1.5s including waiting). Image size: 42 bytes.',
    'Created spec.containers{web}: Created container: web',
    'Started spec.containers{web}: Started container web',
    'Killing spec.containers{web}: Stopping container web',
  ])
  assert.deepEqual(await bed.volumes.podUids(), [])
  assert.deepEqual(bed.agent().pods(), [])
  bed.stop()
})

test('the node registers, becomes ready and renews its lease; while nothing changes only the lease is written', async () => {
  const bed = await started()
  const node = await bed.api.get(kinds.Node, { namespace: '', name: 'n1' })
  assert.deepEqual(node.status?.conditions?.map(({ type, status }) => `${type}=${status}`), ['MemoryPressure=False', 'DiskPressure=False', 'PIDPressure=False', 'Ready=True'])
  assert.deepEqual(node.metadata.labels?.['kubernetes.io/hostname'], 'n1')
  assert.equal(node.status?.capacity?.['pods'], '110')
  assert.equal(node.status?.nodeInfo?.containerRuntimeVersion, 'fake://1.0.0')
  await bed.createPod('p', { containers: [web] })
  await bed.advance(60)
  const before = Number((await bed.pod('p'))?.metadata.resourceVersion)
  const nodeBefore = await bed.api.get(kinds.Node, { namespace: '', name: 'n1' })
  await bed.advance(200)
  const lease = await bed.api.get(kinds.Lease, { namespace: 'kube-node-lease', name: 'n1' })
  assert.equal(lease.spec?.holderIdentity, 'n1')
  assert.ok((lease.spec?.renewTime ?? '') > formatMicroTime(bed.clock.now() - 11_000))
  assert.equal(Number((await bed.pod('p'))?.metadata.resourceVersion), before)
  assert.equal((await bed.api.get(kinds.Node, { namespace: '', name: 'n1' })).metadata.resourceVersion, nodeBefore.metadata.resourceVersion)
  await bed.advance(120)
  assert.notEqual((await bed.api.get(kinds.Node, { namespace: '', name: 'n1' })).metadata.resourceVersion, nodeBefore.metadata.resourceVersion)
  bed.stop()
})

test('a killed agent: containers go on and are adopted; what ended meanwhile is started again', async () => {
  const bed = await started()
  await bed.createPod('p', { containers: [web, { name: 'app', image: 'app', imagePullPolicy: 'IfNotPresent', readinessProbe: { tcpSocket: { port: 80 } } }] })
  await bed.advance(2)
  assert.equal(await summary(bed, 'p'), 'Running app:ready/0 web:ready/0')
  await bed.killAgent()
  bed.runtime.crash('p', 'web', 1)
  const before = bed.runtime.transcript.length
  await bed.advance(60)
  bed.startAgent()
  const readinessTold: (boolean | undefined)[] = []
  for (let second = 0; second < 15; second++) {
    await bed.advance(1)
    readinessTold.push((await bed.pod('p'))?.status?.containerStatuses?.[0]?.ready)
  }
  assert.deepEqual(new Set(readinessTold), new Set([true]))
  assert.equal(await summary(bed, 'p'), 'Running app:ready/0 web:ready/1')
  assert.deepEqual(bed.runtime.transcript.slice(before), ['start p/web#1'])
  bed.stop()
})

test('while the API server is away containers are restarted, and told of later', async () => {
  const bed = await started()
  await bed.createPod('p', { containers: [web] })
  await bed.advance(2)
  bed.cutOff = true
  bed.runtime.crash('p', 'web', 3)
  await bed.advance(120)
  assert.deepEqual(bed.runtime.running().map(({ attempt }) => attempt), [1])
  assert.equal(await summary(bed, 'p'), 'Running web:ready/0')
  bed.cutOff = false
  await bed.advance(15)
  assert.equal(await summary(bed, 'p'), 'Running web:ready/1')
  bed.stop()
})

test('a container runtime that is away for a while: nothing is restarted', async () => {
  const bed = await started()
  await bed.createPod('p', { containers: [web] })
  await bed.advance(2)
  bed.runtime.setDown(true)
  await bed.advance(45)
  const node = await bed.api.get(kinds.Node, { namespace: '', name: 'n1' })
  assert.deepEqual(node.status?.conditions?.filter(({ type }) => type === 'Ready').map(({ status, message }) => `${status} ${message}`), ['False container runtime is down'])
  bed.runtime.setDown(false)
  await bed.advance(30)
  assert.equal(await summary(bed, 'p'), 'Running web:ready/0')
  assert.deepEqual(bed.runtime.transcript, ['sandbox p#0', 'start p/web#0'])
  bed.stop()
})

test('pods that the API does not know are removed, but only once it has told of all', async () => {
  const bed = await started({ behaviour: () => ({ stopMs: Number.POSITIVE_INFINITY }) })
  await bed.createPod('p', { containers: [web] })
  await bed.advance(2)
  await bed.killAgent()
  await bed.api.delete(kinds.Pod, key('p'), { gracePeriodSeconds: 0 })
  bed.cutOff = true
  bed.startAgent()
  await bed.advance(30)
  assert.equal(bed.runtime.running().length, 1)
  bed.cutOff = false
  await bed.advance(15)
  assert.deepEqual(bed.runtime.running(), [])
  assert.deepEqual(bed.runtime.transcript.slice(-4), ['stop p/web#0 within 2s', 'end p/web#0 137', 'stop-sandbox p#0', 'remove-sandbox p#0'])
  assert.deepEqual(await bed.volumes.podUids(), [])
  bed.stop()
})

test('a pod deleted by force is stopped at once, and its successor of the same name starts', async () => {
  const bed = await started({ behaviour: ({ attempt }) => ({ stopMs: attempt === 0 ? 5000 : 0 }) })
  await bed.createPod('p', { containers: [web] })
  await bed.advance(2)
  await bed.api.delete(kinds.Pod, key('p'), { gracePeriodSeconds: 0 })
  const second = await bed.createPod('p', { containers: [web] })
  await bed.advance(5)
  assert.deepEqual(bed.runtime.running().map(({ podUid }) => podUid), [second.metadata.uid])
  bed.stop()
})

test('files from a ConfigMap follow its changes; a missing one holds the pod until it is there', async () => {
  const bed = await started()
  const pod = await bed.createPod('p', { containers: [{ ...web, volumeMounts: [{ name: 'conf', mountPath: '/conf' }] }], volumes: [{ name: 'conf', configMap: { name: 'conf' } }] })
  const uid = pod.metadata.uid ?? ''
  await bed.advance(2)
  assert.equal(await summary(bed, 'p'), 'Pending web:ContainerCreating/0')
  assert.match((await bed.events('p')).join('\n'), /^FailedMount -: MountVolume.SetUp failed for volume "conf" : configmap "conf" not found/m)
  await bed.api.create(kinds.ConfigMap, configMap('conf', { color: 'red' }))
  await bed.advance(1)
  assert.equal(await summary(bed, 'p'), 'Running web:ready/0')
  assert.deepEqual(bed.volumes.files(uid, 'conf'), { color: 'red' })
  await bed.api.update(kinds.ConfigMap, configMap('conf', { color: 'blue', size: 'large' }))
  await bed.advance(1)
  assert.deepEqual(bed.volumes.files(uid, 'conf'), { color: 'blue', size: 'large' })
  assert.deepEqual(bed.runtime.transcript, ['sandbox p#0', 'start p/web#0'])
  bed.stop()
})

test('an environment from a ConfigMap that is missing', async () => {
  const bed = await started()
  await bed.createPod('p', { containers: [{ ...web, env: [{ name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'conf', key: 'color' } } }] }] })
  await bed.advance(2)
  assert.equal(await summary(bed, 'p'), 'Pending web:CreateContainerConfigError/0')
  assert.equal((await bed.pod('p'))?.status?.containerStatuses?.[0]?.state?.waiting?.message, 'configmap "conf" not found')
  await bed.api.create(kinds.ConfigMap, configMap('conf', { color: 'red' }))
  await bed.advance(1)
  assert.equal(await summary(bed, 'p'), 'Running web:ready/0')
  bed.stop()
})

test('probes: unready until readiness passes, restarted when liveness fails three times', async () => {
  let isWell = false
  const bed = await started({ probe: () => (isWell ? { outcome: 'success', output: '' } : { outcome: 'failure', output: 'HTTP probe failed with statuscode: 500' }) })
  const probe = { httpGet: { port: 80 }, periodSeconds: 2 }
  await bed.createPod('p', { containers: [{ ...web, readinessProbe: probe, livenessProbe: { ...probe, initialDelaySeconds: 20 } }] })
  await bed.advance(3)
  assert.equal(await summary(bed, 'p'), 'Running web:running/0')
  isWell = true
  await bed.advance(2)
  assert.equal(await summary(bed, 'p'), 'Running web:ready/0')
  await bed.advance(30)
  isWell = false
  await bed.advance(8)
  assert.equal(await summary(bed, 'p'), 'Running web:running/1')
  const events = await bed.events('p')
  assert.ok(events.some((line) => line.startsWith('Unhealthy spec.containers{web}: Liveness probe failed: HTTP probe failed with statuscode: 500 x3')), events.join('\n'))
  assert.ok(events.includes('Killing spec.containers{web}: Container web failed liveness probe, will be restarted'))
  bed.stop()
})

test('preStop runs within the grace period, and what it used is taken off', async () => {
  const exec = (): { afterMs: number; outcome: { outcome: 'exited'; exitCode: number; output: string } } => ({ afterMs: 4000, outcome: { outcome: 'exited', exitCode: 0, output: '' } })
  const bed = await started({ behaviour: () => ({ stopMs: Number.POSITIVE_INFINITY, exec }) })
  await bed.createPod('p', { terminationGracePeriodSeconds: 10, containers: [{ ...web, lifecycle: { preStop: { exec: { command: ['drain'] } } } }] })
  await bed.advance(2)
  await bed.api.delete(kinds.Pod, key('p'))
  await bed.advance(3)
  assert.deepEqual(bed.runtime.transcript.slice(-1), ['exec p/web#0 drain'])
  await bed.advance(1.5)
  assert.deepEqual(bed.runtime.transcript.slice(-1), ['stop p/web#0 within 6s'])
  await bed.advance(6)
  assert.deepEqual(bed.runtime.transcript.slice(-3), ['end p/web#0 137', 'stop-sandbox p#0', 'remove-sandbox p#0'])
  assert.equal(await summary(bed, 'p'), 'gone')
  bed.stop()
})

test('a postStart hook that fails ends its container', async () => {
  const bed = await started({ behaviour: () => ({ exec: () => ({ outcome: 'exited', exitCode: 7, output: 'no' }) }) })
  await bed.createPod('p', { containers: [{ ...web, lifecycle: { postStart: { exec: { command: ['warm'] } } } }] })
  await bed.advance(3)
  assert.equal(await summary(bed, 'p'), 'Running web:PostStartHookError/0')
  assert.ok((await bed.events('p')).includes('FailedPostStartHook spec.containers{web}: PostStartHook failed'))
  bed.stop()
})

test('an image that never comes, and one that may not be pulled', async () => {
  const bed = await started({ images: {} })
  await bed.createPod('p', { containers: [{ name: 'a', image: 'missing' }, { name: 'b', image: 'local', imagePullPolicy: 'Never' }] })
  await bed.advance(1)
  assert.equal(await summary(bed, 'p'), 'Pending a:ErrImagePull/0 b:ErrImageNeverPull/0')
  await bed.advance(4)
  assert.equal(await summary(bed, 'p'), 'Pending a:ImagePullBackOff/0 b:ErrImageNeverPull/0')
  assert.deepEqual((await bed.events('p')).filter((line) => line.includes('{a}')), [
    'Pulling spec.containers{a}: Pulling image "missing"',
    'Failed spec.containers{a}: Failed to pull image "missing": missing: not found',
    'Failed spec.containers{a}: Error: ErrImagePull',
    'BackOff spec.containers{a}: Back-off pulling image "missing"',
    'Failed spec.containers{a}: Error: ImagePullBackOff',
  ])
  bed.stop()
})

test('a pod that completes', async () => {
  const bed = await started({ behaviour: () => ({ endsAfterMs: 3000, exitCode: 0 }) })
  await bed.createPod('p', { restartPolicy: 'OnFailure', containers: [web] })
  await bed.advance(10)
  assert.equal(await summary(bed, 'p'), 'Succeeded web:Completed/0')
  const ready = (await bed.pod('p'))?.status?.conditions?.find(({ type }) => type === 'Ready')
  assert.deepEqual([ready?.status, ready?.reason], ['False', 'PodCompleted'])
  assert.deepEqual(bed.runtime.transcript.slice(-1), ['stop-sandbox p#0'])
  bed.stop()
})

test('whatever call of the runtime fails or loses its answer, each pod ends with one container of each name', async () => {
  for (let seed = 1; seed <= 5; seed++) {
    let state = seed * 7919
    const dice = (): number => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648
    let faults = 12
    const bed = await started({
      fault: () => {
        const roll = dice()
        if (faults === 0 || roll > 0.4) return undefined
        faults--
        return roll < 0.2 ? 'before' : 'after'
      },
      behaviour: () => ({ startMs: Math.floor(dice() * 500), stopMs: Math.floor(dice() * 3000) }),
    })
    for (const name of ['a', 'b', 'c']) await bed.createPod(name, { containers: [web, { name: 'app', image: 'app' }] })
    await bed.advance(1 + dice() * 3)
    await bed.api.delete(kinds.Pod, key('b'))
    if (dice() < 0.5) {
      await bed.killAgent()
      bed.startAgent()
    }
    const names = (): string[] => bed.runtime.running().map(({ podName, container }) => `${podName}/${container}`).sort()
    await bed.clock.advanceUntil(() => faults === 0 && names().join(' ') === 'a/app a/web c/app c/web' && bed.agent().pods().length === 2, 900_000)
    await bed.advance(15)
    assert.deepEqual(names(), ['a/app', 'a/web', 'c/app', 'c/web'], `seed ${seed}: ${bed.runtime.transcript.join(', ')}`)
    assert.equal(await summary(bed, 'b'), 'gone', `seed ${seed}`)
    for (const name of ['a', 'c']) assert.match(await summary(bed, name), /^Running app:ready\/\d web:ready\/\d$/, `seed ${seed}`)
    bed.stop()
  }
})
