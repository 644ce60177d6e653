import { duplicate, invalidValue, notFoundValue, required } from '../../../objects/field-error.ts'
import { dnsSubdomainErrors } from '../../../objects/names.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsLabel, checkDnsSubdomain } from '../../field-checks.ts'
import type { PodResourceClaim, PodResourceClaimStatus, ResourceRequirements } from '../../generated/types.ts'

/** KEP-4381: what of dynamic resources a pod claims. Gives back the names that its containers may refer to. */
export function checkResourceClaims(
  errors: Errors, path: string, claims: readonly PodResourceClaim[],
): ReadonlySet<string> {
  const names = new Set<string>()
  claims.forEach((claim, index) => checkClaim(errors, `${path}[${index}]`, claim, names))
  return names
}

function checkClaim(errors: Errors, path: string, claim: PodResourceClaim, names: Set<string>): void {
  const { name = '', resourceClaimName, resourceClaimTemplateName } = claim
  if (name === '') errors.push(required(`${path}.name`))
  else if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
  else {
    checkDnsLabel(errors, path, 'name', name)
    names.add(name)
  }
  const both = resourceClaimName !== undefined && resourceClaimTemplateName !== undefined
  if (both) errors.push(invalidValue(path, claim, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'))
  if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
    errors.push(invalidValue(path, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
  }
  if (resourceClaimName !== undefined) checkDnsSubdomain(errors, path, 'resourceClaimName', resourceClaimName)
  if (resourceClaimTemplateName !== undefined) checkDnsSubdomain(errors, path, 'resourceClaimTemplateName', resourceClaimTemplateName)
}

/** A container uses claims of its pod, each once: a whole claim, or some of its requests. */
export function checkClaimUses(errors: Errors, path: string, { claims = [] }: ResourceRequirements, names: ReadonlySet<string>): void {
  const seen = new Set<string>()
  claims.forEach(({ name = '', request = '' }, index) => {
    const here = `${path}[${index}]`
    if (name === '') {
      errors.push(required(here))
      return
    }
    if (seen.has(name)) errors.push(duplicate(here, name))
    else checkUse(errors, here, name, request, seen)
    if (names.has(name)) return
    const error = notFoundValue(here, name)
    const known = names.size === 0 ? ' which is empty' : `: ${[...names].sort().join(', ')}`
    errors.push({ ...error, message: `${error.message}: must be one of the names in pod.spec.resourceClaims${known}` })
  })
}

function checkUse(errors: Errors, path: string, name: string, request: string, seen: Set<string>): void {
  const use = request === '' ? name : `${name}/${request}`
  if (request !== '') checkDnsLabel(errors, path, 'request', request)
  if (seen.has(use)) errors.push(duplicate(path, use))
  else if (request === '') for (const other of seen) if (other.startsWith(`${name}/`)) errors.push(duplicate(path, name))
  seen.add(use)
}

/** What was made for the claims of a pod: each a claim that it has. */
export function checkClaimStatuses(
  errors: Errors, path: string, statuses: readonly PodResourceClaimStatus[], claims: readonly PodResourceClaim[],
): void {
  const seen = new Set<string>()
  statuses.forEach(({ name = '', resourceClaimName }, index) => {
    const here = `${path}[${index}].name`
    if (!claims.some((claim) => claim.name === name)) {
      errors.push(invalidValue(here, name, 'must match the name of an entry in `spec.resourceClaims`'))
    }
    if (seen.has(name)) errors.push(duplicate(here, name))
    seen.add(name)
    const problems = resourceClaimName === undefined ? [] : dnsSubdomainErrors(resourceClaimName)
    errors.push(...problems.map((problem) => invalidValue(here, resourceClaimName, problem)))
  })
}
