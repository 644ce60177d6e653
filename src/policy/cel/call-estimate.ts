import type { Expr } from './ast.ts'
import { PATTERN_FACTOR, STRING_FACTOR } from './call-cost.ts'
import { either, exactly, scaled, sum, times, UNKNOWN_MAX, unknownSize, type Range } from './cost-range.ts'
import type { Type } from './types.ts'

export interface SizedOperand {
  readonly expr: Expr
  readonly type: Type | undefined
  readonly size: Range
  /** Of a list: how large its elements are. */
  readonly elementSize: Range
}

export interface CallEstimate {
  readonly cost: Range
  /** How large the result is, where it is something that has a size. */
  readonly size?: Range
  readonly elementSize?: Range
}

type Estimate = (operands: readonly SizedOperand[], target: SizedOperand | undefined) => CallEstimate

function traversal(range: Range, factor = 1): Range {
  return scaled(range, factor * STRING_FACTOR)
}

function sizeOf(operands: readonly SizedOperand[], index: number): Range {
  return operands[index]?.size ?? unknownSize
}

/** Of the text the function is called on; the result is as large. */
const textFunction: Estimate = (operands) => ({ cost: traversal(sizeOf(operands, 0)), size: { min: 0, max: sizeOf(operands, 0).max } })
const parsing: Estimate = (operands) => ({ cost: traversal(sizeOf(operands, 0)) })
const nominal: Estimate = () => ({ cost: exactly(1) })

const pattern: Estimate = (operands) => {
  const text = scaled(sum(sizeOf(operands, 0), exactly(1)), STRING_FACTOR)
  return { cost: times(text, scaled(sizeOf(operands, 1), PATTERN_FACTOR)), size: { min: 0, max: sizeOf(operands, 0).max } }
}

const listSearch: Estimate = (operands) => {
  const [list] = operands
  const element = list?.type?.kind === 'list' ? list.type.element.kind : undefined
  if (element === undefined) return { cost: traversal(sizeOf(operands, 0)) }
  const isText = element === 'string' || element === 'bytes'
  const perElement = isText ? sum(exactly(1), traversal(list?.elementSize ?? unknownSize)) : exactly(1)
  return { cost: times(sizeOf(operands, 0), perElement) }
}

const comparison: Estimate = (operands) => {
  const max = Math.min(sizeOf(operands, 0).max, sizeOf(operands, 1).max)
  return { cost: scaled({ min: max > 0 ? 1 : 0, max }, STRING_FACTOR) }
}

const concatenation: Estimate = (operands) => {
  const size = sum(sizeOf(operands, 0), sizeOf(operands, 1))
  return { cost: traversal(size), size }
}

const listConcatenation: Estimate = (operands) => {
  const [a, b] = operands
  return {
    cost: exactly(1),
    size: sum(sizeOf(operands, 0), sizeOf(operands, 1)),
    elementSize: either(a?.elementSize ?? unknownSize, b?.elementSize ?? unknownSize),
  }
}

const contains: Estimate = (operands) => ({ cost: times(traversal(sizeOf(operands, 0)), traversal(sizeOf(operands, 1))) })

/** The longest result has the longest replacement in place of the shortest text that can be replaced. */
const replacement: Estimate = (operands) => {
  const [text, old, fresh] = [sizeOf(operands, 0), sizeOf(operands, 1), sizeOf(operands, 2)]
  const count = old.min === 0 ? text.max + 1 : Math.ceil(text.max / old.min)
  const grows = old.min === 0 || fresh.max > old.min
  const max = grows ? Math.min(UNKNOWN_MAX, count * fresh.max + (old.min === 0 ? text.max : 0)) : text.max
  return { cost: traversal(text, 2), size: { min: 0, max } }
}

const splitting: Estimate = (operands) => ({
  cost: traversal(sizeOf(operands, 0), 2),
  size: { min: 0, max: sizeOf(operands, 0).max },
  elementSize: { min: 0, max: sizeOf(operands, 0).max },
})

const joining: Estimate = (operands) => {
  const [list] = operands
  const count = sizeOf(operands, 0)
  const separators = { min: Math.max(0, count.min - 1), max: Math.max(0, count.max - 1) }
  const separatorSize = operands.length > 1 ? sizeOf(operands, 1) : exactly(0)
  const size = sum(times(count, list?.elementSize ?? unknownSize), times(separatorSize, separators))
  return { cost: traversal(size), size }
}

