import { forbiddenField, invalidValue, required } from '../objects/field-error.ts'
import { canonicalQuantity, formatQuantity, milliUnits, parseQuantity, quantityFromMilli, wholeUnits } from '../objects/quantity.ts'
import type { Errors } from './field-checks.ts'
import { NOT_NEGATIVE } from './field-checks.ts'
import type { ResourceRequirements } from './generated/types.ts'
import { checkContainerResourceName, hugePageSize, isHugePages, isInteger, isOvercommitAllowed } from './resource-names.ts'

export type ResourceList = Record<string, string>

/** What has no more than thousandths, or surely not: 1u, 2n, 0.12345. */
const FINER_THAN_MILLI = /[nu]$|\.\d{4}|[eE]-/

/** Writes every quantity in its canonical form, in thousandths at the finest: 0.5 -> 500m, 1024Mi -> 1Gi, 1n -> 1m. */
export function canonicalizeResources(list: ResourceList | undefined): void {
  for (const name in list) {
    const text = list[name] ?? ''
    const canonical = canonicalAmount(text)
    if (canonical !== undefined && canonical !== text) list[name] = canonical
  }
}

function canonicalAmount(text: string): string | undefined {
  if (!FINER_THAN_MILLI.test(text)) return canonicalQuantity(text)
  const milli = milliUnits(text)
  return milli === undefined ? undefined : formatQuantity(quantityFromMilli(milli))
}

/**
 * Thousandths of an amount; undefined when the text is none. Reads what nearly all manifests have (250m, 2, 64Mi) by hand:
 * every pod has a few of these and each is looked at several times.
 */
export function amountMilli(text: string): number | undefined {
  let value = 0
  let index = 0
  for (; index < text.length && index < 7; index++) {
    const digit = text.charCodeAt(index) - 48
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  if (index > 0 && index < 7) {
    switch (text.slice(index)) {
      case '': return value * 1000
      case 'm': return value
      case 'Mi': return value * 1_048_576_000
      case 'Gi': return value * 1_073_741_824_000
    }
  }
  return milliUnits(text)
}

/** Says so when the text is no quantity, is negative, or a fraction of what is counted in pieces. */
export function checkAmount(errors: Errors, path: string, name: string, text: string): void {
  const milli = amountMilli(text)
  if (milli === undefined) errors.push(invalidValue(path, text, 'must be a valid resource quantity'))
  else if (milli < 0) errors.push(invalidValue(path, canonicalQuantity(text), NOT_NEGATIVE))
  else if (milli % 1000 !== 0 && isInteger(name)) errors.push(invalidValue(path, text, 'must be an integer'))
}

/** What upstream says of amounts of storage, where it looks at them one by one. */
export function checkBasicAmount(errors: Errors, path: string, text: string): void {
  const milli = amountMilli(text)
  if (milli === undefined) errors.push(invalidValue(path, text, 'must be a valid resource quantity'))
  else if (milli < 0) errors.push(invalidValue(path, wholeUnits(text) ?? text, 'must be a valid resource quantity'))
}

/** Compares in thousandths, exactly where numbers cannot tell. */
export function compareAmounts(a: string, b: string): number {
  if (a === b) return 0
  const left = amountMilli(a) ?? 0
  const right = amountMilli(b) ?? 0
  if (Number.isSafeInteger(left) && Number.isSafeInteger(right)) return left - right
  const [exactLeft, exactRight] = [parseQuantity(a)?.nanos ?? 0n, parseQuantity(b)?.nanos ?? 0n]
  return exactLeft < exactRight ? -1 : exactLeft > exactRight ? 1 : 0
}

interface Seen {
  compute: boolean
  hugePages: boolean
}

export function checkResourceRequirements(errors: Errors, path: string, { limits, requests }: ResourceRequirements): void {
  const seen: Seen = { compute: false, hugePages: false }
  for (const name in limits) checkOne(errors, path, 'limits', name, limits[name] ?? '', seen)
  for (const name in requests) {
    const request = requests[name] ?? ''
    checkOne(errors, path, 'requests', name, request, seen)
    if (limits?.[name] !== request || request === '') checkAgainstLimit(errors, path, name, request, limits?.[name])
  }
  if (seen.hugePages && !seen.compute) errors.push(forbiddenField(path, 'HugePages require cpu or memory'))
}

/** Nearly all pods ask for cpu and memory in amounts that need no second look: those cost no path. */
function checkOne(errors: Errors, path: string, list: 'limits' | 'requests', name: string, amount: string, seen: Seen): void {
  if (name === 'cpu' || name === 'memory') {
    seen.compute = true
    if ((amountMilli(amount) ?? -1) >= 0) return
  }
  const field = `${path}.${list}[${name}]`
  checkContainerResourceName(errors, field, name)
  checkAmount(errors, field, name, amount)
  if (!isHugePages(name)) return
  seen.hugePages = true
  const [bytes, page] = [wholeUnits(amount), wholeUnits(hugePageSize(name))]
  // A size of pages that is none divides nothing.
  if (bytes !== undefined && (page === undefined || page <= 0 || bytes % page !== 0)) {
    errors.push(invalidValue(field, amount, `${amount} is not positive integer multiple of ${name}`))
  }
}

function checkAgainstLimit(errors: Errors, path: string, name: string, request: string, limit: string | undefined): void {
  if (limit === undefined) {
    if (!isOvercommitAllowed(name)) errors.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'))
    return
  }
  const order = compareAmounts(request, limit)
  if (order !== 0 && !isOvercommitAllowed(name)) {
    errors.push(invalidValue(`${path}.requests`, request, `must be equal to ${name} limit of ${limit}`))
  } else if (order > 0) {
    errors.push(invalidValue(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`))
  }
}
