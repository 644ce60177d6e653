import { findCondition } from '../../objects/conditions.ts'
import type { Lease, Node, NodeCondition } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { formatTime, parseTime } from '../../words/instant.ts'

/** A node that has said nothing for so long is taken for unreachable: three missed renewals of its lease and some. */
export const GRACE_MS = 40_000

const WATCHED_CONDITIONS: readonly string[] = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

export function readyStatus(node: Node): string {
  return findCondition(node.status?.conditions, 'Ready')?.status ?? 'Unknown'
}

/**
 * When the node last gave a sign of life. Signs from before this controller started count as given at its start: after an outage
 * of the control plane every node gets its full grace.
 */
export function lastSign(node: Node, lease: Lease | undefined, startedAt: Instant): Instant {
  const ready = findCondition(node.status?.conditions, 'Ready')
  const times = [
    lease?.spec?.renewTime,
    ready?.status === 'Unknown' ? undefined : ready?.lastHeartbeatTime,
    node.metadata.creationTimestamp,
  ]
  return Math.max(startedAt, ...times.map((time) => parseTime(time ?? '') ?? 0))
}

/** The conditions of a node that fell silent: nobody knows how it is. Reasons and messages are what dashboards look for. */
export function silentConditions(node: Node, now: Instant): readonly NodeCondition[] {
  const current = node.status?.conditions ?? []
  const silent = WATCHED_CONDITIONS.map((type): NodeCondition => {
    const standing = findCondition(current, type)
    if (standing?.status === 'Unknown') return standing
    const never = standing === undefined
    return {
      type,
      status: 'Unknown',
      reason: never ? 'NodeStatusNeverUpdated' : 'NodeStatusUnknown',
      message: never ? 'Kubelet never posted node status.' : 'Kubelet stopped posting node status.',
      lastHeartbeatTime: standing?.lastHeartbeatTime ?? node.metadata.creationTimestamp ?? formatTime(now),
      lastTransitionTime: formatTime(now),
    }
  })
  return [...current.filter(({ type }) => !WATCHED_CONDITIONS.includes(type)), ...silent]
}
