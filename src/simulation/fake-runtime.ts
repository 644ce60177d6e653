import type {
  ContainerConfig,
  ContainerObservation,
  ExecOutcome,
  ImageObservation,
  NodeRuntime,
  PodObservation,
  RuntimeAction,
  RuntimeInfo,
  RuntimeResult,
  SandboxConfig,
  SandboxObservation,
} from '../node/runtime.ts'
import { RuntimeFailure } from '../node/runtime.ts'
import type { Instant } from '../words/instant.ts'
import type { Clock } from '../words/ports.ts'
import { sleep } from '../words/ports.ts'

/** An image that can be pulled (or is there already). */
export interface FakeImage {
  readonly present?: boolean
  readonly sizeBytes?: number
  readonly user?: number | string
  readonly pullMs?: number
  /** So many pulls fail, with this message. */
  readonly failures?: number
  readonly failure?: string
}

/** How a container behaves: data, so that a whole run is told by it. */
export interface FakeBehaviour {
  readonly startMs?: number
  /** The start itself fails. */
  readonly startFailure?: { readonly reason: string; readonly message: string }
  /** Ends by itself so long after its start. Absent: runs until it is stopped. */
  readonly endsAfterMs?: number
  readonly exitCode?: number
  readonly reason?: string
  readonly message?: string
  /** From SIGTERM to its end. Absent: it ends at once with 0; Infinity: it must be killed. */
  readonly stopMs?: number
  readonly exec?: (command: readonly string[]) => ExecOutcome | { readonly afterMs: number; readonly outcome: ExecOutcome }
}

export interface FakeContainerName {
  readonly podUid: string
  readonly podName: string
  readonly container: string
  readonly attempt: number
}

export interface FakePodName {
  readonly uid: string
  readonly namespace: string
  readonly name: string
}

/** before: nothing happens and the call fails; after: it happens, but the answer is lost. */
export type FakeFault = 'before' | 'after' | undefined

export interface FakeRuntimeOptions {
  readonly clock: Clock
  readonly images: Readonly<Record<string, FakeImage>>
  readonly behaviour: (name: FakeContainerName) => FakeBehaviour
  readonly sandboxMs?: number
  /** Of the pods' addresses: 10.244.1. */
  readonly addressPrefix?: string
  readonly fault?: (action: RuntimeAction) => FakeFault
  /** Told of every line of the transcript. */
  readonly onLine?: (line: string) => void
}

interface Sandbox {
  readonly config: SandboxConfig
  observed: SandboxObservation
}

interface Container {
  readonly config: ContainerConfig
  readonly behaviour: FakeBehaviour
  observed: ContainerObservation
  cancelEnd: () => void
  readonly whenEnded: (() => void)[]
}

/**
 * A container runtime made of data and a clock. Like a real one it outlives its agents: a new agent with the same runtime finds what the
 * old one started. The transcript tells what was done, in order.
 */
export class FakeRuntime implements NodeRuntime {
  readonly transcript: string[] = []
  readonly #options: FakeRuntimeOptions
  readonly #sandboxes = new Map<string, Sandbox>()
  readonly #containers = new Map<string, Container>()
  readonly #present = new Set<string>()
  readonly #pulls = new Map<string, number>()
  readonly #listeners = new Set<(podUid: string) => void>()
  #created = 0
  #isDown = false

  constructor(options: FakeRuntimeOptions) {
    this.#options = options
    for (const [name, image] of Object.entries(options.images)) if (image.present === true) this.#present.add(name)
  }

  /** While it is down every call fails; containers go on, and their ends are known when it is up again. */
  setDown(isDown: boolean): void {
    const wasDown = this.#isDown
    this.#isDown = isDown
    if (wasDown && !isDown) this.#tell('')
  }

