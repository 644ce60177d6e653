import { invalidValue } from '../objects/field-error.ts'
import { qualifiedNameErrors } from '../objects/names.ts'
import type { Errors } from './field-checks.ts'
import { checkQualifiedName } from './field-checks.ts'

/** The names of compute resources and of what a quota counts: cpu, requests.memory, pods, hugepages-2Mi, example.com/gpu. */
const COMPUTE = ['cpu', 'memory', 'ephemeral-storage']
const COUNTED = [
  'pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims',
  'services.nodeports', 'services.loadbalancers',
]
const QUOTA: ReadonlySet<string> = new Set([
  ...COMPUTE, ...COMPUTE.map((name) => `requests.${name}`), ...COMPUTE.map((name) => `limits.${name}`), ...COUNTED, 'requests.storage',
])
const INTEGER: ReadonlySet<string> = new Set(COUNTED)

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-')
}

/** Bytes of one page of hugepages-2Mi, as a quantity text: 2Mi. */
export function hugePageSize(name: string): string {
  return name.slice('hugepages-'.length)
}

function isQuotaHugePages(name: string): boolean {
  return isHugePages(name) || name.startsWith('requests.hugepages-')
}

/** Known to Kubernetes itself: without a prefix, or with one of its own. */
export function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/')
}

/** example.com/gpu: advertised by nodes, counted in whole pieces. */
function isExtended(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && qualifiedNameErrors(`requests.${name}`).length === 0
}

/** Limits may exceed requests. */
export function isOvercommitAllowed(name: string): boolean {
  return isNative(name) && !isHugePages(name)
}

export function isInteger(name: string): boolean {
  return INTEGER.has(name) || (name.includes('/') && isExtended(name))
}

export function isStandardQuota(name: string): boolean {
  return QUOTA.has(name) || isQuotaHugePages(name)
}

function isStandard(name: string): boolean {
  return isStandardQuota(name) || name === 'storage'
}

/** Adds at most one error, as a name that is malformed is not looked at further. */
export function checkResourceName(errors: Errors, path: string, name: string): boolean {
  const before = errors.length
  checkQualifiedName(errors, path, '', name)
  if (errors.length === before && !name.includes('/') && !isStandard(name)) {
    errors.push(invalidValue(path, name, 'must be a standard resource type or fully qualified'))
  }
  return errors.length === before
}

export function checkContainerResourceName(errors: Errors, path: string, name: string): void {
  if (COMPUTE.includes(name)) return
  checkResourceName(errors, path, name)
  if (!name.includes('/')) {
    if (!isHugePages(name)) errors.push(invalidValue(path, name, 'must be a standard resource for containers'))
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalidValue(path, name, "doesn't follow extended resource name standard"))
  }
}

export function checkQuotaResourceName(errors: Errors, path: string, name: string): void {
  checkResourceName(errors, path, name)
  if (!name.includes('/') && !isStandardQuota(name)) errors.push(invalidValue(path, name, 'must be a standard resource for quota'))
}
