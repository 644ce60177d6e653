import type { ContainerStatus, PodStatus } from '../resources/generated/types.ts'
import { isTerminalPhase } from '../resources/kinds/pod/phase.ts'
import { qualityOfService } from '../resources/kinds/pod/quality-of-service.ts'
import { formatTime } from '../words/instant.ts'
import { containerStatus } from './container-status.ts'
import type { PodEnd } from './plan-end.ts'
import type { PodPlanNode } from './plan-pod.ts'
import { podConditions } from './pod-conditions.ts'
import { podPhase } from './pod-phase.ts'
import type { PodView } from './pod-view.ts'
import { startTimeOf } from './pod-view.ts'

/** The part of the pod's status that the node owns, as of now. */
export function podStatus(view: PodView, end: PodEnd | undefined, node: PodPlanNode): PodStatus {
  const isDeleted = view.pod.metadata.deletionTimestamp !== undefined
  const statuses = new Map<string, ContainerStatus>()
  for (const container of view.containers) statuses.set(container.name, containerStatus(view, container, isDeleted || end !== undefined))
  const { phase, reason, message } = phaseOf(view, end, statuses)
  const ofRole = (...roles: readonly string[]): ContainerStatus[] =>
    view.containers.filter(({ role }) => roles.includes(role)).flatMap(({ name }) => statuses.get(name) ?? [])
  const byName = (a: ContainerStatus, b: ContainerStatus): number => (a.name < b.name ? -1 : 1)
  const init = ofRole('init', 'sidecar')
  const ephemeral = ofRole('ephemeral').sort(byName)
  const addresses = podAddresses(view, node, isDeleted || end !== undefined)
  const [hostAddress] = node.addresses
  return {
    conditions: podConditions(view, phase, statuses),
    containerStatuses: ofRole('regular').sort(byName),
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral }),
    ...(hostAddress === undefined ? {} : { hostIP: hostAddress, hostIPs: node.addresses.map((ip) => ({ ip })) }),
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
    ...(message === undefined ? {} : { message }),
    phase,
    ...(addresses[0] === undefined ? {} : { podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) }),
    qosClass: view.pod.status?.qosClass ?? qualityOfService(view.pod.spec),
    ...(reason === undefined ? {} : { reason }),
    startTime: view.pod.status?.startTime ?? formatTime(startTimeOf(view)),
  }
}

interface Phase {
  readonly phase: string
  readonly reason?: string | undefined
  readonly message?: string | undefined
}

/** A terminal phase is told only when nothing runs any more: others take it as leave to reuse what the pod held. */
function phaseOf(view: PodView, end: PodEnd | undefined, statuses: ReadonlyMap<string, ContainerStatus>): Phase {
  const isQuiet = view.containers.every(({ running, operation }) => !running && operation === undefined)
  const known = [view.memory.status, view.pod.status].find((status) => isTerminalPhase(status?.phase))
  if (known?.phase !== undefined) return { phase: known.phase, reason: known.reason, message: known.message }
  const isDeleted = view.pod.metadata.deletionTimestamp !== undefined
  if (!isQuiet && (end !== undefined || isDeleted)) {
    const before = view.memory.status?.phase ?? view.pod.status?.phase
    return { phase: before ?? 'Running' }
  }
  if (end?.cause === 'deadline') return { phase: 'Failed', reason: end.reason, message: end.message }
  const phase = podPhase(view.pod, statuses, isQuiet && (end !== undefined || isDeleted))
  // A pod that is deleted before it ran will never run: its owner must not wait for it.
  if (isDeleted && isQuiet && !isTerminalPhase(phase)) return { phase: 'Failed' }
  return { phase }
}

function podAddresses(view: PodView, node: PodPlanNode, isEnding: boolean): readonly string[] {
  if (view.pod.spec?.hostNetwork === true) return view.sandbox === undefined && !isEnding ? [] : node.addresses
  if (view.sandbox !== undefined && view.sandbox.addresses.length > 0) return view.sandbox.addresses
  if (!isEnding) return []
  return (view.memory.status?.podIPs ?? view.pod.status?.podIPs ?? []).map(({ ip }) => ip ?? '')
}
