import type { CallCosts, CostOf } from '../call-cost.ts'
import { PATTERN_FACTOR, sizeForCost, STRING_FACTOR } from '../call-cost.ts'
import type { Library } from '../environment.ts'
import { standardMacros } from '../standard-macros.ts'
import { standardConversions } from './standard-conversions.ts'
import { standardFunctions } from './standard-functions.ts'
import { standardOperators } from './standard-operators.ts'

/** A tenth of the size of an argument. */
export function traversal(index = 0, factor = 1): CostOf {
  return { before: (args) => Math.ceil(sizeForCost(args[index] ?? null) * factor * STRING_FACTOR) }
}

/** The text, one character longer, times the pattern. */
export const patternCost: CostOf = {
  before: ([text = null, pattern = null]) =>
    Math.ceil((1 + sizeForCost(text)) * STRING_FACTOR) * Math.ceil(sizeForCost(pattern) * PATTERN_FACTOR),
}

const costs: CallCosts = new Map([
  // cel-go charges these for the text, not for what is looked for.
  ['starts_with_string', traversal()],
  ['ends_with_string', traversal()],
  ['string_to_bytes', traversal()],
  ['bytes_to_string', traversal()],
  ['matches', patternCost],
  ['contains_string', {
    before: ([text = null, part = null]) => Math.ceil(sizeForCost(text) * STRING_FACTOR) * Math.ceil(sizeForCost(part) * STRING_FACTOR),
  }],
])

/** What every CEL has. */
export const standardLibrary: Library = {
  name: 'standard',
  functions: [...standardOperators, ...standardFunctions, ...standardConversions],
  macros: standardMacros,
  costs,
}
