import type { ContainerState, ContainerStateTerminated, ContainerStatus, VolumeMountStatus } from '../resources/generated/types.ts'
import { formatTime } from '../words/instant.ts'
import { holdOf } from './hold.ts'
import { knownStatus, shouldStart } from './restart.ts'
import type { ContainerObservation } from './runtime.ts'
import type { ContainerView, PodView } from './pod-view.ts'

const LOST_MESSAGE = 'The container could not be located when the pod was terminated'

/** isEnding: the pod is deleted or has ended, so nothing that stands still will start. */
export function containerStatus(view: PodView, container: ContainerView, isEnding: boolean): ContainerStatus {
  const { state, lastState } = states(view, container, isEnding)
  const { spec, latest, started, role, probes } = container
  const known = knownStatus(view, container)
  const isReady = role === 'init'
    ? state.terminated?.exitCode === 0
    : state.running !== undefined && started && (spec.readinessProbe === undefined || probes.readiness === true)
  const mounts = volumeMounts(container)
  const containerId = latest === undefined ? known?.containerID : `containerd://${latest.id}`
  return {
    ...(containerId === undefined || containerId === '' ? {} : { containerID: containerId }),
    image: latest?.image ?? known?.image ?? spec.image ?? '',
    imageID: latest?.imageId ?? known?.imageID ?? '',
    lastState,
    name: spec.name,
    ready: role === 'ephemeral' ? false : isReady,
    restartCount: latest?.attempt ?? known?.restartCount ?? 0,
    ...(role === 'ephemeral' ? {} : { started: state.running !== undefined && started }),
    state,
    ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
  }
}

interface States {
  readonly state: ContainerState
  readonly lastState: ContainerState
}

function states(view: PodView, container: ContainerView, isEnding: boolean): States {
  const { latest, previous, operation } = container
  if (latest === undefined) return lostStates(view, container, isEnding)
  const before: ContainerState = previous?.state === 'exited' ? { terminated: terminated(previous) } : keptLastState(view, container)
  const isStarting = operation?.action.type === 'start-container'
  const hookPending = isStarting && container.spec.lifecycle?.postStart !== undefined
  if (latest.state === 'running' && !hookPending) {
    return { state: { running: { startedAt: formatTime(latest.startedAt ?? latest.createdAt) } }, lastState: before }
  }
  const waiting = isEnding ? undefined : waitingState(view, container)
  if (latest.state === 'exited' || latest.state === 'unknown') {
    if (waiting !== undefined) return { state: { waiting }, lastState: { terminated: terminated(latest) } }
    return { state: { terminated: terminated(latest) }, lastState: before }
  }
  return { state: { waiting: waiting ?? defaultWaiting(view) }, lastState: before }
}

/** A container of which the runtime knows nothing: not made yet, or lost. */
function lostStates(view: PodView, container: ContainerView, isEnding: boolean): States {
  const known = knownStatus(view, container)
  const waiting = (isEnding ? undefined : waitingState(view, container)) ?? known?.state?.waiting ?? defaultWaiting(view)
  const end = known?.state?.terminated ?? (known?.state?.running === undefined ? undefined : lostContainer(known))
  if (end === undefined) return { state: { waiting }, lastState: known?.lastState ?? {} }
  if (isEnding || !shouldStart(view, container)) return { state: { terminated: end }, lastState: known?.lastState ?? {} }
  return { state: { waiting: waitingState(view, container) ?? defaultWaiting(view) }, lastState: { terminated: end } }
}

function lostContainer(known: ContainerStatus): ContainerStateTerminated {
  return {
    exitCode: 137, reason: 'ContainerStatusUnknown', message: LOST_MESSAGE,
    ...(known.containerID === undefined ? {} : { containerID: known.containerID }),
    ...(known.state?.running?.startedAt === undefined ? {} : { startedAt: known.state.running.startedAt }),
  }
}

function keptLastState(view: PodView, container: ContainerView): ContainerState {
  const known = knownStatus(view, container)
  const isSame = known?.containerID === `containerd://${container.latest?.id ?? ''}`
  if (isSame && known?.state?.waiting === undefined) return known?.lastState ?? {}
  // What ran before is gone already: its end was the state, or the last state while this one waited.
  if (known?.restartCount !== undefined && known.restartCount < (container.latest?.attempt ?? 0)) {
    const end = known.state?.terminated ?? known.lastState?.terminated
    return end === undefined ? {} : { terminated: end }
  }
  return isSame && known?.lastState?.terminated?.containerID !== known?.containerID ? (known?.lastState ?? {}) : {}
}

/** What it waits for after a failure; undefined where nothing failed. An attempt under way changes nothing until it has ended. */
function waitingState(view: PodView, container: ContainerView): { reason: string; message: string } | undefined {
  if (!shouldStart(view, container)) return undefined
  const hold = container.operation === undefined ? holdOf(view, container) : undefined
  if (hold !== undefined) return { reason: hold.reason, message: hold.message }
  const shown = view.memory.status === undefined ? undefined : knownStatus(view, container)?.state?.waiting
  return shown?.reason === undefined || shown.message === undefined ? undefined : { reason: shown.reason, message: shown.message }
}

function defaultWaiting(view: PodView): { reason: string } {
  return { reason: (view.pod.spec?.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating' }
}

function terminated(container: ContainerObservation): ContainerStateTerminated {
  if (container.state === 'unknown') {
    return { exitCode: 137, reason: 'ContainerStatusUnknown', message: LOST_MESSAGE, containerID: `containerd://${container.id}` }
  }
  return {
    containerID: `containerd://${container.id}`,
    exitCode: container.exitCode,
    finishedAt: formatTime(container.finishedAt ?? container.createdAt),
    ...(container.message === '' ? {} : { message: container.message }),
    reason: container.reason === '' ? (container.exitCode === 0 ? 'Completed' : 'Error') : container.reason,
    startedAt: formatTime(container.startedAt ?? container.createdAt),
  }
}

function volumeMounts({ spec, latest }: ContainerView): VolumeMountStatus[] {
  if (latest === undefined) return []
  return (spec.volumeMounts ?? []).map(({ name, mountPath, readOnly }) => ({
    mountPath, name, ...(readOnly === true ? { readOnly: true, recursiveReadOnly: 'Disabled' } : {}),
  }))
}
