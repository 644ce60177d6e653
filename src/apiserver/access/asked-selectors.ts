import { parseFieldSelector } from '../../objects/field-selector.ts'
import { parseLabelSelector } from '../../objects/label-selector.ts'
import { isStatus } from '../../words/status-error.ts'
import type { AskedRequirement, AskedSelector, RequestInfo } from '../access.ts'

type Selectors = Readonly<Record<string, { readonly requirements: readonly AskedRequirement[] }>>

/** Operators of label selectors that a review has a word for. */
const OPERATORS: Readonly<Record<string, string>> = {
  '=': 'In', '==': 'In', in: 'In', '!=': 'NotIn', notin: 'NotIn', exists: 'Exists', '!': 'DoesNotExist',
}

/** fieldSelector and labelSelector as reviews have them. What cannot be read, or be said, is left out: it would only have narrowed the question. */
export function askedSelectors({ fieldSelector, labelSelector }: RequestInfo): Selectors {
  if (fieldSelector === undefined && labelSelector === undefined) return {}
  const [fields, labels] = [requirementsOf(fieldSelector, fieldRequirements), requirementsOf(labelSelector, labelRequirements)]
  return {
    ...(fields.length === 0 ? {} : { fieldSelector: { requirements: fields } }),
    ...(labels.length === 0 ? {} : { labelSelector: { requirements: labels } }),
  }
}

/** The terms of a field selector, as far as they can be read. */
export function askedFields(asked: AskedSelector | undefined): readonly AskedRequirement[] {
  return requirementsOf(asked, fieldRequirements)
}

function requirementsOf(
  asked: AskedSelector | undefined, parse: (text: string) => readonly AskedRequirement[],
): readonly AskedRequirement[] {
  if (asked === undefined || asked === '') return []
  if (typeof asked !== 'string') return asked.filter(({ operator }) => KNOWN.has(operator))
  try {
    return parse(asked)
  } catch (error) {
    if (isStatus(error, 'BadRequest')) return []
    throw error
  }
}

const KNOWN: ReadonlySet<string> = new Set(Object.values(OPERATORS))

/** Throws StatusError 400. */
export function fieldRequirements(text: string): readonly AskedRequirement[] {
  return parseFieldSelector(text).map(({ field, equal, value }) => ({ key: field, operator: equal ? 'In' : 'NotIn', values: [value] }))
}

/** Throws StatusError 400. What a review has no word for (a comparison of numbers) is left out. */
export function labelRequirements(text: string): readonly AskedRequirement[] {
  const selector = parseLabelSelector(text)
  if (selector === 'nothing') return []
  return selector.requirements.flatMap(({ key, operator, values }) => {
    const word = OPERATORS[operator]
    if (word === undefined) return []
    return [{ key, operator: word, ...(word === 'In' || word === 'NotIn' ? { values: [...values] } : {}) }]
  })
}
