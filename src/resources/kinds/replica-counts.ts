import { invalidValue } from '../../objects/field-error.ts'
import type { Errors } from '../field-checks.ts'
import { checkNotNegative } from '../field-checks.ts'

export interface ReplicaCounts {
  readonly replicas?: number
  readonly readyReplicas?: number
  readonly availableReplicas?: number
}

/** Counts in a status: none negative, no part larger than the whole. */
export function checkCounts<S extends ReplicaCounts>(
  errors: Errors,
  status: S,
  fields: readonly (keyof S & string)[],
  parts: readonly (keyof S & string)[]
): void {
  const number = (field: keyof S): number => {
    const value: unknown = status[field]
    return typeof value === 'number' ? value : 0
  }
  for (const field of fields) checkNotNegative(errors, 'status', field, number(field))
  for (const field of parts) {
    if (number(field) > (status.replicas ?? 0)) {
      errors.push(invalidValue(`status.${field}`, number(field), 'cannot be greater than status.replicas'))
    }
  }
  if ((status.availableReplicas ?? 0) > (status.readyReplicas ?? 0)) {
    errors.push(invalidValue('status.availableReplicas', status.availableReplicas, 'cannot be greater than readyReplicas'))
  }
}

/** How often a name for a new revision was taken already: it only ever grows. */
export function checkCollisionCount(errors: Errors, count: number | undefined, before: number | undefined): void {
  if (before !== undefined && (count === undefined || count < before)) {
    errors.push(invalidValue('status.collisionCount', count ?? 0, 'cannot be decremented'))
  }
}
