import type { Container, Pod } from '../resources/generated/types.ts'
import type { Instant } from '../words/instant.ts'
import { parseTime } from '../words/instant.ts'
import type { ContainerMemory, Operation, PodMemory, ProbeVerdicts } from './pod-memory.ts'
import { containerMemory } from './pod-memory.ts'
import type { ContainerRole } from './pod-plan.ts'
import type { ContainerObservation, PodObservation, SandboxObservation } from './runtime.ts'

/** One container of the spec, and all that is known of it. */
export interface ContainerView {
  readonly spec: Container
  readonly name: string
  readonly role: ContainerRole
  readonly latest: ContainerObservation | undefined
  /** The one before the latest. */
  readonly previous: ContainerObservation | undefined
  /** The latest belongs to the sandbox that is used now. */
  readonly current: boolean
  readonly running: boolean
  /** Running, its postStart hook done, its startup probe passed. */
  readonly started: boolean
  readonly probes: ProbeVerdicts
  readonly memory: ContainerMemory
  readonly operation: Operation | undefined
}

export interface PodView {
  readonly pod: Pod
  readonly uid: string
  readonly actual: PodObservation | undefined
  readonly memory: PodMemory
  readonly now: Instant
  /** The newest sandbox if it is ready. */
  readonly sandbox: SandboxObservation | undefined
  /** In the order of the spec: init containers and sidecars, regular ones, ephemeral ones. */
  readonly containers: readonly ContainerView[]
  readonly restartPolicy: string
}

const NO_VERDICTS: ProbeVerdicts = { startup: undefined, liveness: undefined, readiness: undefined }

/** Puts together what the spec wants, what the runtime shows and what is remembered, container by container. */
export function viewPod(pod: Pod, actual: PodObservation | undefined, memory: PodMemory, now: Instant): PodView {
  const newest = actual?.sandboxes[0]
  const sandbox = newest?.state === 'ready' ? newest : undefined
  const view = (spec: Container, role: ContainerRole): ContainerView => viewContainer(spec, role, actual, sandbox, memory)
  const containers = [
    ...(pod.spec?.initContainers ?? []).map((spec) => view(spec, spec.restartPolicy === 'Always' ? 'sidecar' : 'init')),
    ...(pod.spec?.containers ?? []).map((spec) => view(spec, 'regular')),
    ...(pod.spec?.ephemeralContainers ?? []).map((spec) => view(spec, 'ephemeral')),
  ]
  return {
    pod, uid: pod.metadata.uid ?? '', actual, memory, now, sandbox, containers,
    restartPolicy: pod.spec?.restartPolicy ?? 'Always',
  }
}

function viewContainer(
  spec: Container, role: ContainerRole, actual: PodObservation | undefined, sandbox: SandboxObservation | undefined, memory: PodMemory,
): ContainerView {
  let latest: ContainerObservation | undefined
  let previous: ContainerObservation | undefined
  for (const seen of actual?.containers ?? []) {
    if (seen.name !== spec.name) continue
    if (latest === undefined || isNewer(seen, latest)) [latest, previous] = [seen, latest]
    else if (previous === undefined || isNewer(seen, previous)) previous = seen
  }
  const probes = (latest && memory.probes[latest.id]) ?? NO_VERDICTS
  const operation = memory.operations[`container/${spec.name}`]
  const running = latest?.state === 'running'
  const hookPending = spec.lifecycle?.postStart !== undefined && operation?.action.type === 'start-container'
  const started = running && !hookPending && (spec.startupProbe === undefined || probes.startup === true)
  const current = latest !== undefined && latest.sandboxId === sandbox?.id
  const { name } = spec
  return { spec, name, role, latest, previous, current, running, started, probes, memory: containerMemory(memory, name), operation }
}

function isNewer(a: ContainerObservation, b: ContainerObservation): boolean {
  return a.attempt === b.attempt ? a.createdAt > b.createdAt : a.attempt > b.attempt
}

/** When the node took the pod on, as its status says. */
export function startTimeOf(view: PodView): Instant {
  const text = view.memory.status?.startTime ?? view.pod.status?.startTime
  return (text === undefined ? undefined : parseTime(text)) ?? view.memory.firstSeenAt
}

/** web_default(0d4c...): how logs and messages name a pod. */
/** How long its containers have to end when nobody says otherwise. */
export function graceSecondsOf(pod: Pod): number {
  return Number(pod.spec?.terminationGracePeriodSeconds ?? 30)
}

export function podTitle(pod: Pod): string {
  return `${pod.metadata.name ?? ''}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid ?? ''})`
}
