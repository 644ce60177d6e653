import { findCondition } from '../objects/conditions.ts'
import type { ContainerStatus, Pod, PodCondition } from '../resources/generated/types.ts'
import { formatTime } from '../words/instant.ts'
import type { PodView } from './pod-view.ts'
import { sidecarsAndRegular } from './pod-containers.ts'

interface Verdict {
  readonly status: 'True' | 'False'
  readonly reason?: string
  readonly message?: string
}

const TRUE: Verdict = { status: 'True' }

/** The conditions that the node owns, and PodScheduled as the scheduler left it. Others stay with their owners. */
export function podConditions(view: PodView, phase: string, statuses: ReadonlyMap<string, ContainerStatus>): PodCondition[] {
  const containersReady = containersReadiness(view.pod, phase, statuses)
  const isHostNetwork = view.pod.spec?.hostNetwork === true
  const hasNetwork = view.sandbox !== undefined && (isHostNetwork || view.sandbox.addresses.length > 0)
  const verdicts: readonly (readonly [string, Verdict])[] = [
    ['PodReadyToStartContainers', hasNetwork ? TRUE : { status: 'False' }],
    ['Initialized', initialization(view.pod, phase, statuses)],
    ['Ready', containersReady.status === 'True' ? gates(view.pod) : containersReady],
    ['ContainersReady', containersReady],
    ['PodScheduled', TRUE],
  ]
  return verdicts.map(([type, verdict]) => condition(view, type, verdict))
}

function condition(view: PodView, type: string, verdict: Verdict): PodCondition {
  const known = findCondition(view.memory.status?.conditions, type) ?? findCondition(view.pod.status?.conditions, type)
  if (type === 'PodScheduled' && known !== undefined) return known
  const since = known?.status === verdict.status ? known.lastTransitionTime : undefined
  return {
    lastTransitionTime: since ?? formatTime(view.now),
    ...(verdict.message === undefined ? {} : { message: verdict.message }),
    ...(verdict.reason === undefined ? {} : { reason: verdict.reason }),
    status: verdict.status,
    type,
  }
}

function initialization(pod: Pod, phase: string, statuses: ReadonlyMap<string, ContainerStatus>): Verdict {
  const containers = pod.spec?.initContainers ?? []
  const unknown = containers.filter(({ name }) => !statuses.has(name)).map(({ name }) => name)
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'True', reason: 'PodCompleted' }
  // A regular container that has run says that initialization was over once; a restarted sidecar does not undo it.
  const hasRun = (pod.spec?.containers ?? []).some(({ name }) => {
    const { started, state, lastState } = statuses.get(name) ?? {}
    return started === true || [state?.running, state?.terminated, lastState?.terminated].some((one) => one !== undefined)
  })
  if (hasRun) return TRUE
  const incomplete = containers.filter(({ name, restartPolicy }) => {
    const status = statuses.get(name)
    return status !== undefined && !(restartPolicy === 'Always' ? status.started === true : status.ready)
  }).map(({ name }) => name)
  return listed(unknown, incomplete, 'ContainersNotInitialized', 'incomplete')
}

function containersReadiness(pod: Pod, phase: string, statuses: ReadonlyMap<string, ContainerStatus>): Verdict {
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const containers = sidecarsAndRegular(pod)
  const unknown = containers.filter(({ name }) => !statuses.has(name)).map(({ name }) => name)
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'False', reason: 'PodCompleted' }
  const unready = containers.filter(({ name }) => statuses.get(name)?.ready === false).map(({ name }) => name)
  return listed(unknown, unready, 'ContainersNotReady', 'unready')
}

function listed(unknown: readonly string[], lacking: readonly string[], reason: string, word: string): Verdict {
  const parts: string[] = []
  if (unknown.length > 0) parts.push(`containers with unknown status: [${unknown.join(' ')}]`)
  if (lacking.length > 0) parts.push(`containers with ${word} status: [${lacking.join(' ')}]`)
  return parts.length === 0 ? TRUE : { status: 'False', reason, message: parts.join(', ') }
}

function gates(pod: Pod): Verdict {
  const problems: string[] = []
  for (const { conditionType } of pod.spec?.readinessGates ?? []) {
    const found = findCondition(pod.status?.conditions, conditionType)
    if (found === undefined) problems.push(`corresponding condition of pod readiness gate ${JSON.stringify(conditionType)} does not exist.`)
    else if (found.status !== 'True') {
      problems.push(`the status of pod readiness gate ${JSON.stringify(conditionType)} is not "True", but ${found.status}`)
    }
  }
  return problems.length === 0 ? TRUE : { status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') }
}
