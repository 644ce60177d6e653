import { isConditionTrue } from '../../../objects/conditions.ts'
import type { Instant } from '../../../words/instant.ts'
import { humanDuration } from '../../age.ts'
import type { Column } from '../../definition.ts'
import type { Container, ContainerState, ContainerStatus, Pod } from '../../generated/types.ts'
import { ageColumn, textColumn, wideColumn } from '../../table.ts'
import { parseTime } from '../../../words/instant.ts'
import { isTerminalPhase } from './phase.ts'

/** What kubectl get pods says about the containers of a pod. */
interface Summary {
  readonly ready: number
  readonly total: number
  readonly reason: string
  readonly restarts: number
  /** When a container ended last; 0 where none has. */
  readonly restartedAt: Instant
}

interface Restarts {
  count: number
  at: Instant
}

function addRestarts(restarts: Restarts, status: ContainerStatus): void {
  restarts.count += status.restartCount ?? 0
  const finishedAt = status.lastState?.terminated?.finishedAt
  if (finishedAt !== undefined) restarts.at = Math.max(restarts.at, parseTime(finishedAt) ?? 0)
}

/** ExitCode:1, Signal:9, or the reason that was given. */
function endedText({ reason = '', signal = 0, exitCode }: NonNullable<ContainerState['terminated']>): string {
  if (reason !== '') return reason
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${exitCode}`
}

interface InitSummary {
  /** What holds the pod in its initialization; undefined when that is over. */
  readonly reason: string | undefined
  readonly readySidecars: number
  readonly restarts: Restarts
  readonly sidecarRestarts: Restarts
}

/** Walks the init containers up to the first that is neither done nor a running sidecar. */
function summarizeInit(pod: Pod): InitSummary {
  const containers = pod.spec?.initContainers ?? []
  const restarts: Restarts = { count: 0, at: 0 }
  const sidecarRestarts: Restarts = { count: 0, at: 0 }
  let readySidecars = 0
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    addRestarts(restarts, status)
    const sidecar = isSidecar(containers.find(({ name }) => name === status.name))
    if (sidecar) addRestarts(sidecarRestarts, status)
    const { terminated, waiting } = status.state ?? {}
    if (terminated?.exitCode === 0) continue
    if (sidecar && status.started === true) {
      if (status.ready) readySidecars++
      continue
    }
    const waitingFor = waiting?.reason ?? ''
    const reason = terminated !== undefined ? `Init:${endedText(terminated)}`
      : waitingFor !== '' && waitingFor !== 'PodInitializing' ? `Init:${waitingFor}` : `Init:${index}/${containers.length}`
    return { reason, readySidecars, restarts, sidecarRestarts }
  }
  return { reason: undefined, readySidecars, restarts, sidecarRestarts }
}

function isSidecar(container: Container | undefined): boolean {
  return container?.restartPolicy === 'Always'
}

function hasCondition(pod: Pod, type: string): boolean {
  return isConditionTrue(pod.status?.conditions, type)
}

function summarizePod(pod: Pod): Summary {
  const { spec, status = {} } = pod
  const init = summarizeInit(pod)
  const total = (spec?.containers ?? []).length + (spec?.initContainers ?? []).filter(isSidecar).length
  const gated = status.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated') === true
  let reason = gated ? 'SchedulingGated' : status.reason || status.phase || ''
  let restarts = init.restarts
  let ready = init.readySidecars
  if (init.reason !== undefined) reason = init.reason
  if (init.reason === undefined || hasCondition(pod, 'Initialized')) {
    restarts = init.sidecarRestarts
    const main = summarizeMain(pod, reason, restarts)
    reason = main.reason
    ready += main.ready
  }
  return { ready, total, reason: deletionReason(pod) ?? reason, restarts: restarts.count, restartedAt: restarts.at }
}

/** The first container that has something to say says it: walking backwards, it overwrites those behind it. */
function summarizeMain(pod: Pod, before: string, restarts: Restarts): { readonly reason: string; readonly ready: number } {
  let reason = before
  let ready = 0
  let running = false
  for (const status of (pod.status?.containerStatuses ?? []).toReversed()) {
    addRestarts(restarts, status)
    const { waiting, terminated } = status.state ?? {}
    if ((waiting?.reason ?? '') !== '') reason = waiting?.reason ?? ''
    else if (terminated !== undefined) reason = endedText(terminated)
    else if (status.ready && status.state?.running !== undefined) {
      running = true
      ready++
    }
  }
  if (reason === 'Completed' && running) reason = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady'
  return { reason, ready }
}

function deletionReason({ metadata, status }: Pod): string | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined
  if (status?.reason === 'NodeLost') return 'Unknown'
  return isTerminalPhase(status?.phase) ? undefined : 'Terminating'
}

/** 3, or 3 (5m ago) where it is known when. */
function restartsText(pod: Pod, now: Instant): string {
  const { restarts, restartedAt } = summarizePod(pod)
  return restarts !== 0 && restartedAt !== 0 ? `${restarts} (${humanDuration(now - restartedAt)} ago)` : String(restarts)
}

function readyText(pod: Pod): string {
  const { ready, total } = summarizePod(pod)
  return `${ready}/${total}`
}

function gatesText(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? []
  return gates.length === 0 ? '<none>' : `${gates.filter(({ conditionType }) => hasCondition(pod, conditionType)).length}/${gates.length}`
}

export const podColumns: readonly Column<Pod>[] = [
  textColumn('Ready', 'How many of its containers are ready.', readyText),
  textColumn('Status', 'What it is doing, or what holds it up.', (pod) => summarizePod(pod).reason),
  textColumn('Restarts', 'How often its containers were restarted, and when last.', restartsText),
  ageColumn,
  wideColumn('IP', 'Its address.', ({ status }) => status?.podIPs?.[0]?.ip || status?.podIP || '<none>'),
  wideColumn('Node', 'The node that runs it.', ({ spec }) => spec?.nodeName || '<none>'),
  wideColumn('Nominated Node', 'The node where room is being made for it.', ({ status }) => status?.nominatedNodeName || '<none>'),
  wideColumn('Readiness Gates', 'How many of its own conditions are met.', gatesText),
]
