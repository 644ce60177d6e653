import { findCondition } from '../../objects/conditions.ts'
import type { FieldError } from '../../objects/field-error.ts'
import { duplicate, forbiddenField, invalidValue } from '../../objects/field-error.ts'
import { cidrErrors, parseSloppyCidr } from '../../objects/ports-and-addresses.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkNames, sameValue } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { Node } from '../generated/types.ts'
import { keepSpec, keepStatus, plainResource } from '../plain-resource.ts'
import { canonicalizeResources, checkAmount } from '../resource-list.ts'
import { ageColumn, textColumn, wideColumn } from '../table.ts'
import { checkNodeAnnotations } from './node-annotations.ts'
import { checkTaints } from './taints.ts'

/** podCIDR is the first of podCIDRs; allocatable is all of the capacity until the node says otherwise. */
function defaults(draft: Node): void {
  const { spec, status } = draft
  if (spec !== undefined) {
    if (spec.podCIDR !== undefined && (spec.podCIDRs === undefined || spec.podCIDRs.length === 0)) spec.podCIDRs = [spec.podCIDR]
    else if (spec.podCIDR === undefined && spec.podCIDRs?.[0] !== undefined) spec.podCIDR = spec.podCIDRs[0]
  }
  if (status === undefined) return
  canonicalizeResources(status.capacity)
  canonicalizeResources(status.allocatable)
  if (status.allocatable === undefined && status.capacity !== undefined) status.allocatable = { ...status.capacity }
}

function validate(node: Node): FieldError[] {
  const errors: Errors = []
  checkNodeAnnotations(errors, node)
  // Upstream reports taints below metadata; clients and tests know that path.
  checkTaints(errors, 'metadata.taints', node.spec?.taints ?? [])
  checkResources(errors, node)
  const cidrs = node.spec?.podCIDRs ?? []
  cidrs.forEach((cidr, index) => checkNames(errors, 'spec', `podCIDRs[${index}]`, cidr, cidrErrors))
  if (cidrs.length > 1) {
    const families = new Set(cidrs.map((cidr) => parseSloppyCidr(cidr)?.family))
    if (cidrs.length > 2 || families.size !== 2) {
      errors.push(invalidValue('spec.podCIDRs', cidrs, 'may specify no more than one CIDR for each IP family'))
    }
    cidrs.forEach((cidr, index) => {
      if (cidrs.indexOf(cidr) < index) errors.push(duplicate(`spec.podCIDRs[${index}]`, cidr))
    })
  }
  return errors
}

function checkResources(errors: Errors, { status }: Node): void {
  for (const list of ['capacity', 'allocatable'] as const) {
    const amounts = status?.[list]
    for (const name in amounts) checkAmount(errors, `status.${list}.${name}`, name, amounts[name] ?? '')
  }
}

/** A node once took its configuration from the API: that is gone, and stays only where it stood. */
function dropConfigSource(draft: Node): void {
  if (draft.spec?.configSource === undefined) return
  const { configSource: _, ...spec } = draft.spec
  draft.spec = spec
}

function dropStatusConfig(draft: Node): void {
  if (draft.status?.config === undefined) return
  const { config: _, ...status } = draft.status
  draft.status = status
}

function warnings({ spec }: Node): string[] {
  const found: string[] = []
  if (spec?.configSource !== undefined) found.push('spec.configSource: the feature is removed')
  if ((spec?.externalID ?? '') !== '') found.push('spec.externalID: this field is deprecated, and is unused by Kubernetes')
  return found
}

function validateUpdate(node: Node, old: Node): FieldError[] {
  const errors = validate(node)
  const before = old.spec?.podCIDRs ?? []
  if (before.length > 0 && !sameValue(before, node.spec?.podCIDRs)) {
    errors.push(forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'))
  }
  const provider = old.spec?.providerID ?? ''
  if (provider !== '' && provider !== node.spec?.providerID) {
    errors.push(forbiddenField('spec.providerID', 'node updates may not change providerID except from "" to valid'))
  }
  if (node.spec?.externalID !== old.spec?.externalID) errors.push(forbiddenField('spec.externalID', 'may not be updated'))
  return errors
}

function validateStatus(node: Node): FieldError[] {
  const errors: Errors = []
  checkNodeAnnotations(errors, node)
  checkResources(errors, node)
  const seen = new Set<string>()
  node.status?.addresses?.forEach((address, index) => {
    const text = `${address.type} ${address.address}`
    if (seen.has(text)) errors.push(duplicate(`status.addresses[${index}]`, address))
    seen.add(text)
  })
  return errors
}

/** Ready, NotReady or Unknown, and whether pods may be scheduled there. */
function statusText(node: Node): string {
  const ready = findCondition(node.status?.conditions, 'Ready')
  const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return node.spec?.unschedulable === true ? `${word},SchedulingDisabled` : word
}

const ROLE_PREFIX = 'node-role.kubernetes.io/'

function rolesText({ metadata: { labels = {} } }: Node): string {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(labels)) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) roles.add(key.slice(ROLE_PREFIX.length))
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value)
  }
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',')
}

function addressText(type: string): (node: Node) => string {
  return (node) => node.status?.addresses?.find((address) => address.type === type)?.address ?? '<none>'
}

function infoText(field: 'osImage' | 'kernelVersion' | 'containerRuntimeVersion'): (node: Node) => string {
  return (node) => node.status?.nodeInfo?.[field] || '<unknown>'
}

export const nodes: ResourceDefinition<Node> = {
  ...plainResource,
  kind: kinds.Node,
  defaults,
  prepareForCreate(draft) {
    dropConfigSource(draft)
    dropStatusConfig(draft)
  },
  prepareForUpdate(draft, old) {
    keepStatus(draft, old)
    if (old.spec?.configSource === undefined) dropConfigSource(draft)
  },
  warnings,
  validateCreate: validate,
  validateUpdate,
  columns: [
    textColumn('Status', 'Whether it runs pods and takes new ones.', statusText),
    textColumn('Roles', 'Roles that its labels give it.', rolesText),
    ageColumn,
    textColumn('Version', 'Version of its agent.', (node) => node.status?.nodeInfo?.kubeletVersion ?? ''),
    wideColumn('Internal-IP', 'Its address within the cluster.', addressText('InternalIP')),
    wideColumn('External-IP', 'Its address outside of the cluster.', addressText('ExternalIP')),
    wideColumn('OS-Image', 'Its operating system.', infoText('osImage')),
    wideColumn('Kernel-Version', 'Its kernel.', infoText('kernelVersion')),
    wideColumn('Container-Runtime', 'What runs its containers.', infoText('containerRuntimeVersion')),
  ],
  subresources: [{
    name: 'proxy', kind: { group: '', version: 'v1', kind: 'NodeProxyOptions' }, verbs: ['create', 'delete', 'get', 'patch', 'update'],
  }],
  selectableFields: { 'spec.unschedulable': (node) => String(node.spec?.unschedulable ?? false) },
  status: {
    prepareForUpdate(draft, old) {
      keepSpec(draft, old)
      if (old.status?.config === undefined) dropStatusConfig(draft)
    },
    validateUpdate: validateStatus,
  },
}
