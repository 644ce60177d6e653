import { matchesLabels, selectorFromSpec } from '../objects/label-selector.ts'
import type { Pod, PodSpec, TopologySpreadConstraint } from '../resources/generated/types.ts'
import { present } from '../words/assert.ts'
import { hostPortsOf, type HostPort } from './host-ports.ts'
import type { NodeTable } from './node-table.ts'
import { podRequests, type Amounts } from './pod-requests.ts'
import type { PodShape, PodShapes } from './pod-shape.ts'
import { Rejections } from './rejections.ts'
import { makeRoom, type Room, type Rooms } from './room.ts'
import { bestSlot } from './score.ts'
import { countDomains } from './spreading.ts'

/** Where a pod goes, or why it goes nowhere: each reason with the nodes that it keeps the pod from. */
export type Decision =
  | {
      readonly outcome: 'assigned'
      readonly nodeName: string
      readonly fitting: number
      readonly rejected: ReadonlyMap<string, readonly string[]>
    }
  | { readonly outcome: 'unschedulable'; readonly rejected: ReadonlyMap<string, readonly string[]>; readonly message: string }

/** One pod's wishes, made ready for a pass over all slots. */
export interface Candidate {
  readonly pod: Pod
  readonly spec: PodSpec
  readonly shape: PodShape
  readonly amounts: Amounts
  readonly ports: readonly HostPort[]
}

/** The best node for a pod, or why none fits. A function of the table: what was assumed before must stand in it. */
export function decide(pod: Pod, table: NodeTable, shapes: PodShapes): Decision {
  const spec = present(pod.spec, 'spec')
  const candidate = { pod, spec, shape: shapes.of(spec), amounts: podRequests(spec), ports: hostPortsOf(spec) }
  const room = roomFor(candidate, table, shapes.rooms)
  const rejections = new Rejections(table, room.rejected)
  const fitting = spread(candidate, table, room.fitting, rejections)
  const best = bestSlot(candidate, table, fitting, room.scores)
  const nodeName = best === undefined ? undefined : table.node(best)?.metadata.name
  const { rejected } = rejections
  if (nodeName === undefined) return { outcome: 'unschedulable', rejected, message: explain(table.nodeCount, rejected) }
  return { outcome: 'assigned', nodeName, fitting: fitting.length, rejected }
}

/** The slots that the pod may use by its shape, its ports and its requests. A node is listed under the first that keeps the pod away. */
function roomFor(candidate: Candidate, table: NodeTable, rooms: Rooms): Room {
  const { ports, shape } = candidate
  if (ports.length === 0) return rooms.of(candidate, table)
  const rejections = new Rejections(table, shape.view(table).rejected)
  const reason = "node(s) didn't have free ports for the requested pod ports"
  const free = shape.view(table).fitting.filter((slot) => !table.ports(slot).conflicts(ports) || rejections.add(slot, reason))
  return makeRoom(candidate.amounts, table, free, rejections)
}

/** Topology spread constraints with DoNotSchedule, one after the other over what the filters left. */
function spread(
  candidate: Candidate,
  table: NodeTable,
  fitting: readonly number[],
  rejections: Rejections
): readonly number[] {
  let left = fitting
  for (const constraint of candidate.spec.topologySpreadConstraints ?? []) {
    if (constraint.whenUnsatisfiable === 'DoNotSchedule') left = spreadBy(constraint, candidate, table, left, rejections)
  }
  return left
}

function spreadBy(
  constraint: TopologySpreadConstraint,
  candidate: Candidate,
  table: NodeTable,
  fitting: readonly number[],
  rejections: Rejections
): readonly number[] {
  const counts = table.spread.countsForConstraint(candidate.pod, constraint)
  const domains = countDomains(table.spread, constraint.topologyKey, counts, eligibleSlots(constraint, candidate, table))
  const fewest = domains.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...domains.values())
  const own = matchesLabels(selectorFromSpec(constraint.labelSelector), candidate.pod.metadata.labels) ? 1 : 0
  return fitting.filter((slot) => {
    const value = table.spread.topologyValue(slot, constraint.topologyKey)
    const reason = value === undefined
      ? "node(s) didn't match pod topology spread constraints (missing required label)"
      : (domains.get(value) ?? 0) + own - fewest > constraint.maxSkew ? "node(s) didn't match pod topology spread constraints" : undefined
    if (reason !== undefined) rejections.add(slot, reason)
    return reason === undefined
  })
}

/**
 * The nodes whose domains count: those of the pod's selector and affinity, and with nodeTaintsPolicy Honor only tolerated ones (KEP-3094).
 */
function eligibleSlots(constraint: TopologySpreadConstraint, candidate: Candidate, table: NodeTable): number[] {
  const slots: number[] = []
  for (let slot = 0; slot < table.slots; slot += 1) {
    const node = table.node(slot)
    if (node === undefined) continue
    const verdict = candidate.shape.answer(slot, node, table.version(slot)).verdict
    const byTaint = verdict?.includes('taint') === true || verdict?.includes('unschedulable') === true
    const ignored = byTaint ? constraint.nodeTaintsPolicy === 'Honor' : verdict !== undefined && constraint.nodeAffinityPolicy !== 'Ignore'
    if (!ignored) slots.push(slot)
  }
  return slots
}

/** 0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. */
function explain(nodeCount: number, rejected: ReadonlyMap<string, readonly string[]>): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods'
  const reasons = [...rejected].map(([reason, nodes]) => `${nodes.length} ${reason}`).sort()
  return `0/${nodeCount} nodes are available: ${reasons.join(', ')}.`
}