function productOf(factor: number): Estimate {
  return (operands) => ({ cost: sum(exactly(1), scaled(times(sizeOf(operands, 0), sizeOf(operands, 1)), factor)) })
}

/** Comparing addresses of 4 to 16 bytes; parsing the other one when it is text. */
function addressComparison(isCidr: boolean): Estimate {
  const bytes = { min: 4, max: 16 }
  const compare = traversal(sum(bytes, bytes))
  const mask = isCidr ? sum(traversal(bytes), exactly(1)) : exactly(0)
  return (operands) => {
    const parse = operands[1]?.type?.kind === 'string' ? traversal(sizeOf(operands, 1)) : exactly(0)
    return { cost: sum(compare, mask, parse) }
  }
}

/** A requirement is two characters long at least, and each costs 50. */
const selector: Estimate = (operands) => ({
  cost: sum(exactly(10), scaled(scaled(sizeOf(operands, 1), 0.5), 50), traversal(sizeOf(operands, 1))),
})

/** As if the pattern of a format had 128 characters: which format it is shows at run time only. */
const FORMAT_PATTERN = exactly(Math.ceil(128 * PATTERN_FACTOR))
const AUTHORIZATION_CHECK = 350_000

/** By overload, or by name. As in Kubernetes and cel-go; what is not here costs 1. */
const estimates: ReadonlyMap<string, Estimate> = new Map<string, Estimate>([
  ['check', () => ({ cost: exactly(AUTHORIZATION_CHECK) })],
  ['isSorted', listSearch], ['sum', listSearch], ['min', listSearch], ['max', listSearch],
  ['indexOf', listSearch], ['lastIndexOf', listSearch],
  ['url', parsing], ['quantity', parsing], ['isQuantity', parsing], ['cidr', parsing], ['isIP', parsing], ['isCIDR', parsing],
  ['semver', parsing], ['isSemver', parsing], ['string_to_ip', parsing], ['cidr_ip', nominal],
  ['ip.isCanonical', (operands) => ({ cost: traversal(sizeOf(operands, 0), 2) })],
  ['lowerAscii', textFunction], ['upperAscii', textFunction], ['substring', textFunction], ['trim', textFunction],
  ['string_reverse', textFunction],
  ['jsonpatch.escapeKey', textFunction],
  ['fieldSelector', selector], ['labelSelector', selector],
  ['strings.quote', (operands) => ({ cost: traversal(sizeOf(operands, 0)), size: sum(scaled(sizeOf(operands, 0), 2), exactly(2)) })],
  ['replace', replacement], ['split', splitting], ['join', joining],
  ['find', pattern], ['findAll', pattern], ['matches', pattern],
  ['containsIP', addressComparison(false)], ['containsCIDR', addressComparison(true)],
  ['sets.contains', productOf(1)], ['sets.intersects', productOf(1)], ['sets.equivalent', productOf(2)],
  ['validate', (operands) => ({ cost: times(scaled(sum(sizeOf(operands, 1), exactly(1)), STRING_FACTOR), FORMAT_PATTERN) })],
  ['starts_with_string', (operands) => ({ cost: traversal(sizeOf(operands, 1)) })],
  ['ends_with_string', (operands) => ({ cost: traversal(sizeOf(operands, 1)) })],
  ['string_to_bytes', (operands) => ({ cost: traversal(sizeOf(operands, 0)), size: times(sizeOf(operands, 0), { min: 1, max: 4 }) })],
  ['bytes_to_string', (operands) => ({ cost: traversal(sizeOf(operands, 0)), size: { min: 0, max: sizeOf(operands, 0).max } })],
  ['in_list', (operands) => ({ cost: sizeOf(operands, 1) })],
  ['contains_string', contains],
  ['add_string', concatenation], ['add_bytes', concatenation], ['add_list', listConcatenation],
  ['equals', comparison], ['not_equals', comparison],
  ...['less', 'less_equals', 'greater', 'greater_equals'].flatMap((name): [string, Estimate][] => [
    [`${name}_string`, comparison],
    [`${name}_bytes`, comparison],
  ]),
])

/** The operands are the target, where there is one, and the arguments. */
export function estimateCall(
  name: string, overloadId: string, target: SizedOperand | undefined, args: readonly SizedOperand[],
): CallEstimate {
  const operands = target === undefined ? args : [target, ...args]
  const estimate = estimates.get(overloadId) ?? estimates.get(name) ?? nominal
  return estimate(operands, target)
}
