import assert from 'node:assert/strict'
import { freezeJson } from '../objects/json.ts'
import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from '../resources/generated/types.ts'
import { planPod } from './plan-pod.ts'
import type { Outcome, PodMemory, ProbeVerdicts } from './pod-memory.ts'
import { adoptVerdicts, announce, began, finished, newMemory } from './pod-memory.ts'
import type { PodAction } from './pod-plan.ts'
import type { ContainerObservation, PodObservation, SandboxObservation } from './runtime.ts'
import { specHash } from './spec-hash.ts'

const START = Date.UTC(2026, 0, 1)

export function pod(spec: Partial<PodSpec> & { containers: Container[] }, metadata: Partial<Pod['metadata']> = {}): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default', uid: 'u1', ...metadata }, spec }
}

/**
 * Plays a pod's life: plans until nothing is left to do, lets each action succeed (or fail as told), and writes down what was done and what
 * the status became. Time moves only by wait. The runtime is a list of containers; nothing here runs concurrently.
 */
export class PodStory {
  readonly lines: string[] = []
  pod: Pod
  #memory: PodMemory
  #now = START
  #sandboxes: SandboxObservation[] = []
  #containers: ContainerObservation[] = []
  #made = 0
  #lastStatus = ''
  status: PodStatus = {}
  why = ''
  /** Actions of these names do not end by themselves; end lets them. */
  readonly slow = new Set<string>()
  readonly failing = new Map<string, { reason: string; message: string }>()

  constructor(aPod: Pod) {
    this.pod = freezeJson(aPod)
    this.#memory = newMemory(START)
  }

