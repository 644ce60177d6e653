import { graceSecondsOf } from './pod-view.ts'
import type { Integer } from '../objects/json.ts'
import type { PlanDraft } from './plan-draft.ts'
import { holdOf } from './hold.ts'
import { nextAttempt, shouldStart } from './restart.ts'
import type { ContainerView, PodView } from './pod-view.ts'
import { specHash } from './spec-hash.ts'

/** In a ready sandbox: which containers to start and to stop now. */
export function planContainers(view: PodView, draft: PlanDraft): void {
  for (const container of ofRole(view, 'ephemeral')) if (shouldStart(view, container)) tryStart(view, draft, container)
  if (!planInitContainers(view, draft)) return
  for (const container of ofRole(view, 'regular')) keepRunning(view, draft, container)
}

function ofRole(view: PodView, role: ContainerView['role']): ContainerView[] {
  return view.containers.filter((container) => container.role === role)
}

/**
 * Init containers run one after the other to their end; a sidecar among them only has to have started. True: all are through.
 * Dead init containers may be gone: the furthest one that is there says how far the pod has come.
 */
function planInitContainers(view: PodView, draft: PlanDraft): boolean {
  const containers = view.containers.filter(({ role }) => role === 'init' || role === 'sidecar')
  const isInitialized = view.containers.some(({ role, current }) => role === 'regular' && current)
  const furthest = isInitialized ? containers.length : Math.max(0, containers.findLastIndex(({ current }) => current))
  for (const container of containers.slice(0, furthest)) if (container.role === 'sidecar') keepRunning(view, draft, container)
  for (const container of containers.slice(furthest)) {
    if (!passes(view, draft, container)) return false
  }
  return true
}

function passes(view: PodView, draft: PlanDraft, container: ContainerView): boolean {
  if (container.role === 'sidecar') {
    keepRunning(view, draft, container)
    if (container.current && container.started) return true
    draft.wait(`sidecar ${container.name} has not started`)
    return false
  }
  const { latest, current } = container
  if (current && latest?.state === 'exited' && latest.exitCode === 0 && container.operation === undefined) return true
  draft.wait(`init container ${container.name} has not completed`)
  const ended = current && latest?.state === 'exited'
  if (!container.running && (!ended || shouldStart(view, container))) tryStart(view, draft, container)
  return false
}

function keepRunning(view: PodView, draft: PlanDraft, container: ContainerView): void {
  if (container.operation !== undefined) return
  if (!container.running || !container.current) {
    if (shouldStart(view, container)) tryStart(view, draft, container)
    return
  }
  const wrong = whatIsWrong(container)
  if (wrong === undefined || container.latest === undefined) return
  const restarts = container.role === 'sidecar' || view.restartPolicy !== 'Never' || wrong.changed
  draft.act({
    type: 'stop-container', name: container.name, containerId: container.latest.id,
    graceSeconds: Math.max(2, Number(wrong.graceSeconds ?? graceSecondsOf(view.pod))),
    preStop: container.spec.lifecycle?.preStop !== undefined, because: 'restart',
    message: `Container ${container.name} ${wrong.what}${restarts ? ', will be restarted' : ''}`,
  })
}

interface Wrong {
  readonly what: string
  readonly changed: boolean
  readonly graceSeconds: Integer | undefined
}

function whatIsWrong({ spec, latest, probes }: ContainerView): Wrong | undefined {
  if (latest !== undefined && latest.specHash !== specHash(spec)) {
    return { what: 'definition changed', changed: true, graceSeconds: undefined }
  }
  if (probes.liveness === false) {
    return { what: 'failed liveness probe', changed: false, graceSeconds: spec.livenessProbe?.terminationGracePeriodSeconds }
  }
  if (probes.startup === false) {
    return { what: 'failed startup probe', changed: false, graceSeconds: spec.startupProbe?.terminationGracePeriodSeconds }
  }
  return undefined
}

function tryStart(view: PodView, draft: PlanDraft, container: ContainerView): void {
  if (container.operation !== undefined || view.sandbox === undefined) return
  const hold = holdOf(view, container)
  if (hold !== undefined) {
    draft.wake(hold.until)
    for (const event of hold.events) draft.announce(event)
    draft.wait(`container ${container.name}: ${hold.reason}: ${hold.message}`)
    return
  }
  const { latest } = container
  draft.act({
    type: 'start-container', name: container.name, role: container.role,
    attempt: nextAttempt(view, container), sandboxId: view.sandbox.id,
    previousFinishedAt: latest?.state === 'exited' ? (latest.finishedAt ?? latest.createdAt) : undefined,
  })
}
