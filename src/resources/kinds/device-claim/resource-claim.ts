import type { FieldError } from '../../../objects/field-error.ts'
import { forbiddenField } from '../../../objects/field-error.ts'
import type { ResourceDefinition } from '../../definition.ts'
import type { Errors } from '../../field-checks.ts'
import { checkAnnotations, checkImmutable, checkLabels } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type { ResourceClaimTemplate, ResourceV1beta1ResourceClaim as ResourceClaim } from '../../generated/types.ts'
import { keepAllButStatus, keepStatus, plainResource } from '../../plain-resource.ts'
import { ageColumn, textColumn } from '../../table.ts'
import { checkClaimSpec, claimExpressions, defaultClaimSpec, withoutAdminAccess } from './claim-checks.ts'
import { validateStatus, withoutDeallocated, withoutDisabled } from './claim-status.ts'

function validateClaim({ spec }: ResourceClaim): FieldError[] {
  const errors: Errors = []
  checkClaimSpec(errors, 'spec', spec)
  return errors
}

/** allocated,reserved */
function stateText({ metadata, status }: ResourceClaim): string {
  const deleted = metadata.deletionTimestamp !== undefined
  const states = deleted ? ['deleted'] : []
  if (status?.allocation === undefined) return [...states, ...(deleted ? [] : ['pending'])].join(',')
  return [...states, 'allocated', ...((status.reservedFor ?? []).length > 0 ? ['reserved'] : [])].join(',')
}

export const resourceClaims: ResourceDefinition<ResourceClaim> = {
  ...plainResource,
  kind: kinds.ResourceV1beta1ResourceClaim,
  defaults: ({ spec }) => defaultClaimSpec(spec),
  prepareForCreate(draft) {
    draft.status = {}
    if (draft.spec !== undefined) draft.spec = withoutAdminAccess(draft.spec)
  },
  prepareForUpdate(draft, old) {
    keepStatus(draft, old)
    if (draft.spec !== undefined) draft.spec = withoutAdminAccess(draft.spec)
  },
  validateCreate: validateClaim,
  validateUpdate(claim, old) {
    const errors: Errors = []
    checkImmutable(errors, 'spec', claim.spec, old.spec)
    return [...errors, ...validateClaim(claim)]
  },
  expressionsOf: ({ spec }) => claimExpressions('spec', spec),
  columns: [textColumn('State', 'Whether it has its devices, and is in use.', stateText), ageColumn],
  status: {
    prepareForUpdate(draft, old) {
      keepAllButStatus(draft, old)
      if (draft.status !== undefined) draft.status = withoutDisabled(withoutDeallocated(draft.status, old.status), old)
    },
    validateUpdate: validateStatus,
  },
}

function validateTemplate({ spec }: ResourceClaimTemplate): FieldError[] {
  const errors: Errors = []
  checkAnnotations(errors, 'spec.metadata.annotations', spec?.metadata?.annotations)
  checkLabels(errors, 'spec.metadata.labels', spec?.metadata?.labels)
  for (const field in spec?.metadata) {
    if (field !== 'annotations' && field !== 'labels') errors.push(forbiddenField(`spec.metadata.${goName(field)}`, 'cannot be set'))
  }
  checkClaimSpec(errors, 'spec.spec', spec?.spec)
  return errors
}

/** Upstream makes the field's name of the one in its code. */
function goName(field: string): string {
  return field === 'uid' ? 'uID' : field
}

function prepareTemplate(draft: ResourceClaimTemplate): void {
  if (draft.spec?.spec !== undefined) draft.spec = { ...draft.spec, spec: withoutAdminAccess(draft.spec.spec) }
}

export const resourceClaimTemplates: ResourceDefinition<ResourceClaimTemplate> = {
  ...plainResource,
  kind: kinds.ResourceClaimTemplate,
  defaults: ({ spec }) => defaultClaimSpec(spec?.spec),
  prepareForCreate: prepareTemplate,
  prepareForUpdate: prepareTemplate,
  validateCreate: validateTemplate,
  validateUpdate(template, old) {
    const errors: Errors = []
    checkImmutable(errors, 'spec', template.spec, old.spec)
    return [...errors, ...validateTemplate(template)]
  },
  expressionsOf: ({ spec }) => claimExpressions('spec.spec', spec?.spec),
  columns: [ageColumn],
}
