import type { Candidate } from './decide.ts'
import { scoredAmount, type NodeTable } from './node-table.ts'
import { countDomains, HOSTNAME_LABEL } from './spreading.ts'

/** How much each score counts, as in upstream's default profile; each score runs from 0 to 100. */
const WEIGHTS = { leastAllocated: 1, balanced: 1, taints: 3, affinity: 2, spread: 2 } as const
const MAX_SCORE = 100

type Scores = Float64Array

/** The best of the slots that fit, the lowest one of equals; undefined when there is none. */
export function bestSlot(candidate: Candidate, table: NodeTable, fitting: readonly number[]): number | undefined {
  if (fitting.length <= 1) return fitting[0]
  const total = resourceScores(candidate, table, fitting)
  addScaled(total, taintScores(candidate, table, fitting), WEIGHTS.taints)
  addScaled(total, affinityScores(candidate, table, fitting), WEIGHTS.affinity)
  addScaled(total, spreadScores(candidate, table, fitting), WEIGHTS.spread)
  let best = 0
  for (let index = 1; index < fitting.length; index += 1) if ((total[index] ?? 0) > (total[best] ?? 0)) best = index
  return fitting[best]
}

/** What would be left free (least allocated), and how evenly cpu and memory would be used (balanced allocation). */
function resourceScores(candidate: Candidate, table: NodeTable, fitting: readonly number[]): Scores {
  const scores = new Float64Array(fitting.length)
  const cpu = {
    capacity: table.column('cpu')?.allocatable,
    used: table.column('scored-cpu')?.requested,
    own: scoredAmount(candidate.amounts, 'cpu'),
  }
  const memory = {
    capacity: table.column('memory')?.allocatable,
    used: table.column('scored-memory')?.requested,
    own: scoredAmount(candidate.amounts, 'memory'),
  }
  fitting.forEach((slot, index) => {
    const cpuShare = share(cpu.used?.[slot], cpu.own, cpu.capacity?.[slot])
    const memoryShare = share(memory.used?.[slot], memory.own, memory.capacity?.[slot])
    const free = ((1 - cpuShare) + (1 - memoryShare)) / 2
    const balance = 1 - Math.abs(cpuShare - memoryShare) / 2
    scores[index] = MAX_SCORE * (free * WEIGHTS.leastAllocated + balance * WEIGHTS.balanced)
  })
  return scores
}

function share(used: number | undefined, own: number, capacity: number | undefined): number {
  if (capacity === undefined || capacity <= 0) return 1
  return Math.min(1, ((used ?? 0) + own) / capacity)
}

/** Fewer untolerated PreferNoSchedule taints are better. */
function taintScores(candidate: Candidate, table: NodeTable, fitting: readonly number[]): Scores | undefined {
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
function spreadScores(candidate: Candidate, table: NodeTable, fitting: readonly number[]): Scores | undefined {
  const crowds = crowdsOf(candidate, table, fitting)
  if (crowds === undefined) return undefined
  let [fewest, most] = [Infinity, 0]
  for (const crowd of crowds) {
    fewest = Math.min(fewest, crowd)
    most = Math.max(most, crowd)
  }
  return most === fewest ? undefined : crowds.map((crowd) => (MAX_SCORE * (most - crowd)) / (most - fewest))
}

function crowdsOf(candidate: Candidate, table: NodeTable, fitting: readonly number[]): Float64Array | undefined {
  const soft = (candidate.spec.topologySpreadConstraints ?? []).filter((constraint) => constraint.whenUnsatisfiable === 'ScheduleAnyway')
  const crowds = new Float64Array(fitting.length)
  for (const constraint of soft) {
    const counts = table.spread.countsForConstraint(candidate.pod, constraint)
    const domains =
      constraint.topologyKey === HOSTNAME_LABEL ? undefined : countDomains(table.spread, constraint.topologyKey, counts, fitting)
    fitting.forEach((slot, index) => {
      const crowd =
        domains === undefined ? (counts[slot] ?? 0) : (domains.get(table.spread.topologyValue(slot, constraint.topologyKey) ?? '') ?? 0)
      crowds[index] = (crowds[index] ?? 0) + crowd
    })
  }
  if ((candidate.spec.topologySpreadConstraints ?? []).length > 0) return soft.length > 0 ? crowds : undefined
  const owned = table.spread.countsForOwner(candidate.pod)
  return owned === undefined ? undefined : crowds.map((_, index) => owned[fitting[index] ?? 0] ?? 0)
}

function addScaled(total: Scores, scores: Scores | undefined, weight: number): void {
  if (scores === undefined) return
  for (let index = 0; index < total.length; index += 1) total[index] = (total[index] ?? 0) + weight * (scores[index] ?? 0)
}
