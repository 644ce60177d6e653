import type { Candidate } from './decide.ts'
import { scoredAmount, type NodeTable } from './node-table.ts'
import type { Amounts } from './pod-requests.ts'
import { countDomains, HOSTNAME_LABEL } from './spreading.ts'

/** How much each score counts, as in upstream's default profile; each score runs from 0 to 100. */
const WEIGHTS = { leastAllocated: 1, balanced: 1, taints: 3, affinity: 2, spread: 2 } as const
const MAX_SCORE = 100

/** A score of each slot that fits, in their order. */
type Scores = Float64Array

/** The best of the slots that fit, the lowest one of equals; undefined when there is none. room: the resourceScore by slot. */
export function bestSlot(candidate: Candidate, table: NodeTable, fitting: readonly number[], room: Float64Array): number | undefined {
  if (fitting.length <= 1) return fitting[0]
  const taints = taintScores(candidate, table, fitting)
  const affinity = affinityScores(candidate, table, fitting)
  const spread = spreadScore(candidate, table, fitting)
  let best: number | undefined
  let most = -Infinity
  // Most pods have room alone to be compared by: nothing is allocated for them.
  for (let index = 0; index < fitting.length; index += 1) {
    const slot = fitting[index] ?? 0
    let score = room[slot] ?? 0
    if (taints !== undefined) score += WEIGHTS.taints * (taints[index] ?? 0)
    if (affinity !== undefined) score += WEIGHTS.affinity * (affinity[index] ?? 0)
    if (spread !== undefined) score += WEIGHTS.spread * spread(slot)
    if (score > most) [best, most] = [slot, score]
  }
  return best
}

const NOTHING = new Float64Array(0)

/** What would be left free (least allocated), and how evenly cpu and memory would be used (balanced allocation). */
export function resourceScore(amounts: Amounts, table: NodeTable): (slot: number) => number {
  const cpuCapacity = table.column('cpu')?.allocatable ?? NOTHING
  const cpuUsed = table.column('scored-cpu')?.requested ?? NOTHING
  const memoryCapacity = table.column('memory')?.allocatable ?? NOTHING
  const memoryUsed = table.column('scored-memory')?.requested ?? NOTHING
  const cpu = scoredAmount(amounts, 'cpu')
  const memory = scoredAmount(amounts, 'memory')
  return (slot) => {
    const cpuShare = share((cpuUsed[slot] ?? 0) + cpu, cpuCapacity[slot] ?? 0)
    const memoryShare = share((memoryUsed[slot] ?? 0) + memory, memoryCapacity[slot] ?? 0)
    const free = ((1 - cpuShare) + (1 - memoryShare)) / 2
    const balance = 1 - Math.abs(cpuShare - memoryShare) / 2
    return MAX_SCORE * (free * WEIGHTS.leastAllocated + balance * WEIGHTS.balanced)
  }
}

function share(used: number, capacity: number): number {
  return capacity <= 0 ? 1 : Math.min(1, used / capacity)
}

/** Fewer untolerated PreferNoSchedule taints are better. */
function taintScores(candidate: Candidate, table: NodeTable, fitting: readonly number[]): Scores | undefined {
  if (!candidate.shape.view(table).hasUnpreferredTaints) return undefined
  const counts = new Float64Array(fitting.length)
  let most = 0
  fitting.forEach((slot, index) => {
    const node = table.node(slot)
    counts[index] = node === undefined ? 0 : candidate.shape.answer(slot, node, table.version(slot)).unpreferredTaints
    most = Math.max(most, counts[index] ?? 0)
  })
  return most === 0 ? undefined : counts.map((count) => MAX_SCORE * (1 - count / most))
}

function affinityScores(candidate: Candidate, table: NodeTable, fitting: readonly number[]): Scores | undefined {
  if (!candidate.shape.hasPreference) return undefined
  const weights = new Float64Array(fitting.length)
  let most = 0
  fitting.forEach((slot, index) => {
    const node = table.node(slot)
    weights[index] = node === undefined ? 0 : candidate.shape.answer(slot, node, table.version(slot)).preference
    most = Math.max(most, weights[index] ?? 0)
  })
  return most === 0 ? undefined : weights.map((weight) => (MAX_SCORE * weight) / most)
}

/** Fewer pods of the same constraint in the domain are better; without constraints, fewer pods of the same owner on the node. */
function spreadScore(candidate: Candidate, table: NodeTable, fitting: readonly number[]): ((slot: number) => number) | undefined {
  const crowds = crowdsOf(candidate, table, fitting)
  if (crowds === undefined) return undefined
  let [fewest, most] = [Infinity, 0]
  for (let index = 0; index < fitting.length; index += 1) {
    const crowd = crowds[fitting[index] ?? 0] ?? 0
    if (crowd < fewest) fewest = crowd
    if (crowd > most) most = crowd
  }
  return most === fewest ? undefined : (slot) => (MAX_SCORE * (most - (crowds[slot] ?? 0))) / (most - fewest)
}

/** How many pods count against each slot. */
function crowdsOf(candidate: Candidate, table: NodeTable, fitting: readonly number[]): ArrayLike<number> | undefined {
  const constraints = candidate.spec.topologySpreadConstraints ?? []
  if (constraints.length === 0) return table.spread.countsForOwner(candidate.pod)
  const soft = constraints.filter((constraint) => constraint.whenUnsatisfiable === 'ScheduleAnyway')
  if (soft.length === 0) return undefined
  const crowds = new Float64Array(table.slots)
  for (const constraint of soft) {
    const counts = table.spread.countsForConstraint(candidate.pod, constraint)
    const domains =
      constraint.topologyKey === HOSTNAME_LABEL ? undefined : countDomains(table.spread, constraint.topologyKey, counts, fitting)
    for (const slot of fitting) {
      const crowd =
        domains === undefined ? (counts[slot] ?? 0) : (domains.get(table.spread.topologyValue(slot, constraint.topologyKey) ?? '') ?? 0)
      crowds[slot] = (crowds[slot] ?? 0) + crowd
    }
  }
  return crowds
}
