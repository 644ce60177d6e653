import type { FieldSelectorAttributes, LabelSelectorAttributes } from '../../resources/generated/types.ts'
import { isStatus } from '../../words/status-error.ts'
import { fieldRequirements, labelRequirements } from '../access/asked-selectors.ts'
import type { AskedRequirement } from '../access.ts'

/** The terms of a review's selector that an authorizer can be asked with. */
export interface ReadSelector {
  readonly terms: readonly AskedRequirement[]
  /** Otherwise something was left out, which makes the question a wider one. */
  readonly isWhole: boolean
}

const NONE: ReadSelector = { terms: [], isWhole: true }

/** A field can be compared with one value only. */
export function readFields(selector: FieldSelectorAttributes | undefined): ReadSelector {
  return read(selector, fieldRequirements, ({ operator, values }) => (operator === 'In' || operator === 'NotIn') && values?.length === 1)
}

const LABEL_OPERATORS: ReadonlySet<string> = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist'])

export function readLabels(selector: LabelSelectorAttributes | undefined): ReadSelector {
  return read(selector, labelRequirements, ({ operator }) => LABEL_OPERATORS.has(operator))
}

function read(
  selector: FieldSelectorAttributes | LabelSelectorAttributes | undefined, parse: (text: string) => readonly AskedRequirement[],
  isKnown: (requirement: AskedRequirement) => boolean,
): ReadSelector {
  if (selector === undefined) return NONE
  const { rawSelector = '', requirements = [] } = selector
  if (rawSelector === '') {
    const terms = requirements.filter(isKnown)
    return { terms, isWhole: terms.length === requirements.length }
  }
  try {
    return { terms: parse(rawSelector), isWhole: true }
  } catch (error) {
    if (isStatus(error, 'BadRequest')) return { terms: [], isWhole: false }
    throw error
  }
}
