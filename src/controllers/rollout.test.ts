import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Executor } from '../reconcile/executor.ts'
import { ManualClock, SeededRandom } from '../words/manual-clock.testing.ts'
import type { Faults } from '../reconcile/memory-client.testing.ts'
import { MemoryClient, noFaults } from '../reconcile/memory-client.testing.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Deployment, Pod } from '../resources/generated/types.ts'
import { formatTime } from '../words/instant.ts'
import { silentLog } from '../words/ports.ts'
import { deploymentController } from './deployment/controller.ts'
import { NOW, deployment, podTemplate } from './objects.testing.ts'
import { isReady } from './pod-state.ts'
import { replicaSetController } from './replicaset/controller.ts'

/** A cluster of two controllers and nodes that make every pod ready after a while. */
class World {
  readonly clock = new ManualClock(NOW)
  readonly random: SeededRandom
  readonly client: MemoryClient
  readonly executor: Executor
  broken = ''
  most = 0
  fewestReady = Infinity

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    this.client = new MemoryClient(this.clock, this.random)
    const parts = { client: this.client, clientOf: () => this.client, clock: this.clock, random: this.random, log: silentLog }
    this.executor = new Executor([deploymentController(), replicaSetController()], parts)
    this.executor.start()
  }

  /** Without faults or time. */
  async directly<T>(call: () => Promise<T>): Promise<T> {
    const { faults } = this.client
    this.client.faults = noFaults
    const result = call()
    await this.clock.pass(0)
    this.client.faults = faults
    return result
  }

  get deployment(): Deployment {
    const [found] = this.client.stored(kinds.Deployment)
    assert.ok(found)
    return found
  }

  get pods(): readonly Pod[] {
    return this.client.stored(kinds.Pod)
  }

  async change(spec: Partial<NonNullable<Deployment['spec']>>): Promise<void> {
    const { metadata, spec: before, ...rest } = this.deployment
    assert.ok(before)
    await this.directly(() => this.client.update(kinds.Deployment, { ...rest, metadata, spec: { ...before, ...spec } }))
  }

  async pass(seconds: number): Promise<void> {
    for (let step = 0; step < seconds * 10; step += 1) {
      await this.clock.pass(100)
      for (const pod of this.pods) if (!isReady(pod) && this.random.next() < 0.2 && pod.spec?.containers[0]?.image !== this.broken) await this.makeReady(pod)
      this.most = Math.max(this.most, this.pods.length)
      this.fewestReady = Math.min(this.fewestReady, this.pods.filter(isReady).length)
    }
  }

  async makeReady(pod: Pod): Promise<void> {
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(this.clock.now()) }]
    const body = { status: { phase: 'Running', conditions } }
    await this.directly(() => this.client.patch(kinds.Pod, { namespace: 'shop', name: pod.metadata.name ?? '' }, { type: 'merge', body }, { subresource: 'status' }))
  }

  /** Each ReplicaSet as revision:size(ready), in the order of revisions. */
  sets(): string {
    const texts = this.client.stored(kinds.ReplicaSet).map(({ metadata, spec, status }) => {
      return `${metadata.annotations?.['deployment.kubernetes.io/revision']}:${spec?.replicas}(${status?.readyReplicas ?? 0})`
    })
    return texts.sort().join(' ')
  }

  conditions(): string {
    return (this.deployment.status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`).sort().join(', ')
  }

  async stop(): Promise<void> {
    void this.executor.stop()
    await this.clock.pass(10_000)
  }
}

async function started(seed: number, replicas: number, traits: Parameters<typeof deployment>[1] = {}): Promise<World> {
  const world = new World(seed)
  await world.directly(() => world.client.create(kinds.Deployment, { ...deployment(replicas, traits) }))
  await world.pass(10)
  return world
}

test('create, update, roll back, pause, scale', async () => {
  const world = await started(1, 4)
  assert.equal(world.sets(), '1:4(4)')
  assert.equal(world.conditions(), 'Available=True MinimumReplicasAvailable, Progressing=True NewReplicaSetAvailable')
  assert.equal(world.deployment.metadata.annotations?.['deployment.kubernetes.io/revision'], '1')
  assert.deepEqual(world.client.stored(kinds.Event).filter(({ reason }) => reason === 'ScalingReplicaSet').map(({ message }) => message?.replace(/web-\w+/, 'web-X')), [
    'Scaled up replica set web-X from 0 to 4',
  ])

  world.most = 0
  world.fewestReady = 4
  await world.change({ template: podTemplate('web:2') })
  await world.pass(20)
  assert.equal(world.sets(), '1:0(0) 2:4(4)')
  assert.deepEqual({ most: world.most, fewestReady: world.fewestReady }, { most: 5, fewestReady: 3 })

  await world.change({ template: podTemplate('web:1') })
  await world.pass(20)
  assert.equal(world.sets(), '2:0(0) 3:4(4)')

  await world.change({ paused: true, template: podTemplate('web:3') })
  await world.pass(5)
  assert.match(world.conditions(), /Progressing=Unknown DeploymentPaused/)
  await world.change({ replicas: 8 })
  await world.pass(10)
  assert.equal(world.sets(), '2:0(0) 3:8(8)')
  await world.change({ paused: false })
  await world.pass(30)
  assert.equal(world.sets(), '2:0(0) 3:0(0) 4:8(8)')
  assert.match(world.conditions(), /Progressing=True NewReplicaSetAvailable/)
  const { status } = world.deployment
  assert.deepEqual([status?.replicas, status?.updatedReplicas, status?.readyReplicas, status?.availableReplicas, status?.unavailableReplicas], [8, 8, 8, 8, undefined])
  assert.equal(status?.observedGeneration, world.deployment.metadata.generation)
  assert.equal(world.executor.idle, true)
  await world.stop()
})

test('a rollout that never becomes ready stops at its bounds and times out', async () => {
  const world = await started(2, 4)
  world.broken = 'web:bad'
  await world.change({ template: podTemplate('web:bad'), progressDeadlineSeconds: 60 })
  await world.pass(30)
  assert.equal(world.sets(), '1:3(3) 2:2(0)')
  await world.change({ replicas: 8 })
  await world.pass(20)
  assert.equal(world.sets(), '1:6(6) 2:4(0)')
  await world.pass(120)
  assert.match(world.conditions(), /Progressing=False ProgressDeadlineExceeded/)
  await world.change({ template: podTemplate('web:1') })
  await world.pass(30)
  assert.equal(world.sets(), '2:0(0) 3:8(8)')
  assert.match(world.conditions(), /Progressing=True NewReplicaSetAvailable/)
  await world.stop()
})

test('Recreate ends all old pods first; old revisions are cleaned up', async () => {
  const world = await started(3, 3, { spec: { strategy: { type: 'Recreate' }, revisionHistoryLimit: 1 } })
  for (const version of [2, 3, 4]) {
    await world.change({ template: podTemplate(`web:${version}`) })
    let mixed = false
    for (let step = 0; step < 20; step += 1) {
      await world.pass(1)
      mixed ||= new Set(world.pods.map(({ spec }) => spec?.containers[0]?.image)).size > 1
    }
    assert.equal(mixed, false)
  }
  assert.equal(world.sets(), '3:0(0) 4:3(3)')
  await world.stop()
})

const hostile: Faults = { lostRequests: 0.05, lostReplies: 0.1, lateRequests: 0.02, maxLatencyMs: 20, maxWatchLagMs: 50, brokenWatches: 0.01 }

test('converges from any seed within maxSurge, with lost replies and late caches', async () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const world = await started(seed, 4, { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } } })
    world.client.faults = hostile
    world.most = 0
    for (const version of [2, 3]) {
      await world.change({ template: podTemplate(`web:${version}`) })
      await world.pass(4)
    }
    await world.pass(60)
    assert.equal(world.sets(), '1:0(0) 2:0(0) 3:4(4)', `seed ${seed}`)
    assert.equal(world.most, 5, `seed ${seed}`)
    assert.equal(world.pods.length, 4, `seed ${seed}`)
    await world.stop()
  }
})
