import type { FieldError } from '../../objects/field-error.ts'
import { invalidValue } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkNotNegative } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { Lease } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'

/** Coordinated leader election (KEP-4355) is not served: its fields are dropped. */
function dropCoordination(draft: Lease): void {
  if (draft.spec?.strategy === undefined && draft.spec?.preferredHolder === undefined) return
  const { strategy: _, preferredHolder: __, ...spec } = draft.spec
  draft.spec = spec
}

function validate(lease: Lease): FieldError[] {
  const errors: Errors = []
  const duration = lease.spec?.leaseDurationSeconds
  if (duration !== undefined && duration <= 0) errors.push(invalidValue('spec.leaseDurationSeconds', duration, 'must be greater than 0'))
  checkNotNegative(errors, 'spec', 'leaseTransitions', lease.spec?.leaseTransitions)
  return errors
}

export const leases: ResourceDefinition<Lease> = {
  ...plainResource,
  kind: kinds.Lease,
  finalizerRule: 'qualified',
  needsRevision: true,
  prepareForCreate: dropCoordination,
  prepareForUpdate: dropCoordination,
  validateCreate: validate,
  validateUpdate: validate,
  columns: [textColumn('Holder', 'Who holds it now.', (lease) => lease.spec?.holderIdentity ?? ''), ageColumn],
}
