import type { Pod, PodStatus } from '../resources/generated/types.ts'
import type { Instant } from '../words/instant.ts'
import type { BackOff } from './back-off.ts'
import { nextBackOff } from './back-off.ts'
import type { PodAction } from './pod-plan.ts'
import { operationOf } from './pod-plan.ts'
import type { PodObservation } from './runtime.ts'

/** Why something could not be done, until it is tried again. */
export interface Failure {
  readonly reason: string
  readonly message: string
  readonly at: Instant
  readonly attempts: number
}

export interface ContainerMemory {
  readonly crash: BackOff | undefined
  readonly pull: BackOff | undefined
  readonly failure: Failure | undefined
  /** The container whose preStop hook has run: it is not run twice. */
  readonly preStopped: string | undefined
}

export interface Operation {
  readonly action: PodAction
  readonly startedAt: Instant
}

/** What probes found of one running container; undefined: no verdict yet. */
export interface ProbeVerdicts {
  readonly startup: boolean | undefined
  readonly liveness: boolean | undefined
  readonly readiness: boolean | undefined
}

export interface VolumesMemory {
  readonly state: 'absent' | 'ready' | 'removed'
  readonly failure: Failure | undefined
  readonly refreshWanted: boolean
  /** When a token must be renewed. */
  readonly refreshAt: Instant | undefined
}

/** What the node knows of a pod beside the pod and the runtime's facts. Never changed in place; lost when the agent restarts. */
export interface PodMemory {
  readonly firstSeenAt: Instant
  readonly operations: Readonly<Record<string, Operation>>
  readonly volumes: VolumesMemory
  readonly sandboxFailure: Failure | undefined
  readonly containers: Readonly<Record<string, ContainerMemory>>
  /** By container id. */
  readonly probes: Readonly<Record<string, ProbeVerdicts>>
  /** The last status that was computed. */
  readonly status: PodStatus | undefined
  /** When the first container was told to stop because the pod ends. */
  readonly stoppingSince: Instant | undefined
  readonly filesRemoved: boolean
  readonly objectDeleted: boolean
  /** Keys of events that were told; the oldest are forgotten. */
  readonly announced: readonly string[]
}

export type Outcome =
  | { readonly ok: true; readonly refreshAt?: Instant }
  | { readonly ok: false; readonly reason: string; readonly message: string }

const NO_CONTAINER: ContainerMemory = { crash: undefined, pull: undefined, failure: undefined, preStopped: undefined }
const MAX_ANNOUNCED = 64

export function newMemory(now: Instant): PodMemory {
  return {
    firstSeenAt: now,
    operations: {},
    volumes: { state: 'absent', failure: undefined, refreshWanted: false, refreshAt: undefined },
    sandboxFailure: undefined,
    containers: {},
    probes: {},
    status: undefined,
    stoppingSince: undefined,
    filesRemoved: false,
    objectDeleted: false,
    announced: [],
  }
}

export function containerMemory(memory: PodMemory, name: string): ContainerMemory {
  return memory.containers[name] ?? NO_CONTAINER
}

/** An action is under way. A restart after an exit makes the next one wait longer. */
export function began(memory: PodMemory, action: PodAction, now: Instant): PodMemory {
  const next: PodMemory = { ...memory, operations: { ...memory.operations, [operationOf(action)]: { action, startedAt: now } } }
  if (action.type === 'start-container' && action.previousFinishedAt !== undefined) {
    const crash = nextBackOff(containerMemory(memory, action.name).crash, action.previousFinishedAt, now)
    return withContainer(next, action.name, { crash })
  }
  if (action.type === 'stop-container') {
    const stopping = action.because === 'pod-ends' ? { ...next, stoppingSince: next.stoppingSince ?? now } : next
    return action.preStop ? withContainer(stopping, action.name, { preStopped: action.containerId }) : stopping
  }
  if (action.type === 'refresh-volumes') return { ...next, volumes: { ...next.volumes, refreshWanted: false } }
  return next
}

/** An action ended. What was cancelled leaves no failure behind (outcome undefined). */
export function finished(memory: PodMemory, action: PodAction, outcome: Outcome | undefined, now: Instant): PodMemory {
  const { [operationOf(action)]: _, ...operations } = memory.operations
  const next: PodMemory = { ...memory, operations }
  if (outcome === undefined) return next
  return outcome.ok ? succeeded(next, action, outcome.refreshAt) : failed(next, action, outcome, now)
}

