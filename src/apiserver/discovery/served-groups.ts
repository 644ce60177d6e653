import type { ResourceDefinition } from '../../resources/definition.ts'
import type { RemoteVersion } from '../aggregation/aggregated-apis.ts'
import { groupPriorityOf, versionPriorityOf } from '../aggregation/local-api-services.ts'

export interface ServedVersion {
  readonly version: string
  /** In the order of their plurals. */
  readonly definitions: readonly ResourceDefinition[]
  /** Set where another server answers for it. */
  readonly remote?: RemoteVersion
}

export interface ServedGroup {
  readonly group: string
  /** The preferred one first. */
  readonly versions: readonly ServedVersion[]
}

/** The order in which kubectl looks for a short name; groups that are not here follow in alphabetical order. */
const GROUP_ORDER: readonly string[] = [
  '', 'apiregistration.k8s.io', 'apps', 'events.k8s.io', 'authentication.k8s.io', 'authorization.k8s.io', 'autoscaling', 'batch',
  'certificates.k8s.io', 'networking.k8s.io', 'policy', 'rbac.authorization.k8s.io', 'storage.k8s.io', 'admissionregistration.k8s.io',
  'apiextensions.k8s.io', 'scheduling.k8s.io', 'coordination.k8s.io', 'node.k8s.io', 'discovery.k8s.io', 'flowcontrol.apiserver.k8s.io',
  'resource.k8s.io',
]

export function servedGroups(definitions: readonly ResourceDefinition[]): readonly ServedGroup[] {
  const groups = [...Map.groupBy(definitions, (definition) => definition.kind.group)]
  return groups
    .map(([group, ofGroup]) => ({ group, versions: versionsOf(ofGroup) }))
    .sort((a, b) => rank(a.group) - rank(b.group) || (a.group < b.group ? -1 : 1))
}

/** With what others serve through this server: a new group stands before all that have a lower priority, a version likewise in its group. */
export function withRemoteGroups(groups: readonly ServedGroup[], remote: readonly RemoteVersion[]): readonly ServedGroup[] {
  if (remote.length === 0) return groups
  const byGroup = Map.groupBy(remote, ({ group }) => group)
  const merged = groups.map((group) => withRemoteVersions(group, byGroup.get(group.group) ?? []))
  const known = new Set(groups.map(({ group }) => group))
  const added = [...byGroup].filter(([group]) => !known.has(group)).map(([group, versions]) => ({
    priority: Math.max(...versions.map(({ groupPriority }) => groupPriority)),
    group: withRemoteVersions({ group, versions: [] }, versions),
  }))
  for (const { priority, group } of added.sort((a, b) => b.priority - a.priority || (a.group.group < b.group.group ? -1 : 1))) {
    const at = merged.findIndex((other) => !added.some((one) => one.group === other) && groupPriorityOf(other.group) < priority)
    merged.splice(at === -1 ? merged.length : at, 0, group)
  }
  return merged
}

/** What is served here is not told of by others. */
function withRemoteVersions(group: ServedGroup, remote: readonly RemoteVersion[]): ServedGroup {
  const others = remote.filter(({ version }) => !group.versions.some((own) => own.version === version))
  if (others.length === 0) return group
  const own = group.versions.map((version) => ({ served: version, priority: versionPriorityOf(group.group, version.version) }))
  const all = [
    ...own,
    ...others.map((each) => ({ served: { version: each.version, definitions: [], remote: each }, priority: each.versionPriority })),
  ]
  all.sort((a, b) => b.priority - a.priority || compareVersions(b.served.version, a.served.version))
  return { group: group.group, versions: all.map(({ served }) => served) }
}

function rank(group: string): number {
  const index = GROUP_ORDER.indexOf(group)
  return index === -1 ? GROUP_ORDER.length : index
}

function versionsOf(definitions: readonly ResourceDefinition[]): readonly ServedVersion[] {
  return [...Map.groupBy(definitions, (definition) => definition.kind.version)]
    .map(([version, ofVersion]) => ({ version, definitions: ofVersion.toSorted((a, b) => (a.kind.plural < b.kind.plural ? -1 : 1)) }))
    .sort((a, b) => compareVersions(b.version, a.version))
}

const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/
const STAGES: readonly (string | undefined)[] = ['alpha', 'beta', undefined]

/** v2 > v1 > v1beta2 > v1alpha1 > anything else: the version priority of Kubernetes' CustomResourceDefinitions. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [VERSION.exec(a), VERSION.exec(b)]
  if (left === null || right === null) return left === right ? (a < b ? 1 : -1) : left === null ? -1 : 1
  return STAGES.indexOf(left[2]) - STAGES.indexOf(right[2])
    || Number(left[1]) - Number(right[1])
    || Number(left[3] ?? 0) - Number(right[3] ?? 0)
}

export interface ServedSubresource {
  readonly name: string
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string }
  readonly verbs: readonly string[]
}

const READ_WRITE: readonly string[] = ['get', 'patch', 'update']

/** Status, scale and whatever else the kind serves below its objects, by name. */
export function subresourcesOf(definition: ResourceDefinition): readonly ServedSubresource[] {
  const { kind, status, scale, subresources } = definition
  const all: ServedSubresource[] = subresources.map((other) => ({ name: other.name, kind: other.kind, verbs: other.verbs.toSorted() }))
  if (status !== undefined) all.push({ name: 'status', kind, verbs: READ_WRITE })
  if (scale !== undefined) all.push({ name: 'scale', kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: READ_WRITE })
  return all.sort((a, b) => (a.name < b.name ? -1 : 1))
}