  /** Plans and acts until a plan has nothing to do. */
  settle(): this {
    for (let round = 0; round < 50; round++) {
      const plan = planPod(this.pod, this.#observation(), this.#memory, this.#now, { addresses: ['192.168.0.1'] })
      this.status = plan.status
      this.why = plan.why
      this.#memory = { ...announce(this.#memory, plan.events.map(({ key }) => key)), status: plan.status }
      for (const event of plan.events) this.#write(`event ${event.reason}: ${event.message}`)
      this.#tellStatus()
      for (const operation of plan.cancel) this.#cancel(operation)
      for (const action of plan.actions) this.#act(action)
      if (plan.actions.length === 0 && plan.cancel.length === 0) return this
    }
    assert.fail(`the pod does not come to rest:\n${this.lines.slice(-20).join('\n')}`)
  }

  wait(seconds: number): this {
    this.#now += seconds * 1000
    return this.settle()
  }

  exits(name: string, exitCode: number): this {
    this.#change(name, (one) => ({
      ...one,
      state: 'exited',
      finishedAt: this.#now,
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
    }))
    this.#write(`${name} exits with ${exitCode}`)
    return this.settle()
  }

  probes(name: string, verdicts: Partial<ProbeVerdicts>): this {
    const id = this.#latest(name).id
    const before = this.#memory.probes[id] ?? { startup: undefined, liveness: undefined, readiness: undefined }
    this.#memory = { ...this.#memory, probes: { ...this.#memory.probes, [id]: { ...before, ...verdicts } } }
    this.#write(`probes of ${name}: ${Object.entries(verdicts).map(([type, ok]) => `${type} ${ok ? 'passes' : 'fails'}`).join(', ')}`)
    return this.settle()
  }

  /** A slow action ends. */
  end(operation: string): this {
    const running = this.#memory.operations[operation]
    assert.ok(running !== undefined, `${operation} is not under way`)
    this.#complete(running.action)
    return this.settle()
  }

  /** The node agent is started anew: it knows what the API and the runtime know. */
  agentRestarts(): this {
    this.pod = { ...this.pod, status: this.status }
    this.#memory = adoptVerdicts(newMemory(this.#now), this.pod, this.#observation())
    this.#write('the agent restarts')
    return this.settle()
  }

  sandboxDies(): this {
    this.#sandboxes = this.#sandboxes.map((one) => ({ ...one, state: 'not-ready', addresses: [] }))
    for (const { name, state } of this.#containers) {
      if (state === 'running') {
        this.#change(name, (one) => ({ ...one, state: 'exited', finishedAt: this.#now, exitCode: 137, reason: 'Error' }))
      }
    }
    this.#write('the sandbox dies')
    return this.settle()
  }

  isDeleted(graceSeconds: number): this {
    this.pod = {
      ...this.pod,
      metadata: { ...this.pod.metadata, deletionTimestamp: '2026-01-01T01:00:00Z', deletionGracePeriodSeconds: graceSeconds },
    }
    this.#write(`deleted with ${graceSeconds}s`)
    return this.settle()
  }

  changes(change: (before: Pod) => Pod): this {
    this.pod = change(this.pod)
    return this.settle()
  }

  expect(text: string): void {
    const wanted = text.split('\n').map((line) => line.trim()).filter((line) => line !== '')
    assert.deepEqual(this.lines, wanted)
    this.lines.length = 0
  }

  #observation(): PodObservation | undefined {
    if (this.#sandboxes.length === 0 && this.#containers.length === 0) return undefined
    return freezeJson({ uid: 'u1', namespace: 'default', name: 'web', sandboxes: [...this.#sandboxes], containers: [...this.#containers] })
  }

  #act(action: PodAction): void {
    this.#memory = began(this.#memory, action, this.#now)
    const title = titleOf(action)
    this.#write(title)
    const [verb = '', subject = ''] = title.split(/[ #]/)
    if (![title, verb, `${verb} ${subject}`].some((name) => this.slow.has(name))) this.#complete(action)
  }

  #complete(action: PodAction): void {
    const title = titleOf(action).split('#')[0] ?? ''
    const failure = this.failing.get(title)
    const outcome: Outcome = failure === undefined ? { ok: true } : { ok: false, ...failure }
    if (failure !== undefined) this.#write(`${title} fails: ${failure.reason}`)
    else this.#apply(action)
    this.#memory = finished(this.#memory, action, outcome, this.#now)
  }

  #cancel(operation: string): void {
    const running = this.#memory.operations[operation]
    assert.ok(running !== undefined, `${operation} is not under way`)
    this.#write(`cancel ${operation}`)
    this.#memory = finished(this.#memory, running.action, undefined, this.#now)
  }

  #apply(action: PodAction): void {
    switch (action.type) {
      case 'create-sandbox':
        this.#sandboxes.unshift({
          id: `s${action.attempt}`,
          attempt: action.attempt,
          state: 'ready',
          createdAt: this.#now,
          addresses: [`10.0.0.${action.attempt + 1}`],
        })
        break
      case 'start-container':
        this.#containers.push(this.#container(action))
        break
      case 'stop-container':
        this.#change(action.name, (one) => ({ ...one, state: 'exited', finishedAt: this.#now, exitCode: 143, reason: 'Error' }))
        break
      case 'remove-container':
        this.#containers = this.#containers.filter(({ id }) => id !== action.containerId)
        break
      case 'stop-sandbox':
        this.#sandboxes = this.#sandboxes.map((one) => (one.id === action.sandboxId ? { ...one, state: 'not-ready', addresses: [] } : one))
        break
      case 'remove-sandbox':
        this.#sandboxes = this.#sandboxes.filter(({ id }) => id !== action.sandboxId)
        this.#containers = this.#containers.filter(({ sandboxId }) => sandboxId !== action.sandboxId)
        break
      default:
    }
  }

  #container(action: PodAction & { type: 'start-container' }): ContainerObservation {
    const { initContainers = [], containers = [], ephemeralContainers = [] } = this.pod.spec ?? {}
    const spec = [...initContainers, ...containers, ...ephemeralContainers].find(({ name }) => name === action.name)
    assert.ok(spec !== undefined)
    return {
      id: `c${++this.#made}`, name: action.name, attempt: action.attempt, sandboxId: action.sandboxId, state: 'running',
      createdAt: this.#now, startedAt: this.#now, finishedAt: undefined, exitCode: 0, reason: '', message: '',
      image: spec.image ?? '', imageId: `${spec.image ?? ''}@sha256:1`, specHash: specHash(spec),
    }
  }

  #latest(name: string): ContainerObservation {
    const found = this.#containers.findLast((one) => one.name === name)
    assert.ok(found !== undefined, `no container ${name}`)
    return found
  }

  #change(name: string, change: (one: ContainerObservation) => ContainerObservation): void {
    const latest = this.#latest(name)
    this.#containers = this.#containers.map((one) => (one.id === latest.id ? change(one) : one))
  }

  #tellStatus(): void {
    const { phase, reason, initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = this.status
    const containers = [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].map(statusText)
    const text = `= ${phase ?? ''}${reason === undefined ? '' : ` (${reason})`} ${containers.join(' ')}`
    if (text !== this.#lastStatus) this.#write(text)
    this.#lastStatus = text
  }

  #write(line: string): void {
    this.lines.push(`${(this.#now - START) / 1000}s ${line}`)
  }
}

function statusText({ name, state, ready, restartCount, started }: ContainerStatus): string {
  const what = state?.running !== undefined
    ? `running${ready ? '+ready' : started === true ? '' : '-unstarted'}`
    : state?.terminated !== undefined ? `ended(${state.terminated.exitCode})` : (state?.waiting?.reason ?? '?')
  return `${name}:${what}${restartCount > 0 ? `x${restartCount}` : ''}`
}

function titleOf(action: PodAction): string {
  switch (action.type) {
    case 'create-sandbox': return `create-sandbox#${action.attempt}`
    case 'start-container': return `start ${action.name}#${action.attempt}`
    case 'stop-container': return `stop ${action.name} ${action.graceSeconds}s${action.preStop ? ' after its hook' : ''}: ${action.message}`
    case 'remove-container': return `remove ${action.name} ${action.containerId}`
    case 'stop-sandbox': case 'remove-sandbox': return `${action.type} ${action.sandboxId}`
    default: return action.type
  }
}
