import { addQuantities, compareQuantities, formatQuantity, parseQuantity } from '../../objects/quantity.ts'
import type { Quantity } from '../../objects/quantity.ts'

/** Amounts by resource name: cpu, memory, example.com/gpu. */
export type Quantities = Map<string, Quantity>
export type ReadonlyQuantities = ReadonlyMap<string, Quantity>

export const nothing: ReadonlyQuantities = new Map()

/** What is no quantity is left out: validation has its word on it. */
export function quantitiesOf(list: Readonly<Record<string, string>> | undefined): Quantities {
  const quantities: Quantities = new Map()
  for (const name in list) {
    const quantity = parseQuantity(list[name] ?? '')
    if (quantity !== undefined) quantities.set(name, quantity)
  }
  return quantities
}

export function addTo(target: Quantities, more: ReadonlyQuantities): void {
  for (const [name, quantity] of more) {
    const before = target.get(name)
    target.set(name, before === undefined ? quantity : addQuantities(before, quantity))
  }
}

export function raiseTo(target: Quantities, floor: ReadonlyQuantities): void {
  for (const [name, quantity] of floor) {
    const before = target.get(name)
    if (before === undefined || compareQuantities(before, quantity) < 0) target.set(name, quantity)
  }
}

/** cpu=500m,memory=1Gi, by name. */
export function quantitiesText(quantities: ReadonlyQuantities): string {
  return [...quantities].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, quantity]) => `${name}=${formatQuantity(quantity)}`).join(',')
}
