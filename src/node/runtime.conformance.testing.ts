import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type {
  ContainerConfig, ContainerObservation, NodeRuntime, PodObservation, RuntimeAction, RuntimeResult, SandboxConfig,
} from './runtime.ts'
import { RuntimeFailure } from './runtime.ts'

/**
 * What a container of the suite does; the bed knows how it is told to a real image.
 * sleeper: runs, ends at once on SIGTERM. stubborn: runs, ignores SIGTERM. failer: ends at once with 3. finisher: ends at once with 0.
 */
export type ConformanceRole = 'sleeper' | 'stubborn' | 'failer' | 'finisher'

/** A runtime to be tested, with nothing in it. */
export interface RuntimeBed {
  readonly runtime: NodeRuntime
  /** Present on the node. */
  readonly image: string
  /** Nobody has it. */
  readonly missingImage: string
  /** Fills in what is particular to the machine: log directory, cgroup parent, mounts. */
  sandbox(base: SandboxConfig): SandboxConfig
  /** Fills in the command of that role. The container's name is the role. */
  container(base: ContainerConfig, role: ConformanceRole): ContainerConfig
  /** Commands for exec in a sleeper: one prints "hello" and ends with 0, one ends with 5, one sleeps for a minute. */
  readonly exec: { readonly hello: readonly string[]; readonly five: readonly string[]; readonly minute: readonly string[] }
  /** Lets so much time pass. */
  pass(durationMs: number): Promise<void>
  close(): Promise<void>
}

const never = new AbortController().signal

/** What every NodeRuntime must do. Registers one suite; run it on each implementation. */
export function runtimeConformance(name: string, open: () => Promise<RuntimeBed>): void {
  describe(`NodeRuntime: ${name}`, () => {
    const ready: { suite?: Suite } = {}
    const suite = (): Suite => {
      assert.ok(ready.suite !== undefined)
      return ready.suite
    }
    before(async () => {
      ready.suite = new Suite(await open())
    })
    after(() => ready.suite?.close())
    it('knows nothing of a pod that was never made', async () => {
      assert.equal(await suite().runtime.observe('no-such-pod', never), undefined)
      assert.deepEqual(await suite().runtime.observeAll(never), [])
      assert.equal((await suite().runtime.info(never)).runtimeProblem, undefined)
    })
    it('makes a sandbox with an address', () => sandboxCase(suite()))
    it('starts a container and shows what it was started with', () => startCase(suite()))
    it('tells of a container that ends, with its exit code', () => endCase(suite()))
    it('stops with SIGTERM, and kills what ignores it after the grace period', () => stopCase(suite()))
    it('does not mind stopping and removing what is stopped or gone', () => repeatCase(suite()))
    it('stopping a sandbox ends its containers and keeps them; removing it removes them', () => sandboxStopCase(suite()))
    it('shows the newest sandbox first', () => secondSandboxCase(suite()))
    it('finds images, and says why one cannot be pulled', () => imageCase(suite()))
    it('runs commands in a container', () => execCase(suite()))
    it('gives up a stop when its caller does', () => abortCase(suite()))
  })
}

/** One bed for all cases, a pod of its own for each. */
class Suite {
  readonly bed: RuntimeBed
  readonly runtime: NodeRuntime
  readonly told: string[] = []
  readonly #life = new AbortController()
  #pods = 0

  constructor(bed: RuntimeBed) {
    this.bed = bed
    this.runtime = bed.runtime
    bed.runtime.events((uid) => this.told.push(uid), this.#life.signal)
  }

  async close(): Promise<void> {
    this.#life.abort()
    await this.bed.close()
  }

  perform(action: RuntimeAction): Promise<RuntimeResult> {
    return this.runtime.perform(action, never)
  }

  async pod(): Promise<TestPod> {
    const number = ++this.#pods
    const pod = new TestPod(this, `conformance-${number}`)
    await pod.makeSandbox(0)
    return pod
  }

  async eventually(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      if (await condition()) return
      await this.bed.pass(100)
    }
    assert.fail(`it never became so: ${what}`)
  }
}

class TestPod {
  readonly uid: string
  readonly #suite: Suite
  #sandbox: SandboxConfig | undefined
  sandboxId = ''

  constructor(suite: Suite, uid: string) {
    this.#suite = suite
    this.uid = uid
  }

  async makeSandbox(attempt: number): Promise<void> {
    this.#sandbox = this.#suite.bed.sandbox(plainSandbox(this.uid, attempt))
    const result = await this.#suite.perform({ type: 'create-sandbox', sandbox: this.#sandbox })
    assert.ok(result.type === 'sandbox')
    this.sandboxId = result.sandboxId
  }

