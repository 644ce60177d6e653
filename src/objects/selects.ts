import type { LabelSelectorSpec } from './label-selector.ts'

type Labels = Readonly<Record<string, string>>

/**
 * Whether a stored object's label selector (validated, so it is not checked again) chooses these labels. Controllers ask this for every
 * pod against every owner, so it reads the selector as it stands; label-selector.ts compiles one for long lists. No selector
 * chooses nothing, an empty one everything (metav1.LabelSelector).
 */
export function selects(selector: LabelSelectorSpec | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined) return false
  if (!selectsByMap(selector.matchLabels, labels)) return false
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    // Own ones only: every object has a constructor.
    const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
    if (operator === 'In') return value !== undefined && values.includes(value)
    if (operator === 'NotIn') return value === undefined || !values.includes(value)
    return operator === 'Exists' ? value !== undefined : value === undefined
  })
}

/** All these labels, with these values. */
export function selectsByMap(wanted: Labels | undefined, labels: Labels | undefined): boolean {
  for (const key in wanted) if (labels?.[key] !== wanted[key]) return false
  return true
}
