import { matchesLabels, selectorFromSpec } from '../objects/label-selector.ts'
import type { Pod, PodSpec, TopologySpreadConstraint } from '../resources/generated/types.ts'
import { present } from '../words/assert.ts'
import { hostPortsOf, type HostPort } from './host-ports.ts'
import type { NodeTable, ResourceColumn } from './node-table.ts'
import { podRequests, type Amounts } from './pod-requests.ts'
import type { PodShape, PodShapes } from './pod-shape.ts'
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

interface Demand {
  readonly column: ResourceColumn | undefined
  readonly amount: number
  readonly reason: string
}

/** The best node for a pod, or why none fits. A function of the table: what was assumed before must stand in it. */
export function decide(pod: Pod, table: NodeTable, shapes: PodShapes): Decision {
  const spec = present(pod.spec, 'spec')
  const candidate = { pod, spec, shape: shapes.of(spec), amounts: podRequests(spec), ports: hostPortsOf(spec) }
  const rejections = new Rejections(table, candidate.shape.view(table).rejected)
  const fitting = spread(candidate, table, filter(candidate, table, rejections), rejections)
  const best = bestSlot(candidate, table, fitting)
  const nodeName = best === undefined ? undefined : table.node(best)?.metadata.name
  const { rejected } = rejections
  if (nodeName === undefined) return { outcome: 'unschedulable', rejected, message: explain(table.nodeCount, rejected) }
  return { outcome: 'assigned', nodeName, fitting: fitting.length, rejected }
}

/** The nodes that were ruled out, by reason. What the shape alone rules out is shared by all its pods, and copied when more is added. */
class Rejections {
  readonly #table: NodeTable
  readonly #shared: ReadonlyMap<string, readonly string[]>
  #own: Map<string, string[]> | undefined

  constructor(table: NodeTable, shared: ReadonlyMap<string, readonly string[]>) {
    this.#table = table
    this.#shared = shared
  }

  get rejected(): ReadonlyMap<string, readonly string[]> {
    return this.#own ?? this.#shared
  }

  /** Always false: what is added is out. */
  add(slot: number, reason: string): false {
    this.#own ??= new Map(Array.from(this.#shared, ([shared, names]) => [shared, [...names]]))
    const name = this.#table.node(slot)?.metadata.name ?? ''
    const names = this.#own.get(reason)
    if (names === undefined) this.#own.set(reason, [name])
    else names.push(name)
    return false
  }
}

/** The slots that the pod may use by its shape, its ports and its requests. A node is listed under the first that keeps the pod away. */
function filter(candidate: Candidate, table: NodeTable, rejections: Rejections): readonly number[] {
  let left = candidate.shape.view(table).fitting
  const { ports } = candidate
  if (ports.length > 0) {
    const reason = "node(s) didn't have free ports for the requested pod ports"
    left = left.filter((slot) => !table.ports(slot).conflicts(ports) || rejections.add(slot, reason))
  }
  for (const demand of demandsOf(candidate.amounts, table)) left = withRoom(left, demand, rejections)
  return left
}

/** One resource of all slots at a time: a plain loop over numbers, which makes a new list only when a slot falls out. */
function withRoom(slots: readonly number[], { column, amount, reason }: Demand, rejections: Rejections): readonly number[] {
  let fitting: number[] | undefined
  const allocatable = column?.allocatable ?? NOTHING
  const requested = column?.requested ?? NOTHING
  for (let index = 0; index < slots.length; index += 1) {
    const slot = slots[index] ?? 0
    if (amount <= (allocatable[slot] ?? 0) - (requested[slot] ?? 0)) {
      fitting?.push(slot)
      continue
    }
    fitting ??= slots.slice(0, index)
    rejections.add(slot, reason)
  }
  return fitting ?? slots
}

const NOTHING = new Float64Array(0)

/** A request of nothing fits everywhere, even on a node that is over-committed; every pod takes a place of the node's pods. */
function demandsOf(amounts: Amounts, table: NodeTable): Demand[] {
  const demands: Demand[] = [{ column: table.column('pods'), amount: 1, reason: 'Too many pods' }]
  for (const [name, amount] of amounts) {
    if (amount > 0) demands.push({ column: table.column(name), amount, reason: `Insufficient ${name}` })
  }
  return demands
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
export function explain(nodeCount: number, rejected: ReadonlyMap<string, readonly string[]>): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods'
  const reasons = [...rejected].map(([reason, nodes]) => `${nodes.length} ${reason}`).sort()
  return `0/${nodeCount} nodes are available: ${reasons.join(', ')}.`
}
