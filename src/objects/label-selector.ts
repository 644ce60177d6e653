import { badRequest, isStatus } from '../words/status-error.ts'
import { integerOf, makeRequirement, MAX_REQUIREMENTS, tooManyMessage, type Operator, type Requirement } from './label-requirement.ts'
import { parseRequirements } from './label-selector-parser.ts'
import { labelValue } from './label-value.ts'

/** All requirements must hold; none means everything. 'nothing' selects no object at all. */
export type LabelSelector = { readonly requirements: readonly Requirement[] } | 'nothing'

export type Labels = Readonly<Record<string, string>>

const everything: LabelSelector = { requirements: [] }

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

/** For who has reported already why a selector is wrong in itself. */
export function selectorOrMalformed(spec: LabelSelectorSpec | undefined): LabelSelector | 'malformed' {
  try {
    return selectorFromSpec(spec)
  } catch (error) {
    if (isStatus(error, 'BadRequest')) return 'malformed'
    throw error
  }
}

const SPEC_OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['In', 'in'], ['NotIn', 'notin'], ['Exists', 'exists'], ['DoesNotExist', '!'],
])

function checked(key: string, operator: Operator, values: readonly string[]): Requirement {
  const made = makeRequirement(key, operator, values)
  if ('error' in made) throw badRequest(made.error)
  return made
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
  const value = labelValue(labels, key)
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
  const a = integerOf(value ?? '')
  const b = integerOf(bound ?? '')
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
