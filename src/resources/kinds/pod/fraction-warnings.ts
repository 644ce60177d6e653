import { amountMilli } from '../../resource-list.ts'

/** Bytes come whole. */
export function fractionWarnings(
  path: string, amounts: Readonly<Record<string, string>> | undefined, names: readonly string[] = BYTES,
): string[] {
  if (amounts === undefined) return []
  return names.flatMap((name) => {
    const amount = amounts[name]
    if (amount === undefined || (amountMilli(amount) ?? 0) % 1000 === 0) return []
    return [`${path}[${name}]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`]
  })
}

const BYTES = ['memory', 'ephemeral-storage']
