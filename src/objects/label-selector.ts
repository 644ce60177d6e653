import { badRequest } from '../words/status-error.ts'
import { labelValueErrors, qualifiedNameErrors } from './names.ts'
import { parseRequirements } from './label-selector-parser.ts'

export type Operator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'

/** One condition on one label. Values are sorted and unique. */
export interface Requirement {
  readonly key: string
  readonly operator: Operator
  readonly values: readonly string[]
}

/** All requirements must hold; none means everything. 'nothing' selects no object at all. */
export type LabelSelector = { readonly requirements: readonly Requirement[] } | 'nothing'

export type Labels = Readonly<Record<string, string>>

export const everything: LabelSelector = { requirements: [] }

/** Far above what any client sends; keeps a hostile selector from costing time for every object of a list. */
export const MAX_REQUIREMENTS = 1000
export const MAX_VALUES = 10_000

/** metav1.LabelSelector, as specs carry it. */
export interface LabelSelectorSpec {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/** app=web,tier in (a,b),!legacy,cores>4. Throws StatusError 400 in upstream's words. */
export function parseLabelSelector(text: string): LabelSelector {
  if (text.trim() === '') return everything
  const parsed = parseRequirements(text)
  if ('error' in parsed) throw badRequest(parsed.error)
  return { requirements: sortByKey(parsed.requirements) }
}

/** A missing selector selects nothing, an empty one everything. Throws StatusError 400 when it is wrong. */
export function selectorFromSpec(spec: LabelSelectorSpec | undefined): LabelSelector {
  if (spec === undefined) return 'nothing'
  const requirements: Requirement[] = []
  for (const [key, value] of Object.entries(spec.matchLabels ?? {})) requirements.push(checked(key, '=', [value]))
  for (const { key, operator, values = [] } of spec.matchExpressions ?? []) {
    const known = SPEC_OPERATORS.get(operator)
    if (known === undefined) throw badRequest(`"${operator}" is not a valid label selector operator`)
    requirements.push(checked(key, known, values))
  }
  if (requirements.length > MAX_REQUIREMENTS) throw badRequest(tooManyMessage())
  return { requirements: sortByKey(requirements) }
}

/** Every given label must have that value (Service selectors, ReplicationController selectors). */
export function selectorFromLabels(labels: Labels): LabelSelector {
  return { requirements: sortByKey(Object.entries(labels).map(([key, value]) => ({ key, operator: '=', values: [value] }))) }
}

const SPEC_OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['In', 'in'], ['NotIn', 'notin'], ['Exists', 'exists'], ['DoesNotExist', '!'],
])

function checked(key: string, operator: Operator, values: readonly string[]): Requirement {
  const made = makeRequirement(key, operator, values)
  if ('error' in made) throw badRequest(made.error)
  return made
}

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
    if ((operator === 'gt' || operator === 'lt') && integer(value) === undefined) {
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

function integer(text: string): bigint | undefined {
  return /^[+-]?\d{1,19}$/.test(text) ? BigInt(text.replace('+', '')) : undefined
}

function sortByKey(requirements: readonly Requirement[]): readonly Requirement[] {
  return requirements.length < 2 ? requirements : requirements.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
}

export function matchesLabels(selector: LabelSelector, labels: Labels | undefined): boolean {
  if (selector === 'nothing') return false
  for (const requirement of selector.requirements) if (!holds(requirement, labels)) return false
  return true
}

function holds({ key, operator, values }: Requirement, labels: Labels | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case '=': case '==': return value === values[0]
    case 'in': return value !== undefined && values.includes(value)
    // A label that is not there is not equal to anything.
    case '!=': return value !== values[0]
    case 'notin': return value === undefined || !values.includes(value)
    case 'exists': return value !== undefined
    case '!': return value === undefined
    case 'gt': return compare(value, values[0]) === 1
    case 'lt': return compare(value, values[0]) === -1
  }
}

function compare(value: string | undefined, bound: string | undefined): -1 | 0 | 1 | undefined {
  const a = integer(value ?? '')
  const b = integer(bound ?? '')
  if (a === undefined || b === undefined) return undefined
  return a < b ? -1 : a > b ? 1 : 0
}

/** As upstream prints it: app=web,tier in (a,b),!legacy. 'nothing' has no text and gives ''. */
export function formatLabelSelector(selector: LabelSelector): string {
  return selector === 'nothing' ? '' : selector.requirements.map(formatRequirement).join(',')
}

function formatRequirement({ key, operator, values }: Requirement): string {
  switch (operator) {
    case '=': case '==': case '!=': return `${key}${operator}${values[0] ?? ''}`
    // A lone empty value needs a comma: () would be no values at all.
    case 'in': case 'notin': return `${key} ${operator} (${values.length === 1 && values[0] === '' ? ',' : values.join(',')})`
    case 'exists': return key
    case '!': return `!${key}`
    case 'gt': return `${key}>${values[0] ?? ''}`
    case 'lt': return `${key}<${values[0] ?? ''}`
  }
}
