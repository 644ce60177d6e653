import { graceSecondsOf } from './pod-view.ts'
import { isTerminalPhase } from '../resources/kinds/pod/phase.ts'
import { PlanDraft } from './plan-draft.ts'
import { planStops } from './plan-stop.ts'
import { exitCodeOf, isFinished } from './restart.ts'
import type { PodView } from './pod-view.ts'
import { startTimeOf } from './pod-view.ts'

/** Why a pod that nobody deletes comes to its end; reason and message go to its status. */
export interface PodEnd {
  readonly cause: 'finished' | 'deadline' | 'init-failed' | 'completed'
  readonly reason: string | undefined
  readonly message: string | undefined
}

const DEADLINE_MESSAGE = 'Pod was active on the node longer than the specified deadline'

/** Why a pod runs no more, whether it ended just now or was said to have ended before; undefined while it goes on. */
export function endOf(view: PodView): PodEnd | undefined {
  const said = [view.memory.status, view.pod.status].find((status) => isTerminalPhase(status?.phase))
  if (said !== undefined) return { cause: 'finished', reason: said.reason, message: said.message }
  const deadlineSeconds = view.pod.spec?.activeDeadlineSeconds
  if (deadlineSeconds !== undefined && view.now >= startTimeOf(view) + Number(deadlineSeconds) * 1000) {
    return { cause: 'deadline', reason: 'DeadlineExceeded', message: DEADLINE_MESSAGE }
  }
  const initFailed = view.containers.some((container) =>
    container.role === 'init' && isFinished(view, container) && exitCodeOf(view, container) !== 0)
  if (initFailed) return { cause: 'init-failed', reason: undefined, message: undefined }
  const regular = view.containers.filter(({ role }) => role === 'regular')
  const isCompleted = regular.length > 0 && regular.every((container) => isFinished(view, container))
  return isCompleted ? { cause: 'completed', reason: undefined, message: undefined } : undefined
}

/** The pod has ended: what still runs is stopped, its network and volumes go, its dead containers stay for their logs. */
export function planEnded(view: PodView, draft: PlanDraft): void {
  if (draft.busy('sandbox')) return draft.abandon('sandbox')
  if (!planStops(view, draft, graceSecondsOf(view.pod))) return
  if (draft.pause(view.memory.sandboxFailure)) return
  const ready = view.actual?.sandboxes.filter(({ state }) => state === 'ready') ?? []
  for (const { id } of ready) draft.act({ type: 'stop-sandbox', sandboxId: id })
  if (ready.length > 0) return draft.wait('its sandbox is being stopped')
  if (view.memory.volumes.state !== 'removed' && !draft.pause(view.memory.volumes.failure)) draft.act({ type: 'tear-down-volumes' })
}

/** The pod is deleted: stop, remove everything, then let go of the object. */
export function planDeletion(view: PodView, draft: PlanDraft): void {
  const { memory, pod, actual } = view
  draft.abandon('sandbox')
  const volumes = memory.operations['volumes']
  if (volumes !== undefined && volumes.action.type !== 'tear-down-volumes') draft.abandon('volumes')
  const graceSeconds = Number(pod.metadata.deletionGracePeriodSeconds ?? graceSecondsOf(pod))
  const quiet = planStops(view, draft, graceSeconds)
  if (!quiet || draft.busy('sandbox')) return
  if (draft.pause(memory.sandboxFailure)) return
  if (actual !== undefined && actual.sandboxes.length > 0) {
    for (const { id, state } of actual.sandboxes) draft.act({ type: state === 'ready' ? 'stop-sandbox' : 'remove-sandbox', sandboxId: id })
    return draft.wait('its sandbox is being removed')
  }
  if (actual !== undefined && actual.containers.length > 0) {
    for (const { id, name } of actual.containers) draft.act({ type: 'remove-container', name, containerId: id })
    return draft.wait('its containers are being removed')
  }
  if (memory.volumes.state !== 'removed') {
    if (!draft.pause(memory.volumes.failure)) draft.act({ type: 'tear-down-volumes' })
    return draft.wait('its volumes are being removed')
  }
  if (!memory.filesRemoved) return draft.act({ type: 'remove-pod-files' })
  if (!memory.objectDeleted) draft.act({ type: 'delete-pod-object' })
}
