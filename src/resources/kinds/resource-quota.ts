import type { FieldError } from '../../objects/field-error.ts'
import { invalidValue, required } from '../../objects/field-error.ts'
import { canonicalQuantity } from '../../objects/quantity.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { IMMUTABLE } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../generated/types.ts'
import { keepSpec, keepStatus, plainResource } from '../plain-resource.ts'
import { canonicalizeResources, checkAmount } from '../resource-list.ts'
import { checkQuotaResourceName, isStandardQuota } from '../resource-names.ts'
import { ageColumn, textColumn } from '../table.ts'

const SCOPES = ['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'PriorityClass', 'CrossNamespacePodAffinity']
const EXCLUSIVE_SCOPES = [['BestEffort', 'NotBestEffort'], ['Terminating', 'NotTerminating']]
/** What a scope can count beside pods. Best-effort pods have no requests to count; the others have. */
const POD_COMPUTE = new Set(['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'])

function defaults(draft: ResourceQuota): void {
  canonicalizeResources(draft.spec?.hard)
  canonicalizeResources(draft.status?.hard)
  canonicalizeResources(draft.status?.used)
}

function validate(quota: ResourceQuota): FieldError[] {
  const errors: Errors = []
  const spec = quota.spec ?? {}
  checkAmounts(errors, 'spec.hard', spec.hard)
  checkScopes(errors, spec)
  checkScopeSelector(errors, spec)
  return errors
}

function checkAmounts(errors: Errors, path: string, list: Record<string, string> | undefined): void {
  for (const name in list) {
    const here = `${path}[${name}]`
    checkQuotaResourceName(errors, here, name)
    checkAmount(errors, here, name, list[name] ?? '')
  }
}

function fits(scope: string, resource: string): boolean {
  if (!SCOPES.includes(scope) || resource === 'pods') return true
  return scope !== 'BestEffort' && POD_COMPUTE.has(resource)
}

function countsWhatItCannot(scope: string, hard: Record<string, string> | undefined): string[] {
  return Object.keys(hard ?? {}).filter((name) => isStandardQuota(name) && !fits(scope, name))
}

function checkScopes(errors: Errors, spec: ResourceQuotaSpec): void {
  const scopes = spec.scopes ?? []
  const report = (detail: string): void => void errors.push(invalidValue('spec.scopes', scopes, detail))
  for (const scope of scopes) {
    if (!SCOPES.includes(scope)) report('unsupported scope')
    countsWhatItCannot(scope, spec.hard).forEach(() => report('unsupported scope applied to resource'))
  }
  for (const pair of EXCLUSIVE_SCOPES) if (pair.every((scope) => scopes.includes(scope))) report('conflicting scopes')
}

function checkScopeSelector(errors: Errors, spec: ResourceQuotaSpec): void {
  const requirements = spec.scopeSelector?.matchExpressions ?? []
  const path = 'spec.scopeSelector.matchExpressions'
  for (const requirement of requirements) {
    const { scopeName = '' } = requirement
    if (!SCOPES.includes(scopeName)) errors.push(invalidValue(`${path}.scopeName`, scopeName, 'unsupported scope'))
    countsWhatItCannot(scopeName, spec.hard).forEach(() => {
      errors.push(invalidValue(path, spec.scopeSelector, 'unsupported scope applied to resource'))
    })
    checkRequirement(errors, path, requirement)
  }
  const scopes = requirements.map(({ scopeName }) => scopeName)
  for (const pair of EXCLUSIVE_SCOPES) {
    if (pair.every((scope) => scopes.includes(scope))) errors.push(invalidValue(path, spec.scopes ?? [], 'conflicting scopes'))
  }
}

function checkRequirement(errors: Errors, path: string, requirement: ScopedResourceSelectorRequirement): void {
  const { scopeName = '', operator = '', values = [] } = requirement
  if (scopeName !== 'PriorityClass' && SCOPES.includes(scopeName) && operator !== 'Exists') {
    errors.push(invalidValue(`${path}.operator`, operator,
      "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
      'ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity'))
  }
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.push(required(`${path}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"))
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.push(
        invalidValue(`${path}.values`, values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector")
      )
    }
  } else errors.push(invalidValue(`${path}.operator`, operator, 'not a valid selector operator'))
}

function validateUpdate(quota: ResourceQuota, old: ResourceQuota): FieldError[] {
  const errors = validate(quota)
  const sorted = (scopes: readonly string[] = []): string => [...new Set(scopes)].sort().join()
  if (sorted(quota.spec?.scopes) !== sorted(old.spec?.scopes)) {
    errors.push(invalidValue('spec.scopes', quota.spec?.scopes ?? [], IMMUTABLE))
  }
  return errors
}

/** cpu: 1/2, pods: 3/10 */
function usedOf(quota: ResourceQuota, part: 'requests' | 'limits'): string {
  const { hard = {}, used = {} } = quota.status ?? {}
  return Object.keys(hard)
    .filter((name) => name.startsWith('limits.') === (part === 'limits'))
    .sort()
    .map((name) => `${name}: ${canonicalQuantity(used[name] ?? '0') ?? '0'}/${hard[name] ?? ''}`)
    .join(', ')
}

export const resourceQuotas: ResourceDefinition<ResourceQuota> = {
  ...plainResource,
  kind: kinds.ResourceQuota,
  defaults,
  prepareForCreate(draft) {
    draft.status = {}
  },
  prepareForUpdate: keepStatus,
  validateCreate: validate,
  validateUpdate,
  columns: [
    textColumn('Request', 'Used and allowed of what is requested and counted.', (quota) => usedOf(quota, 'requests')),
    textColumn('Limit', 'Used and allowed of what is limited.', (quota) => usedOf(quota, 'limits')),
    ageColumn,
  ],
  status: {
    prepareForUpdate: keepSpec,
    validateUpdate(quota) {
      const errors: Errors = []
      checkAmounts(errors, 'status.hard', quota.status?.hard)
      checkAmounts(errors, 'status.used', quota.status?.used)
      return errors
    },
  },
}
