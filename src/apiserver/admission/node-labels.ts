import type { Labels } from '../../objects/label-selector.ts'

/** What a node says of itself. */
const OWN: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname', 'kubernetes.io/os', 'kubernetes.io/arch', 'beta.kubernetes.io/os', 'beta.kubernetes.io/arch',
  'topology.kubernetes.io/zone', 'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region',
  'node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type', 'node.kubernetes.io/windows-build',
])
const OWN_PREFIXES = ['kubelet.kubernetes.io', 'node.kubernetes.io']
/** Labels under this belong to the administrator: a node must not move itself to where secrets are scheduled. */
const RESTRICTED = 'node-restriction.kubernetes.io'

/** The labels that differ and that a node may not set, change or take away. */
export function forbiddenNodeLabels(after: Labels = {}, before: Labels = {}): readonly string[] {
  const changed = [...new Set([...Object.keys(after), ...Object.keys(before)])].filter((label) => after[label] !== before[label])
  return changed.filter(isForbidden).sort()
}

function isForbidden(label: string): boolean {
  const slash = label.indexOf('/')
  const prefix = slash === -1 ? '' : label.slice(0, slash)
  if (isBelow(prefix, RESTRICTED)) return true
  const isSystem = isBelow(prefix, 'kubernetes.io') || isBelow(prefix, 'k8s.io')
  return isSystem && !OWN.has(label) && !OWN_PREFIXES.some((own) => isBelow(prefix, own))
}

function isBelow(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`)
}
