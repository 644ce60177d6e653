import type { Backend } from './service-endpoints.ts'

/**
 * A packet's slot is a random number, or a hash of the client's address, below a constant. How many slots a Service port has depends on the
 * number of its backends, so that each gets the same share: 12 slots divide evenly among 2, 3, 4 or 6; 420 also among 5, 7, 10, 15 and so
 * on, and otherwise to within a few per cent. Most Services have one backend and need one element.
 */
export type SlotClass = 'one' | 'dozen' | 'many' | 'sticky'

export const SLOTS: Readonly<Record<SlotClass, number>> = { one: 1, dozen: 12, many: 420, sticky: 420 }

export interface Slots {
  readonly slotClass: SlotClass
  /** The backend of each slot. */
  readonly backends: readonly Backend[]
}

/** Undefined when there is no backend. With more backends than slots the first ones in order serve. */
export function slotsFor(backends: readonly Backend[], sticky: boolean): Slots | undefined {
  const [first] = backends
  if (first === undefined) return undefined
  if (backends.length === 1) return { slotClass: 'one', backends: [first] }
  if (sticky) return { slotClass: 'sticky', backends: fill('sticky', (slot) => highestRandomWeight(backends, slot) ?? first) }
  const slotClass = SLOTS.dozen % backends.length === 0 ? 'dozen' : 'many'
  return { slotClass, backends: fill(slotClass, (slot) => backends[slot % backends.length] ?? first) }
}

function fill(slotClass: SlotClass, backendOf: (slot: number) => Backend): Backend[] {
  return Array.from({ length: SLOTS[slotClass] }, (_, slot) => backendOf(slot))
}

/** Rendezvous hashing: when a backend comes or goes, only its own share of the slots, and so of the clients, moves. */
function highestRandomWeight(backends: readonly Backend[], slot: number): Backend | undefined {
  let best: Backend | undefined
  let bestWeight = -1
  for (const backend of backends) {
    const weight = hash(`${slot}/${backend.address}:${backend.port}`)
    if (weight > bestWeight) [best, bestWeight] = [backend, weight]
  }
  return best
}

/** FNV-1a with 32 bits, then mixed: neighbouring slots must not give neighbouring weights. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
