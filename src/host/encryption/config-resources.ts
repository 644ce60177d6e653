import { invalidValue, type FieldError } from '../../objects/field-error.ts'
import { parsePattern } from './value-sealer.ts'

const WITHOUT_API: ReadonlySet<string> = new Set(['apiserveripinfo', 'serviceipallocations', 'servicenodeportallocations'])

/** What upstream checks of a list of resources: each name, and that none hides another. */
export function checkResources(at: string, resources: readonly string[]): FieldError[] {
  const errors: FieldError[] = []
  if (new Set(resources).size < resources.length) errors.push(
    invalidValue(at, resources, 'the same resource cannot be specified multiple times')
  )
  if (overlaps(resources)) {
    errors.push(invalidValue(at, resources,
      "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked"))
  }
  resources.forEach((resource, index) => {
    const detail = problemOf(resource)
    if (detail !== undefined) errors.push(invalidValue(`${at}[${index}]`, resource, detail))
  })
  return errors
}

function overlaps(resources: readonly string[]): boolean {
  const parsed = [...new Set(resources)].map(parsePattern)
  return parsed.some((one, index) => parsed.some((other, otherIndex) => index !== otherIndex && (
    (one.group === '*' && one.resource === '*') || (one.group === other.group && (one.resource === '*' || other.resource === '*')))))
}

function problemOf(resource: string): string | undefined {
  if (resource.toLowerCase() !== resource) return 'resource name should not contain capital letters'
  if (resource === '*') return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"
  if (WITHOUT_API.has(resource)) return 'resources which do not have REST API/s cannot be encrypted'
  const { group, resource: plural } = parsePattern(resource)
  if (
    group === 'events.k8s.io'
  ) return "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file"
  if (group === 'extensions') return "'extensions' group has been removed and cannot be used for encryption"
  if (group === '*' && plural !== '*') return 'encrypting the same resource across groups is not supported'
  return undefined
}
