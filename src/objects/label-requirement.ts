import { labelValueErrors, qualifiedNameErrors } from './names.ts'

export type Operator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'

/** One condition on one label. Values are sorted and unique. */
export interface Requirement {
  readonly key: string
  readonly operator: Operator
  readonly values: readonly string[]
}

/** Far above what any client sends; keeps a hostile selector from costing time for every object of a list. */
export const MAX_REQUIREMENTS = 1000
export const MAX_VALUES = 10_000

export function tooManyMessage(): string {
  return `a label selector may have at most ${MAX_REQUIREMENTS} requirements and ${MAX_VALUES} values`
}

/** A requirement, or what is wrong with it. */
export function makeRequirement(key: string, operator: Operator, given: readonly string[]): Requirement | { readonly error: string } {
  const keyErrors = qualifiedNameErrors(key)
  if (keyErrors.length > 0) return { error: `<nil>: Invalid value: ${JSON.stringify(key)}: ${keyErrors.join('; ')}` }
  const values = given.length < 2 ? given : [...new Set(given)].sort()
  const shape = shapeError(operator, values)
  if (shape !== undefined) return { error: `values: Invalid value: ${JSON.stringify(values)}: ${shape}` }
  for (const [index, value] of values.entries()) {
    if ((operator === 'gt' || operator === 'lt') && integerOf(value) === undefined) {
      return { error: `values[${index}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer` }
    }
    const errors = labelValueErrors(value)
    if (errors.length > 0) return { error: `values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${errors.join('; ')}` }
  }
  return { key, operator, values }
}

function shapeError(operator: Operator, values: readonly string[]): string | undefined {
  switch (operator) {
    case 'in': case 'notin':
      return values.length === 0 ? "for 'in', 'notin' operators, values set can't be empty" : undefined
    case '=': case '==': case '!=':
      return values.length === 1 ? undefined : 'exact-match compatibility requires one single value'
    case 'exists': case '!':
      return values.length === 0 ? undefined : 'values set must be empty for exists and does not exist'
    case 'gt': case 'lt':
      return values.length === 1 ? undefined : "for 'Gt', 'Lt' operators, exactly one value is required"
  }
}

/** A label's value as a number, for gt and lt. */
export function integerOf(text: string): bigint | undefined {
  return /^[+-]?\d{1,19}$/.test(text) ? BigInt(text.replace('+', '')) : undefined
}
