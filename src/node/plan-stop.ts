import type { PlanDraft } from './plan-draft.ts'
import type { ContainerView, PodView } from './pod-view.ts'

/** Less than this and a process that would end by itself is killed needlessly. */
const LEAST_GRACE_SECONDS = 2

/**
 * Stops all containers of a pod that ends: first all but the sidecars, at once; then the sidecars, one by one, the last first, in what is
 * left of the grace period. True: nothing runs any more and nothing is being started.
 */
export function planStops(view: PodView, draft: PlanDraft, graceSeconds: number): boolean {
  const sidecars = view.containers.filter(({ role }) => role === 'sidecar')
  const others = view.containers.filter(({ role }) => role !== 'sidecar')
  let quiet = true
  for (const container of others) quiet = stop(view, draft, container, graceSeconds) && quiet
  const elapsedSeconds = view.memory.stoppingSince === undefined ? 0 : Math.floor((view.now - view.memory.stoppingSince) / 1000)
  const leftSeconds = Math.max(0, graceSeconds - elapsedSeconds)
  for (const container of sidecars.toReversed()) {
    if (quiet) quiet = stop(view, draft, container, leftSeconds)
    else abandonStart(draft, container)
  }
  return quiet
}

/** True: it does not run. */
function stop(view: PodView, draft: PlanDraft, container: ContainerView, graceSeconds: number): boolean {
  const { latest, operation, name } = container
  const grace = graceSeconds <= 1 ? graceSeconds : Math.max(LEAST_GRACE_SECONDS, graceSeconds)
  if (operation !== undefined) {
    abandonStart(draft, container)
    const { action, startedAt } = operation
    // The user asked for less grace meanwhile (a second delete).
    if (action.type === 'stop-container' && grace < action.graceSeconds) {
      const isSooner = view.now + grace * 1000 < startedAt + action.graceSeconds * 1000
      if (isSooner) draft.abandon(`container/${name}`)
    }
    draft.wait(`container ${name} is being stopped`)
    return false
  }
  if (latest === undefined || !(container.running || latest.state === 'unknown')) return true
  draft.wait(`container ${name} is to be stopped`)
  if (draft.pause(container.memory.failure?.reason === 'KillContainerError' ? container.memory.failure : undefined)) return false
  const preStop = container.spec.lifecycle?.preStop !== undefined && container.memory.preStopped !== latest.id && grace > 0
  const message = `Stopping container ${name}`
  draft.act({ type: 'stop-container', name, containerId: latest.id, graceSeconds: grace, preStop, because: 'pod-ends', message })
  return false
}

function abandonStart(draft: PlanDraft, { operation, name }: ContainerView): void {
  if (operation?.action.type === 'start-container') draft.abandon(`container/${name}`)
}