  /** All containers that run now, for checkers. */
  running(): readonly FakeContainerName[] {
    return [...this.#containers.values()].filter(({ observed }) => observed.state === 'running').map(({ config }) => nameOf(config))
  }

  /** The pod whose container this is. */
  ownerOf(containerOrSandboxId: string): FakePodName | undefined {
    const config = this.#containers.get(containerOrSandboxId)?.config.sandbox ?? this.#sandboxes.get(containerOrSandboxId)?.config
    return config === undefined ? undefined : { uid: config.podUid, namespace: config.namespace, name: config.name }
  }

  /** The running containers of a sandbox, or the running container of that id. */
  runningIn(containerOrSandboxId: string): readonly FakeContainerName[] {
    return [...this.#containers.values()]
      .filter(
        ({ config, observed }) =>
          observed.state === 'running' && (observed.id === containerOrSandboxId || config.sandboxId === containerOrSandboxId),
      )
      .map(({ config }) => nameOf(config))
  }

  /** Pods of which anything is here: a sandbox or a container, in whatever state. */
  podsHere(): readonly FakePodName[] {
    return [...this.#sandboxes.values()].map(({ config }) => ({ uid: config.podUid, namespace: config.namespace, name: config.name }))
  }

  /** Ends a container as if its process had died. */
  crash(podName: string, container: string, exitCode: number): boolean {
    const found = [...this.#containers.values()].find(({ config, observed }) =>
      config.sandbox.name === podName && config.name === container && observed.state === 'running')
    if (found !== undefined) this.#end(found, exitCode, exitCode === 0 ? 'Completed' : 'Error', '')
    return found !== undefined
  }

  /** The sandbox of a pod dies with all that runs in it, as at a reboot. */
  crashSandbox(podName: string): void {
    for (const sandbox of this.#sandboxes.values()) {
      if (sandbox.config.name === podName && sandbox.observed.state === 'ready') this.#killSandbox(sandbox)
    }
  }

  async observeAll(signal: AbortSignal): Promise<readonly PodObservation[]> {
    await this.#reach(signal)
    const uids = new Set([...this.#sandboxes.values()].map(({ config }) => config.podUid))
    return [...uids].flatMap((uid) => this.#observe(uid) ?? [])
  }

  async observe(podUid: string, signal: AbortSignal): Promise<PodObservation | undefined> {
    await this.#reach(signal)
    return this.#observe(podUid)
  }

  async perform(action: RuntimeAction, signal: AbortSignal): Promise<RuntimeResult> {
    await this.#reach(signal)
    const fault = this.#options.fault?.(action)
    if (fault === 'before') throw new RuntimeFailure('RuntimeUnavailable', 'the runtime failed before it did anything')
    const result = await this.#perform(action, signal)
    if (fault === 'after') throw new RuntimeFailure('RuntimeUnavailable', 'the answer of the runtime was lost')
    return result
  }

  async exec(containerId: string, command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<ExecOutcome> {
    await this.#reach(signal)
    const container = this.#containers.get(containerId)
    if (container?.observed.state !== 'running') return { outcome: 'failed', message: `container ${containerId} is not running` }
    this.#say(`exec ${titleOf(container.config)} ${command.join(' ')}`)
    const answer = container.behaviour.exec?.(command) ?? { outcome: 'exited' as const, exitCode: 0, output: '' }
    if (!('afterMs' in answer)) return answer
    await sleep(this.#options.clock, Math.min(answer.afterMs, timeoutMs), signal)
    return answer.afterMs > timeoutMs ? { outcome: 'timed-out' } : answer.outcome
  }

  events(listener: (podUid: string) => void, signal: AbortSignal): void {
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true })
  }

  async info(signal: AbortSignal): Promise<RuntimeInfo> {
    await this.#reach(signal)
    return { name: 'fake', version: '1.0.0', runtimeProblem: undefined, networkProblem: undefined }
  }

  async findImage(image: string, signal: AbortSignal): Promise<ImageObservation | undefined> {
    await this.#reach(signal)
    return this.#present.has(image) ? this.#image(image) : undefined
  }

  async listImages(signal: AbortSignal): Promise<readonly ImageObservation[]> {
    await this.#reach(signal)
    return [...this.#present].map((name) => this.#image(name))
  }

  #image(name: string): ImageObservation {
    const image = this.#options.images[name]
    return { id: `sha256:${name}`, names: [name], sizeBytes: image?.sizeBytes ?? 1000, user: image?.user }
  }

  /** A call needs a moment, so that what happens meanwhile happens in tests too. */
  async #reach(signal: AbortSignal): Promise<void> {
    await Promise.resolve()
    signal.throwIfAborted()
    if (this.#isDown) throw new RuntimeFailure('RuntimeUnavailable', 'the container runtime does not answer')
  }

  async #perform(action: RuntimeAction, signal: AbortSignal): Promise<RuntimeResult> {
    switch (action.type) {
      case 'pull-image':
        return this.#pull(action.image, signal)
      case 'create-sandbox':
        return this.#createSandbox(action.sandbox, signal)
      case 'start-container':
        return this.#start(action.container, signal)
      case 'stop-container':
        await this.#stop(action.containerId, action.graceSeconds, signal)
        return { type: 'done' }
      case 'remove-container':
        this.#removeContainer(action.containerId)
        return { type: 'done' }
      case 'stop-sandbox': {
        const sandbox = this.#sandboxes.get(action.sandboxId)
        if (sandbox !== undefined) this.#killSandbox(sandbox)
        return { type: 'done' }
      }
      case 'remove-sandbox':
        this.#removeSandbox(action.sandboxId)
        return { type: 'done' }
    }
  }

  async #pull(name: string, signal: AbortSignal): Promise<RuntimeResult> {
    const image = this.#options.images[name]
    this.#say(`pull ${name}`)
    await this.#take(image?.pullMs ?? 0, signal)
    const pulls = (this.#pulls.get(name) ?? 0) + 1
    this.#pulls.set(name, pulls)
    if (image === undefined) throw new RuntimeFailure('ErrImagePull', `${name}: not found`)
    if (pulls <= (image.failures ?? 0)) throw new RuntimeFailure('ErrImagePull', image.failure ?? 'the registry does not answer')
    const alreadyPresent = this.#present.has(name)
    this.#present.add(name)
    return { type: 'image', imageId: `sha256:${name}`, alreadyPresent }
  }

  async #createSandbox(config: SandboxConfig, signal: AbortSignal): Promise<RuntimeResult> {
    this.#say(`sandbox ${config.name}#${config.attempt}`)
    await this.#take(this.#options.sandboxMs ?? 0, signal)
    const number = ++this.#created
    const id = `sandbox-${number}`
    const addresses = config.hostNetwork ? [] : [this.#freeAddress(number)]
    const observed: SandboxObservation = { id, attempt: config.attempt, state: 'ready', createdAt: this.#options.clock.now(), addresses }
    this.#sandboxes.set(id, { config, observed })
    this.#tell(config.podUid)
    return { type: 'sandbox', sandboxId: id }
  }

  /** number as the last part as long as there are such addresses, then those that pods have left. */
  #freeAddress(number: number): string {
    const prefix = this.#options.addressPrefix ?? '10.244.0.'
    const taken = new Set([...this.#sandboxes.values()].flatMap(({ observed }) => observed.addresses))
    let last = number
    while (last > 254 || taken.has(`${prefix}${last}`)) last = last >= 254 ? 1 : last + 1
    return `${prefix}${last}`
  }

  async #start(config: ContainerConfig, signal: AbortSignal): Promise<RuntimeResult> {
    const { clock, behaviour: behaviourOf } = this.#options
    if (this.#sandboxes.get(config.sandboxId)?.observed.state !== 'ready')
      throw new RuntimeFailure('CreateContainerError', `sandbox ${config.sandboxId} is not ready`)
    if (!this.#present.has(config.image)) throw new RuntimeFailure('CreateContainerError', `image ${config.image} is not present`)
    const behaviour = behaviourOf(nameOf(config))
    const id = `container-${++this.#created}`
    const observed: ContainerObservation = {
      id, name: config.name, attempt: config.attempt, sandboxId: config.sandboxId, state: 'created', createdAt: clock.now(),
      startedAt: undefined, finishedAt: undefined, exitCode: 0, reason: '', message: '',
      image: config.image, imageId: `${config.image}@sha256:${config.image}`, specHash: config.specHash,
    }
    const container: Container = { config, behaviour, observed, cancelEnd: () => {}, whenEnded: [] }
    this.#containers.set(id, container)
    await this.#take(behaviour.startMs ?? 0, signal)
    // Its sandbox may have been removed meanwhile.
    if (!this.#containers.has(id)) throw new RuntimeFailure('RunContainerError', `container ${id} is gone`)
    if (this.#sandboxes.get(config.sandboxId)?.observed.state !== 'ready') {
      this.#end(container, 128, 'StartError', 'the sandbox has died')
      throw new RuntimeFailure('RunContainerError', `sandbox ${config.sandboxId} is not ready`)
    }
    if (behaviour.startFailure !== undefined) {
      this.#end(container, 128, 'StartError', behaviour.startFailure.message)
      throw new RuntimeFailure(behaviour.startFailure.reason, behaviour.startFailure.message)
    }
    this.#run(container)
    return { type: 'container', containerId: id }
  }

  #run(container: Container): void {
    const { config, behaviour } = container
    this.#say(`start ${titleOf(config)}`)
    container.observed = { ...container.observed, state: 'running', startedAt: this.#options.clock.now() }
    if (behaviour.endsAfterMs !== undefined) {
      const exitCode = behaviour.exitCode ?? 0
      const reason = behaviour.reason ?? (exitCode === 0 ? 'Completed' : 'Error')
      container.cancelEnd = this.#options.clock.after(behaviour.endsAfterMs, () =>
        this.#end(container, exitCode, reason, behaviour.message ?? ''),
      )
    }
    this.#tell(config.podUid)
  }

  #end(container: Container, exitCode: number, reason: string, message: string): void {
    if (container.observed.state === 'exited') return
    const now = this.#options.clock.now()
    container.cancelEnd()
    container.observed = {
      ...container.observed,
      state: 'exited',
      startedAt: container.observed.startedAt ?? now,
      finishedAt: now,
      exitCode,
      reason,
      message,
    }
    this.#say(`end ${titleOf(container.config)} ${exitCode}`)
    for (const done of container.whenEnded.splice(0)) done()
    this.#tell(container.config.podUid)
  }

  async #stop(id: string, graceSeconds: number, signal: AbortSignal): Promise<void> {
    const container = this.#containers.get(id)
    if (container === undefined || container.observed.state === 'exited') return
    this.#say(`stop ${titleOf(container.config)} within ${graceSeconds}s`)
    const stopMs = container.behaviour.stopMs ?? 0
    if (graceSeconds <= 0 && stopMs > 0) return this.#end(container, 137, 'Error', '')
    if (stopMs <= 0) return this.#end(container, 0, 'Completed', '')
    // The signal was delivered: the process ends in its own time, also when nobody waits for it any more.
    if (Number.isFinite(stopMs)) this.#options.clock.after(stopMs, () => this.#end(container, 0, 'Completed', ''))
    const ended = new Promise<void>((resolve) => container.whenEnded.push(resolve))
    const timer = new AbortController()
    await Promise.race([ended, sleep(this.#options.clock, graceSeconds * 1000, AbortSignal.any([signal, timer.signal]))])
    timer.abort()
    signal.throwIfAborted()
    this.#end(container, 137, 'Error', '')
  }

  #killSandbox(sandbox: Sandbox): void {
    if (sandbox.observed.state === 'not-ready') return
    this.#say(`stop-sandbox ${sandbox.config.name}#${sandbox.config.attempt}`)
    sandbox.observed = { ...sandbox.observed, state: 'not-ready', addresses: [] }
    for (const container of this.#containers.values()) {
      if (container.config.sandboxId === sandbox.observed.id && container.observed.state === 'running')
        this.#end(container, 137, 'Error', '')
    }
    this.#tell(sandbox.config.podUid)
  }

  #removeSandbox(id: string): void {
    const sandbox = this.#sandboxes.get(id)
    if (sandbox === undefined) return
    this.#killSandbox(sandbox)
    for (const container of this.#containers.values()) if (container.config.sandboxId === id) this.#removeContainer(container.observed.id)
    this.#sandboxes.delete(id)
    this.#say(`remove-sandbox ${sandbox.config.name}#${sandbox.config.attempt}`)
    this.#tell(sandbox.config.podUid)
  }

  #removeContainer(id: string): void {
    const container = this.#containers.get(id)
    if (container === undefined) return
    if (container.observed.state === 'running') this.#end(container, 137, 'Error', '')
    this.#containers.delete(id)
    this.#tell(container.config.podUid)
  }

  #observe(podUid: string): PodObservation | undefined {
    const sandboxes = [...this.#sandboxes.values()].filter(({ config }) => config.podUid === podUid)
    const [first] = sandboxes
    if (first === undefined) return undefined
    const containers = [...this.#containers.values()].filter(({ config }) => config.podUid === podUid).map(({ observed }) => observed)
    return {
      uid: podUid, namespace: first.config.namespace, name: first.config.name,
      sandboxes: sandboxes.map(({ observed }) => observed).sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt),
      containers,
    }
  }

  async #take(durationMs: number, signal: AbortSignal): Promise<void> {
    if (durationMs > 0) await sleep(this.#options.clock, durationMs, signal)
    signal.throwIfAborted()
  }

  #say(line: string): void {
    this.transcript.push(line)
    this.#options.onLine?.(line)
  }

  /** Never within the call that causes it: a listener must not find its caller half done. */
  #tell(podUid: string): void {
    if (this.#isDown) return
    for (const listener of this.#listeners) queueMicrotask(() => listener(podUid))
  }

  /** The moment of the first start of a container, for checkers of order. */
  startedAt(podName: string, container: string): Instant | undefined {
    const found = [...this.#containers.values()].find(({ config }) => config.sandbox.name === podName && config.name === container)
    return found?.observed.startedAt
  }
}

function nameOf(config: ContainerConfig): FakeContainerName {
  return { podUid: config.podUid, podName: config.sandbox.name, container: config.name, attempt: config.attempt }
}

function titleOf(config: ContainerConfig): string {
  return `${config.sandbox.name}/${config.name}#${config.attempt}`
}
