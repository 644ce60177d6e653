import type { Pod } from '../resources/generated/types.ts'
import type { Instant } from '../words/instant.ts'
import { PlanDraft } from './plan-draft.ts'
import { planContainers } from './plan-containers.ts'
import { endOf, planDeletion, planEnded } from './plan-end.ts'
import type { PodMemory } from './pod-memory.ts'
import type { PodPlan } from './pod-plan.ts'
import { podStatus } from './pod-status.ts'
import type { PodView } from './pod-view.ts'
import { startTimeOf, viewPod } from './pod-view.ts'
import type { PodObservation } from './runtime.ts'

export type PlanPod = (pod: Pod, actual: PodObservation | undefined, memory: PodMemory, now: Instant, node: PodPlanNode) => PodPlan

/** The addresses of this node, the primary one first. */
export interface PodPlanNode {
  readonly addresses: readonly string[]
}

/**
 * What to do next for a pod, and its status as of now. Pure: the same pod, facts and memory give the same plan. It plans only what can be
 * done at once; the agent plans again whenever an action ends, the runtime or the API tells of a change, or wakeAt comes.
 */
export const planPod: PlanPod = (pod, actual, memory, now, node) => {
  const view = viewPod(pod, actual, memory, now)
  const draft = new PlanDraft(view)
  const end = endOf(view)
  const isDeleted = pod.metadata.deletionTimestamp !== undefined
  if (isDeleted) planDeletion(view, draft)
  else if (end !== undefined) planEnded(view, draft)
  else planRunning(view, draft)
  if (!isDeleted) planGarbage(view, draft)
  const status = podStatus(view, end, node)
  const alive = end === undefined ? `the pod is ${status.phase ?? ''}` : `the pod has ended (${end.cause})`
  const subject = isDeleted ? 'the pod is being deleted' : alive
  return {
    actions: draft.actions, cancel: draft.cancel, events: draft.events, status,
    ...(draft.wakeAt === undefined ? {} : { wakeAt: draft.wakeAt }),
    why: [subject, ...draft.waits].join('; '),
  }
}

function planRunning(view: PodView, draft: PlanDraft): void {
  const deadlineSeconds = view.pod.spec?.activeDeadlineSeconds
  if (deadlineSeconds !== undefined) draft.wake(startTimeOf(view) + Number(deadlineSeconds) * 1000)
  if (!planVolumes(view, draft)) return
  if (planSandbox(view, draft)) planContainers(view, draft)
}

/** True: they are in place. */
function planVolumes(view: PodView, draft: PlanDraft): boolean {
  const { volumes } = view.memory
  if (volumes.state === 'ready') {
    const due = volumes.refreshWanted || (volumes.refreshAt !== undefined && view.now >= volumes.refreshAt)
    if (volumes.refreshAt !== undefined) draft.wake(volumes.refreshAt)
    if (due && !draft.pause(volumes.failure)) draft.act({ type: 'refresh-volumes' })
    return true
  }
  draft.wait('its volumes are not set up')
  if (!draft.pause(volumes.failure)) draft.act({ type: 'set-up-volumes' })
  return false
}

/** True: there is one that containers can run in. */
function planSandbox(view: PodView, draft: PlanDraft): boolean {
  const sandboxes = view.actual?.sandboxes ?? []
  const newest = sandboxes[0]
  const isHostNetwork = view.pod.spec?.hostNetwork === true
  // Two ready sandboxes, or one without an address, are of no use: start over.
  const usable = view.sandbox !== undefined && (isHostNetwork || view.sandbox.addresses.length > 0)
  const stale = sandboxes.filter(({ id, state }) => id !== view.sandbox?.id && (state === 'ready' || runsIn(view, id)))
  if (!usable && view.sandbox !== undefined) stale.push(view.sandbox)
  for (const { id } of stale) draft.act({ type: 'stop-sandbox', sandboxId: id })
  if (usable) return stale.length === 0
  draft.wait('its sandbox is not ready')
  if (stale.length > 0 || draft.pause(view.memory.sandboxFailure)) return false
  if (newest !== undefined) {
    const message = 'Pod sandbox changed, it will be killed and re-created.'
    draft.announce({ key: `sandbox-changed/${newest.id}`, type: 'Normal', reason: 'SandboxChanged', message, container: '' })
  }
  draft.act({ type: 'create-sandbox', attempt: newest === undefined ? 0 : newest.attempt + 1 })
  return false
}

function runsIn(view: PodView, sandboxId: string): boolean {
  return view.actual?.containers.some((container) => container.sandboxId === sandboxId && container.state === 'running') ?? false
}

/** Of each container the newest dead one stays beside the running one, for kubectl logs --previous; empty old sandboxes go. */
function planGarbage(view: PodView, draft: PlanDraft): void {
  const dead = (view.actual?.containers ?? [])
    .filter(({ state }) => state === 'exited' || state === 'created')
    .sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt)
  const kept = new Set<string>()
  const removed = new Set<string>()
  for (const { id, name } of dead) {
    if (!kept.has(name)) kept.add(name)
    else if (!draft.busy(`container/${name}`)) removed.add(id)
  }
  for (const { id, name } of dead) if (removed.has(id)) draft.act({ type: 'remove-container', name, containerId: id })
  for (const { id, state } of view.actual?.sandboxes.slice(1) ?? []) {
    const isEmpty = !view.actual?.containers.some(({ sandboxId }) => sandboxId === id)
    if (state === 'not-ready' && isEmpty) draft.act({ type: 'remove-sandbox', sandboxId: id })
  }
}
