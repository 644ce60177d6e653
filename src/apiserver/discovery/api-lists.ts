import { apiVersionOf, type KindRef } from '../../objects/kind.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import type { RemoteResource } from '../aggregation/remote-resources.ts'
import { toBase64, utf8 } from '../../words/bytes.ts'
import { sha256 } from './sha256.ts'
import { subresourcesOf } from './served-groups.ts'
import type { ServedGroup, ServedVersion } from './served-groups.ts'

/** GET /api */
export function apiVersions(serverAddress: string): object {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }] }
}

/** GET /apis */
export function apiGroupList(groups: readonly ServedGroup[]): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.filter(({ group }) => group !== '').map(groupFields) }
}

/** GET /apis/GROUP */
export function apiGroup(group: ServedGroup): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupFields(group) }
}

function groupFields({ group, versions }: ServedGroup): object {
  const named = versions.map(({ version }) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions: named, preferredVersion: named[0] }
}

/** GET /api/v1, /apis/GROUP/VERSION */
export function apiResourceList(group: string, { version, definitions }: ServedVersion, storedKind: (kind: KindRef) => KindRef): object {
  const head = group === '' ? { kind: 'APIResourceList' } : { kind: 'APIResourceList', apiVersion: 'v1' }
  return {
    ...head, groupVersion: apiVersionOf({ group, version }),
    resources: definitions.flatMap((definition) => resourceEntries(definition, storedKind)),
  }
}

/** As upstream: who looks for what can be changed does not find what is about to go, though its finalizers can be taken away. */
function verbsOf({ verbs, isTerminating }: ResourceDefinition): readonly string[] {
  return (isTerminating === true ? verbs.filter((verb) => verb !== 'patch' && verb !== 'update') : verbs).toSorted()
}

function resourceEntries(definition: ResourceDefinition, storedKind: (kind: KindRef) => KindRef): object[] {
  const { kind } = definition
  const entry = {
    name: kind.plural, singularName: kind.singular, namespaced: kind.namespaced, kind: kind.kind, verbs: verbsOf(definition),
    ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
    ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
    ...(definition.virtual ? {} : { storageVersionHash: storageVersionHash(storedKind(kind)) }),
  }
  const below = subresourcesOf(definition).map((subresource) => ({
    name: `${kind.plural}/${subresource.name}`, singularName: '', namespaced: kind.namespaced,
    ...(sameGroup(subresource.kind, kind) ? {} : { group: subresource.kind.group, version: subresource.kind.version }),
    kind: subresource.kind.kind, verbs: subresource.verbs,
  }))
  return [entry, ...below]
}

/** Who moves objects to another storage version compares it: xPOwRZ+Yhw8= is that of pods in every cluster. */
function storageVersionHash({ group, version, kind }: KindRef): string {
  return toBase64(sha256(utf8(`${group}/${version}/${kind}`)).subarray(0, 8))
}

function sameGroup(a: { group: string; version: string }, b: { group: string; version: string }): boolean {
  return a.group === b.group && a.version === b.version
}

/** apidiscovery.k8s.io/v2 and v2beta1 (KEP-3352): all of /api or of /apis in one answer. */
export function aggregatedDiscovery(apiVersion: string, groups: readonly ServedGroup[]): object {
  return { kind: 'APIGroupDiscoveryList', apiVersion, metadata: {}, items: groups.map(groupDiscovery) }
}

function groupDiscovery({ group, versions }: ServedGroup): object {
  return {
    metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
    versions: versions.map(({ version, definitions, remote }) => (remote === undefined
      ? { version, freshness: 'Current', resources: definitions.map((definition) => resourceDiscovery(definition)) }
      : { version, freshness: remote.isStale ? 'Stale' : 'Current', resources: remoteDiscovery(group, version, remote.resources ?? []) })),
  }
}

function resourceDiscovery(definition: ResourceDefinition): object {
  const { kind } = definition
  const below = subresourcesOf(definition).map((subresource) => ({
    subresource: subresource.name, responseKind: subresource.kind.kind === '' ? {} : shortKind(subresource.kind), verbs: subresource.verbs,
  }))
  return {
    resource: kind.plural, responseKind: shortKind(kind), scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: verbsOf(definition),
    ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
    ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
    ...(below.length === 0 ? {} : { subresources: below }),
  }
}

/** The entries of an APIResourceList in the form of aggregated discovery: subresources below what they belong to. */
function remoteDiscovery(group: string, version: string, entries: readonly RemoteResource[]): object[] {
  const kindOf = (entry: RemoteResource): object => shortKind({
    group: entry.group ?? group, version: entry.version ?? version, kind: entry.kind,
  })
  return entries.filter(({ name }) => !name.includes('/')).map((entry) => {
    const below = entries.filter(({ name }) => name.startsWith(`${entry.name}/`))
    const subresources = below.map(
      (other) => ({ subresource: other.name.slice(entry.name.length + 1), responseKind: kindOf(other), verbs: other.verbs }),
    )
    return {
      resource: entry.name, responseKind: kindOf(entry), scope: entry.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: entry.singularName,
      verbs: entry.verbs,
      ...(entry.shortNames === undefined ? {} : { shortNames: entry.shortNames }),
      ...(entry.categories === undefined ? {} : { categories: entry.categories }),
      ...(subresources.length === 0 ? {} : { subresources }),
    }
  })
}

function shortKind({ group, version, kind }: { group: string; version: string; kind: string }): object {
  return { group, version, kind }
}
