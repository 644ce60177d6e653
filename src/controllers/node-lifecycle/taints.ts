import type { Node, NodeCondition, Taint } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { formatTime } from '../../words/instant.ts'

const NOT_READY = 'node.kubernetes.io/not-ready'
const UNREACHABLE = 'node.kubernetes.io/unreachable'

/** The condition with the status that each taint stands for. */
const CONDITION_TAINTS: readonly { readonly type: string; readonly status: string; readonly key: string }[] = [
  { type: 'Ready', status: 'False', key: NOT_READY },
  { type: 'Ready', status: 'Unknown', key: UNREACHABLE },
  { type: 'MemoryPressure', status: 'True', key: 'node.kubernetes.io/memory-pressure' },
  { type: 'DiskPressure', status: 'True', key: 'node.kubernetes.io/disk-pressure' },
  { type: 'PIDPressure', status: 'True', key: 'node.kubernetes.io/pid-pressure' },
  { type: 'NetworkUnavailable', status: 'True', key: 'node.kubernetes.io/network-unavailable' },
]
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'
const OWN_KEYS: ReadonlySet<string> = new Set([...CONDITION_TAINTS.map(({ key }) => key), UNSCHEDULABLE])

/**
 * The node's taints as its conditions demand: NoSchedule for each trouble, NoExecute too where it is not ready or not reachable and
 * evictions are allowed. Taints of others, and their order, stay; a taint that stays keeps its time.
 */
export function wantedTaints(node: Node, conditions: readonly NodeCondition[], mayEvict: boolean, now: Instant): readonly Taint[] {
  const troubles = CONDITION_TAINTS.filter(({ type, status }) =>
    conditions.some((condition) => condition.type === type && condition.status === status)
  )
  const wanted: Taint[] = troubles.map(({ key }) => ({ key, effect: 'NoSchedule' }))
  if (node.spec?.unschedulable === true) wanted.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' })
  for (const { key } of troubles) if (mayEvict && (key === NOT_READY || key === UNREACHABLE)) wanted.push({ key, effect: 'NoExecute' })
  const current = node.spec?.taints ?? []
  const kept = current.filter((taint) => !isOwn(taint) || wanted.some((other) => isSame(taint, other)))
  const added = wanted.filter((taint) => !current.some((other) => isSame(taint, other)))
  return [...kept, ...added.map((taint) => ({ ...taint, timeAdded: formatTime(now) }))]
}

function isOwn({ key, effect }: Taint): boolean {
  return OWN_KEYS.has(key) && (effect === 'NoSchedule' || ((key === NOT_READY || key === UNREACHABLE) && effect === 'NoExecute'))
}

function isSame(a: Taint, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect
}
