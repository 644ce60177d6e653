import { milliUnits, wholeUnits } from '../objects/quantity.ts'
import type { Container, ObjectFieldSelector, Pod, ResourceFieldSelector } from '../resources/generated/types.ts'
import { containerNamed } from './pod-containers.ts'

/** What a pod may be told of itself beyond its own object. */
export interface DownwardFacts {
  readonly podAddresses: readonly string[]
  readonly nodeAddresses: readonly string[]
  /** What limits.* says where a container has none. */
  readonly allocatable: Readonly<Record<string, string>>
}

/** The value of a fieldRef; throws where the path is none. */
export function fieldValue(pod: Pod, field: ObjectFieldSelector, facts: DownwardFacts): string {
  const { metadata, spec } = pod
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(field.fieldPath)
  if (subscript !== null) return (subscript[1] === 'labels' ? metadata.labels : metadata.annotations)?.[subscript[2] ?? ''] ?? ''
  switch (field.fieldPath) {
    case 'metadata.name': return metadata.name ?? ''
    case 'metadata.namespace': return metadata.namespace ?? ''
    case 'metadata.uid': return metadata.uid ?? ''
    case 'metadata.labels': return formatMap(metadata.labels)
    case 'metadata.annotations': return formatMap(metadata.annotations)
    case 'spec.nodeName': return spec?.nodeName ?? ''
    case 'spec.serviceAccountName': return spec?.serviceAccountName ?? ''
    case 'status.hostIP': return facts.nodeAddresses[0] ?? ''
    case 'status.hostIPs': return facts.nodeAddresses.join(',')
    case 'status.podIP': return facts.podAddresses[0] ?? ''
    case 'status.podIPs': return facts.podAddresses.join(',')
    default: throw new Error(`unsupported fieldPath: ${field.fieldPath}`)
  }
}

/** key="value" lines, by key; the value quoted as Go's %q does for the characters that matter. */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.keys(map ?? {}).sort().map((key) => `${key}=${JSON.stringify(map?.[key] ?? '')}`).join('\n')
}

/** The value of a resourceFieldRef in units of its divisor, rounded up. */
export function resourceValue(pod: Pod, selector: ResourceFieldSelector, self: Container | undefined, facts: DownwardFacts): string {
  const { containerName = '' } = selector
  const container = containerName === '' ? self : containerNamed(pod, containerName)
  if (container === undefined) throw new Error(`container ${selector.containerName ?? ''} not found`)
  const [side = '', ...rest] = selector.resource.split('.')
  const name = rest.join('.')
  const limit = container.resources?.limits?.[name] ?? (side === 'limits' ? facts.allocatable[name] : undefined)
  const quantity = side === 'limits' ? limit : (container.resources?.requests?.[name] ?? container.resources?.limits?.[name])
  if (side !== 'limits' && side !== 'requests') throw new Error(`unsupported resource: ${selector.resource}`)
  const divisor = selector.divisor === undefined || selector.divisor === '0' || selector.divisor === '' ? '1' : selector.divisor
  const units = name === 'cpu' ? milliUnits : wholeUnits
  return String(Math.ceil((units(quantity ?? '0') ?? 0) / (units(divisor) || 1)))
}
