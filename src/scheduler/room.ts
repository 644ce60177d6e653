import type { NodeTable, ResourceColumn } from './node-table.ts'
import type { Amounts } from './pod-requests.ts'
import type { PodShape } from './pod-shape.ts'
import { Rejections } from './rejections.ts'
import { resourceScore } from './score.ts'

/** Which slots have room for a pod, and how good that room is. */
export interface Room {
  readonly fitting: readonly number[]
  /** By slot; NaN where the pod does not fit. */
  readonly scores: Float64Array
  readonly rejected: ReadonlyMap<string, readonly string[]>
}

interface Demand {
  readonly column: ResourceColumn | undefined
  readonly amount: number
  readonly reason: string
}

/** slots: those that are left to look at; the others stand in rejections. */
export function makeRoom(amounts: Amounts, table: NodeTable, slots: readonly number[], rejections: Rejections): Room {
  let fitting = slots
  for (const demand of demandsOf(amounts, table)) fitting = withRoom(fitting, demand, rejections)
  const scores = new Float64Array(table.slots).fill(NaN)
  const scoreOf = resourceScore(amounts, table)
  for (let index = 0; index < fitting.length; index += 1) {
    const slot = fitting[index] ?? 0
    scores[slot] = scoreOf(slot)
  }
  return { fitting, scores, rejected: rejections.rejected }
}

/** One resource of all slots at a time: a plain loop over numbers, which makes a new list only when a slot falls out. */
function withRoom(slots: readonly number[], demand: Demand, rejections: Rejections): readonly number[] {
  let fitting: number[] | undefined
  for (let index = 0; index < slots.length; index += 1) {
    const slot = slots[index] ?? 0
    if (isMet(demand, slot)) {
      fitting?.push(slot)
      continue
    }
    fitting ??= slots.slice(0, index)
    rejections.add(slot, demand.reason)
  }
  return fitting ?? slots
}

function isMet({ column, amount }: Demand, slot: number): boolean {
  return amount <= (column?.allocatable[slot] ?? 0) - (column?.requested[slot] ?? 0)
}

/** A request of nothing fits everywhere, even on a node that is over-committed; every pod takes a place of the node's pods. */
function demandsOf(amounts: Amounts, table: NodeTable): Demand[] {
  const demands: Demand[] = [{ column: table.column('pods'), amount: 1, reason: 'Too many pods' }]
  for (const [name, amount] of amounts) {
    if (amount > 0) demands.push({ column: table.column(name), amount, reason: `Insufficient ${name}` })
  }
  return demands
}

/** A room that is kept, and what it was made from. */
interface KeptRoom {
  room: Room
  generation: number
  /** The table's count of changes that it has taken in. */
  changes: number
}

interface Asking {
  readonly shape: PodShape
  readonly amounts: Amounts
}

/** Each holds a number a node: many more templates than these are seldom scheduled at the same time. */
const MAX_ROOMS = 32

/**
 * The rooms of the pods that were asked for last, by shape and requests. Placing a pod changes one node, so that for the next pod of a
 * template one node is looked at instead of all. What comes out is always what makeRoom would give.
 */
export class Rooms {
  readonly #kept = new Map<string, KeptRoom>()

  of(asking: Asking, table: NodeTable): Room {
    const key = keyOf(asking)
    const known = this.#kept.get(key)
    if (known !== undefined) this.#kept.delete(key)
    const kept = known !== undefined && refresh(known, asking, table) ? known : keep(asking, table)
    this.#kept.set(key, kept)
    if (this.#kept.size > MAX_ROOMS) {
      const [oldest] = this.#kept.keys()
      if (oldest !== undefined) this.#kept.delete(oldest)
    }
    return kept.room
  }
}

function keep({ shape, amounts }: Asking, table: NodeTable): KeptRoom {
  const view = shape.view(table)
  const room = makeRoom(amounts, table, view.fitting, new Rejections(table, view.rejected))
  return { room, generation: view.generation, changes: table.changes }
}

/** False: it must be made anew, because a node fits no longer, fits again, or may be rejected for another reason. */
function refresh(kept: KeptRoom, { shape, amounts }: Asking, table: NodeTable): boolean {
  if (kept.generation !== table.generation || table.changes - kept.changes > table.rememberedChanges) return false
  const demands = demandsOf(amounts, table)
  const scoreOf = resourceScore(amounts, table)
  const { scores } = kept.room
  for (; kept.changes < table.changes; kept.changes += 1) {
    const slot = table.changedSlot(kept.changes)
    if (!shape.fits(slot, table)) continue
    if (Number.isNaN(scores[slot]) || !demands.every((demand) => isMet(demand, slot))) return false
    scores[slot] = scoreOf(slot)
  }
  return true
}

function keyOf({ shape, amounts }: Asking): string {
  let key = shape.key
  for (const [name, amount] of amounts) key += `\n${name}=${amount}`
  return key
}
