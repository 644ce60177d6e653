import type { Pod } from '../../resources/generated/types.ts'
import { parseTime } from '../../words/instant.ts'
import { isReady, readyCondition } from '../pod-state.ts'

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'

/** One pod with what the order looks at, computed once. */
interface Ranked {
  readonly pod: Pod
  readonly ranks: readonly number[]
}

/**
 * The pods to delete first come first. Documented order: not yet assigned, pending before unknown before running, not ready, lower
 * deletion cost, more siblings on the node, ready for a shorter time, more restarts, younger. Times compare in steps of
 * powers of two (as upstream since 1.21), so that pods of about the same age are drawn by uid instead of by seconds.
 */
export function inDeletionOrder(pods: readonly Pod[], siblings: readonly Pod[], now: number): readonly Pod[] {
  const perNode = new Map<string, number>()
  for (const { spec } of siblings) if (spec?.nodeName !== undefined) perNode.set(spec.nodeName, (perNode.get(spec.nodeName) ?? 0) + 1)
  const ranked = pods.map((pod): Ranked => ({ pod, ranks: ranksOf(pod, perNode, now) }))
  return ranked.sort(byRanks).map(({ pod }) => pod)
}

/** Lower goes first. */
function ranksOf(pod: Pod, perNode: ReadonlyMap<string, number>, now: number): readonly number[] {
  const ready = isReady(pod)
  return [
    pod.spec?.nodeName === undefined || pod.spec.nodeName === '' ? 0 : 1,
    phaseRank(pod.status?.phase),
    Number(ready),
    deletionCost(pod),
    -(perNode.get(pod.spec?.nodeName ?? '') ?? 0),
    ready ? ageRank(readyCondition(pod)?.lastTransitionTime, now) : 0,
    -restarts(pod),
    ageRank(pod.metadata.creationTimestamp, now),
  ]
}

function byRanks(a: Ranked, b: Ranked): number {
  for (const [index, rank] of a.ranks.entries()) {
    const difference = rank - (b.ranks[index] ?? 0)
    if (difference !== 0) return difference
  }
  return (a.pod.metadata.uid ?? '') < (b.pod.metadata.uid ?? '') ? -1 : 1
}

function phaseRank(phase: string | undefined): number {
  return phase === 'Running' ? 2 : phase === 'Unknown' ? 1 : 0
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[DELETION_COST] ?? ''
  return /^(0|-?[1-9]\d{0,9})$/.test(text) ? Number(text) : 0
}

/** Zero for no time at all, else the logarithm of the age: ages in the same power of two are equal. */
function ageRank(time: string | undefined, now: number): number {
  const since = parseTime(time ?? '')
  return since === undefined ? 0 : Math.floor(Math.log2(Math.max(1, now - since)))
}

/** The most restarts of any container: upstream compares maxima, of sidecars apart from the others. */
function restarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount))
}