function succeeded(memory: PodMemory, action: PodAction, refreshAt: Instant | undefined): PodMemory {
  switch (action.type) {
    case 'set-up-volumes':
    case 'refresh-volumes':
      return { ...memory, volumes: { ...memory.volumes, state: 'ready', failure: undefined, refreshAt } }
    case 'tear-down-volumes':
      return { ...memory, volumes: { state: 'removed', failure: undefined, refreshWanted: false, refreshAt: undefined } }
    case 'create-sandbox':
      return { ...memory, sandboxFailure: undefined }
    case 'start-container':
      return withContainer(memory, action.name, { failure: undefined, pull: undefined })
    case 'remove-pod-files':
      return { ...memory, filesRemoved: true }
    case 'delete-pod-object':
      return { ...memory, objectDeleted: true }
    default:
      return memory
  }
}

function failed(memory: PodMemory, action: PodAction, outcome: Outcome & { ok: false }, now: Instant): PodMemory {
  const failureAfter = (before: Failure | undefined): Failure => ({
    reason: outcome.reason, message: outcome.message, at: now, attempts: (before?.attempts ?? 0) + 1,
  })
  switch (action.type) {
    case 'set-up-volumes':
    case 'refresh-volumes':
    case 'tear-down-volumes':
      return { ...memory, volumes: { ...memory.volumes, failure: failureAfter(memory.volumes.failure) } }
    case 'create-sandbox':
    case 'stop-sandbox':
    case 'remove-sandbox':
    case 'remove-pod-files':
    case 'delete-pod-object':
    case 'remove-container':
      return { ...memory, sandboxFailure: failureAfter(memory.sandboxFailure) }
    case 'start-container': {
      const before = containerMemory(memory, action.name)
      const pull = outcome.reason === 'ErrImagePull' ? nextBackOff(before.pull, now, now) : before.pull
      return withContainer(memory, action.name, { pull, failure: failureAfter(before.failure) })
    }
    case 'stop-container':
      return withContainer(memory, action.name, { failure: failureAfter(containerMemory(memory, action.name).failure) })
  }
}

function withContainer(memory: PodMemory, name: string, change: Partial<ContainerMemory>): PodMemory {
  return { ...memory, containers: { ...memory.containers, [name]: { ...containerMemory(memory, name), ...change } } }
}

/** An object that the pod refers to came or changed: what failed for want of it is tried at once. */
export function referenceChanged(memory: PodMemory): PodMemory {
  const containers: Record<string, ContainerMemory> = {}
  for (const [name, container] of Object.entries(memory.containers)) {
    containers[name] = container.failure?.reason === 'CreateContainerConfigError' ? { ...container, failure: undefined } : container
  }
  return { ...memory, containers, volumes: { ...memory.volumes, failure: undefined, refreshWanted: memory.volumes.state === 'ready' } }
}

/** Notes what was told in an event, so that it is told once. The oldest notes go first. */
export function announce(memory: PodMemory, keys: readonly string[]): PodMemory {
  if (keys.length === 0) return memory
  return { ...memory, announced: [...memory.announced, ...keys].slice(-MAX_ANNOUNCED) }
}

/** After a restart of the agent: what the API says of a container that runs still holds until its probes say otherwise. */
export function adoptVerdicts(memory: PodMemory, pod: Pod, actual: PodObservation | undefined): PodMemory {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
  const probes: Record<string, ProbeVerdicts> = {}
  for (const { id, state } of actual?.containers ?? []) {
    const status = statuses.find(({ containerID }) => containerID === `containerd://${id}`)
    if (state !== 'running' || status === undefined) continue
    probes[id] = { startup: status.started === true ? true : undefined, liveness: undefined, readiness: status.ready ? true : undefined }
  }
  return { ...memory, probes }
}

/** Forgets the probes of containers that are gone. */
export function withProbes(memory: PodMemory, containerId: string, verdicts: ProbeVerdicts, known: ReadonlySet<string>): PodMemory {
  const kept = Object.fromEntries(Object.entries(memory.probes).filter(([id]) => known.has(id)))
  return { ...memory, probes: { ...kept, [containerId]: verdicts } }
}
