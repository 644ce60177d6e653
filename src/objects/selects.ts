import type { LabelSelectorSpec } from './label-selector.ts'
import { labelValue } from './label-value.ts'

type Labels = Readonly<Record<string, string>>
type LabelExpression = NonNullable<LabelSelectorSpec['matchExpressions']>[number]

/**
 * Whether a stored object's label selector (validated, so it is not checked again) chooses these labels. Controllers ask this for every
 * pod against every owner, so it reads the selector as it stands; label-selector.ts compiles one for long lists. No selector
 * chooses nothing, an empty one everything (metav1.LabelSelector).
 */
export function selects(selector: LabelSelectorSpec | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined) return false
  if (!selectsByMap(selector.matchLabels, labels)) return false
  return (selector.matchExpressions ?? []).every((expression) => expressionHolds(expression, labels))
}

/** In, NotIn, Exists; any other operator is DoesNotExist, the last that there is. */
export function expressionHolds({ key, operator, values = [] }: LabelExpression, labels: Labels | undefined): boolean {
  const value = labelValue(labels, key)
  if (operator === 'In') return value !== undefined && values.includes(value)
  if (operator === 'NotIn') return value === undefined || !values.includes(value)
  return operator === 'Exists' ? value !== undefined : value === undefined
}

/** All these labels, with these values. */
export function selectsByMap(wanted: Labels | undefined, labels: Labels | undefined): boolean {
  for (const key in wanted) if (labels?.[key] !== wanted[key]) return false
  return true
}
