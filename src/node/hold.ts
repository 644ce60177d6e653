import type { Instant } from '../words/instant.ts'
import { backOffUntil, formatDuration } from './back-off.ts'
import type { PlannedEvent } from './pod-plan.ts'
import type { ContainerView, PodView } from './pod-view.ts'
import { podTitle } from './pod-view.ts'

/** Why a container that should start does not start yet: its waiting state. */
export interface Hold {
  readonly until: Instant
  readonly reason: string
  readonly message: string
  readonly events: readonly PlannedEvent[]
}

/** A failed pull is shown as such for this long, then as a back-off. */
const PULL_ERROR_SHOWN_MS = 2000
const RETRY_MS = 10_000

/** Why a container that should start does not yet, and until when; undefined when nothing holds it. */
export function holdOf(view: PodView, container: ContainerView): Hold | undefined {
  const { memory, latest } = container
  const { now } = view
  if (memory.pull !== undefined && memory.failure !== undefined) {
    const until = memory.pull.updatedAt + memory.pull.delayMs
    if (now < until) return pullHold(container, until, now)
  }
  const crash = latest?.state === 'exited' ? backOffUntil(memory.crash, latest.finishedAt ?? latest.createdAt, now) : undefined
  if (memory.failure !== undefined) {
    const until = Math.max(memory.failure.at + RETRY_MS, crash ?? 0)
    // A container that was created and then could not run counts as crashed once its first back-off begins.
    const crashed = crash !== undefined && now >= memory.failure.at + RETRY_MS
    if (now < until && !crashed) return { until, reason: memory.failure.reason, message: memory.failure.message, events: [] }
  }
  return crash === undefined ? undefined : crashHold(view, container, crash)
}

function pullHold(container: ContainerView, until: Instant, now: Instant): Hold {
  const failure = container.memory.failure
  const message = failure?.message ?? ''
  const shownUntil = (failure?.at ?? 0) + PULL_ERROR_SHOWN_MS
  if (now < shownUntil) return { until: shownUntil, reason: 'ErrImagePull', message, events: [] }
  const backOff = `Back-off pulling image ${JSON.stringify(container.spec.image ?? '')}`
  const key = `${container.name}/${failure?.attempts ?? 0}`
  return {
    until, reason: 'ImagePullBackOff', message: `${backOff}: ErrImagePull: ${message}`,
    events: [
      { key: `pull-back-off/${key}`, type: 'Normal', reason: 'BackOff', message: backOff, container: container.name },
      { key: `pull-failed/${key}`, type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff', container: container.name },
    ],
  }
}

function crashHold(view: PodView, container: ContainerView, until: Instant): Hold {
  const title = podTitle(view.pod)
  return {
    until,
    reason: 'CrashLoopBackOff',
    message: `back-off ${formatDuration(container.memory.crash?.delayMs ?? 0)} restarting failed container=${container.name} pod=${title}`,
    events: [{
      key: `crash-back-off/${container.latest?.id ?? ''}`, type: 'Warning', reason: 'BackOff',
      message: `Back-off restarting failed container ${container.name} in pod ${title}`, container: container.name,
    }],
  }
}

/** Of what the node does for the pod as a whole (volumes, sandbox): 1 s, doubling to 2 min. */
export function podRetryDelayMs(attempts: number): number {
  return Math.min(1000 * 2 ** Math.min(attempts - 1, 10), 120_000)
}