  async start(role: ConformanceRole, attempt = 0, change: Partial<ContainerConfig> = {}): Promise<string> {
    assert.ok(this.#sandbox !== undefined)
    const base = { ...plainContainer(this.#sandbox, this.sandboxId, role, attempt, this.#suite.bed.image), ...change }
    const result = await this.#suite.perform({ type: 'start-container', container: this.#suite.bed.container(base, role) })
    assert.ok(result.type === 'container')
    return result.containerId
  }

  async observe(): Promise<PodObservation> {
    const seen = await this.#suite.runtime.observe(this.uid, never)
    assert.ok(seen !== undefined, `pod ${this.uid} is not there`)
    return seen
  }

  async container(id: string): Promise<ContainerObservation> {
    const found = (await this.observe()).containers.find((one) => one.id === id)
    assert.ok(found !== undefined, `container ${id} is not there`)
    return found
  }

  async ended(id: string): Promise<ContainerObservation> {
    await this.#suite.eventually('the container has ended', async () => (await this.container(id)).state === 'exited')
    return this.container(id)
  }
}

async function sandboxCase(suite: Suite): Promise<void> {
  const pod = await suite.pod()
  const seen = await pod.observe()
  assert.deepEqual([seen.uid, seen.namespace, seen.name], [pod.uid, 'default', pod.uid])
  assert.deepEqual(
    seen.sandboxes.map(({ id, attempt, state }) => ({ id, attempt, state })),
    [{ id: pod.sandboxId, attempt: 0, state: 'ready' }]
  )
  assert.match(seen.sandboxes[0]?.addresses[0] ?? '', /^[0-9a-f.:]+$/)
  assert.deepEqual(seen.containers, [])
  assert.ok((await suite.runtime.observeAll(never)).some(({ uid }) => uid === pod.uid))
}

async function startCase(suite: Suite): Promise<void> {
  const pod = await suite.pod()
  const id = await pod.start('sleeper', 2, { specHash: 'abc' })
  const seen = await pod.container(id)
  assert.deepEqual([seen.name, seen.attempt, seen.sandboxId, seen.state, seen.specHash], ['sleeper', 2, pod.sandboxId, 'running', 'abc'])
  assert.equal(typeof seen.startedAt, 'number')
  assert.equal(seen.finishedAt, undefined)
  assert.notEqual(seen.image, '')
  assert.match(seen.imageId, /sha256:/)
}

async function endCase(suite: Suite): Promise<void> {
  const pod = await suite.pod()
  suite.told.length = 0
  const failed = await pod.ended(await pod.start('failer'))
  assert.deepEqual([failed.exitCode, failed.reason], [3, 'Error'])
  assert.ok((failed.finishedAt ?? 0) >= (failed.startedAt ?? Number.POSITIVE_INFINITY))
  await suite.eventually('the end was told', () => suite.told.includes(pod.uid) || suite.told.includes(''))
  const finished = await pod.ended(await pod.start('finisher'))
  assert.deepEqual([finished.exitCode, finished.reason], [0, 'Completed'])
}

async function stopCase(suite: Suite): Promise<void> {
  const pod = await suite.pod()
  const sleeper = await pod.start('sleeper')
  await suite.perform({ type: 'stop-container', containerId: sleeper, graceSeconds: 20 })
  assert.equal((await pod.container(sleeper)).state, 'exited')
  const stubborn = await pod.start('stubborn')
  const stopping = suite.perform({ type: 'stop-container', containerId: stubborn, graceSeconds: 1 })
  await suite.bed.pass(1500)
  await stopping
  const killed = await pod.container(stubborn)
  assert.deepEqual([killed.state, killed.exitCode], ['exited', 137])
}

async function repeatCase(suite: Suite): Promise<void> {
  const pod = await suite.pod()
  const id = await pod.start('sleeper')
  await suite.perform({ type: 'stop-container', containerId: id, graceSeconds: 5 })
  await suite.perform({ type: 'stop-container', containerId: id, graceSeconds: 5 })
  await suite.perform({ type: 'remove-container', containerId: id })
  await suite.perform({ type: 'remove-container', containerId: id })
  await suite.perform({ type: 'stop-container', containerId: id, graceSeconds: 5 })
  assert.deepEqual((await pod.observe()).containers, [])
  for (const type of ['stop-sandbox', 'stop-sandbox', 'remove-sandbox', 'remove-sandbox', 'stop-sandbox'] as const) {
    await suite.perform({ type, sandboxId: pod.sandboxId })
  }
  assert.equal(await suite.runtime.observe(pod.uid, never), undefined)
}

async function sandboxStopCase(suite: Suite): Promise<void> {
  const pod = await suite.pod()
  const id = await pod.start('stubborn')
  await suite.perform({ type: 'stop-sandbox', sandboxId: pod.sandboxId })
  const seen = await pod.observe()
  assert.equal(seen.sandboxes[0]?.state, 'not-ready')
  assert.equal((await pod.ended(id)).state, 'exited')
  await suite.perform({ type: 'remove-sandbox', sandboxId: pod.sandboxId })
  assert.equal(await suite.runtime.observe(pod.uid, never), undefined)
}

async function secondSandboxCase(suite: Suite): Promise<void> {
  const pod = await suite.pod()
  const first = pod.sandboxId
  const old = await pod.start('sleeper')
  await suite.perform({ type: 'stop-sandbox', sandboxId: first })
  await pod.makeSandbox(1)
  const fresh = await pod.start('sleeper', 1)
  const seen = await pod.observe()
  assert.deepEqual(
    seen.sandboxes.map(({ id, attempt, state }) => `${attempt} ${state} ${id === first ? 'first' : 'second'}`),
    ['1 ready second', '0 not-ready first']
  )
  assert.deepEqual(new Set(seen.containers.map(({ id }) => id)), new Set([old, fresh]))
}

async function imageCase(suite: Suite): Promise<void> {
  const { image, missingImage } = suite.bed
  const found = await suite.runtime.findImage(image, never)
  assert.ok(found !== undefined && found.sizeBytes > 0)
  assert.ok((await suite.runtime.listImages(never)).some(({ id }) => id === found.id))
  assert.equal(await suite.runtime.findImage(missingImage, never), undefined)
  await assert.rejects(
    suite.perform({ type: 'pull-image', image: missingImage, credentials: [] }),
    (error) => error instanceof RuntimeFailure && error.message !== ''
  )
  const pod = await suite.pod()
  await assert.rejects(pod.start('sleeper', 0, { image: missingImage }), RuntimeFailure)
}

async function execCase(suite: Suite): Promise<void> {
  const { exec, pass } = suite.bed
  const pod = await suite.pod()
  const id = await pod.start('sleeper')
  const hello = await suite.runtime.exec(id, exec.hello, 10_000, never)
  assert.ok(hello.outcome === 'exited')
  assert.deepEqual([hello.exitCode, hello.output.trim()], [0, 'hello'])
  const five = await suite.runtime.exec(id, exec.five, 10_000, never)
  assert.ok(five.outcome === 'exited' && five.exitCode === 5)
  const long = suite.runtime.exec(id, exec.minute, 1000, never)
  await pass(1500)
  assert.deepEqual(await long, { outcome: 'timed-out' })
  await suite.perform({ type: 'stop-container', containerId: id, graceSeconds: 5 })
  assert.equal((await suite.runtime.exec(id, exec.hello, 1000, never)).outcome, 'failed')
}

async function abortCase(suite: Suite): Promise<void> {
  const pod = await suite.pod()
  const id = await pod.start('stubborn')
  const caller = new AbortController()
  const stopping = suite.runtime.perform({ type: 'stop-container', containerId: id, graceSeconds: 600 }, caller.signal)
  const rejected = assert.rejects(stopping)
  await suite.bed.pass(100)
  caller.abort()
  await suite.bed.pass(100)
  await rejected
  assert.equal((await pod.container(id)).state, 'running')
  await suite.perform({ type: 'stop-container', containerId: id, graceSeconds: 0 })
  assert.equal((await pod.ended(id)).exitCode, 137)
}

const plainSecurity = {
  privileged: false, runAsUser: undefined, runAsGroup: undefined, supplementalGroups: [], readOnlyRootFilesystem: false,
  noNewPrivileges: false, addCapabilities: [], dropCapabilities: [], seccomp: { type: 'unconfined' }, procMount: 'default',
} as const

const plainLimits = { cpuShares: 2, cpuQuotaMicros: 0, cpuPeriodMicros: 100_000, memoryLimitBytes: 0 }

function plainSandbox(uid: string, attempt: number): SandboxConfig {
  return {
    podUid: uid, namespace: 'default', name: uid, attempt, hostname: uid, labels: {}, annotations: {}, logDirectory: `/var/log/pods/${uid}`,
    hostNetwork: false, hostPid: false, hostIpc: false, shareProcessNamespace: false, dns: { servers: [], searches: [], options: [] },
    portMappings: [], sysctls: {}, cgroupParent: `/conformance/pod${uid}`, cgroupLimits: plainLimits, security: plainSecurity,
  }
}

function plainContainer(sandbox: SandboxConfig, sandboxId: string, name: string, attempt: number, image: string): ContainerConfig {
  return {
    podUid: sandbox.podUid, sandboxId, sandbox, name, attempt, image, command: [], arguments: [], workingDirectory: '', environment: [],
    mounts: [], devices: [], logPath: `${name}/${attempt}.log`, stdin: false, stdinOnce: false, tty: false,
    resources: { ...plainLimits, oomScoreAdjustment: 1000 }, security: plainSecurity, specHash: '', targetContainerId: '',
    terminationMessagePath: '', terminationMessageFromLogs: false,
  }
}
