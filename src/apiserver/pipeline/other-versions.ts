import { prune, type Merging } from '../../objects/apply/apply-configuration.ts'
import { emptySet, intersectSets, isEmpty, unionSets, type FieldSet } from '../../objects/apply/field-set.ts'
import { setOf } from '../../objects/apply/managers.ts'
import { mergeApplied } from '../../objects/apply/merge.ts'
import { changedFields, removedFields } from '../../objects/apply/ownership.ts'
import { pruneUnowned } from '../../objects/apply/prune.ts'
import { noOtherVersions, type Changes, type ChangesByVersion } from '../../objects/apply/version-changes.ts'
import type { KubeObject, ManagedFieldsEntry } from '../../objects/kube-object.ts'
import type { ObjectSchema } from '../../objects/schema.ts'
import type { RemoteConversion, ServedResource } from '../resource-set.ts'
import { schemaOf } from './schema-stage.ts'
import type { PipelineParts } from './write-request.ts'

/** A resource whose versions have other fields, as somebody outside converts them. */
export type ConvertedResource = ServedResource & { readonly remote: RemoteConversion }

type Parts = Pick<PipelineParts, 'resources' | 'schemas'>
type Entries = readonly ManagedFieldsEntry[]

/** Whether managers have written in another version, whose fields are no fields of this one. */
export function hasOtherVersions(resource: ServedResource, entries: Entries | undefined): resource is ConvertedResource {
  return resource.remote !== undefined && entries !== undefined && entries.some(({ apiVersion }) => apiVersion !== resource.apiVersion)
}

/** What a write changes, as the versions show it in which other managers wrote. Versions that are not served any more cannot tell. */
export async function changesByVersion(
  parts: Parts, resource: ConvertedResource, entries: Entries,
  { before, after }: { readonly before: KubeObject; readonly after: KubeObject },
): Promise<ChangesByVersion> {
  const versions = versionsOf(parts, resource, entries).filter(({ apiVersion }) => apiVersion !== resource.apiVersion)
  if (versions.length === 0) return noOtherVersions
  const changes = versions.map(async ({ apiVersion, schema }): Promise<[string, Changes]> => {
    const [old, now] = await Promise.all([resource.remote.convert(before, apiVersion), resource.remote.convert(after, apiVersion)])
    return [apiVersion, { changed: changedFields(schema, old, now), removed: removedFields(schema, old, now) }]
  })
  return new Map(await Promise.all(changes))
}

/**
 * What an apply leaves of an object: without what its manager applied before, in whatever version that was, but with all that others own in
 * theirs. (Upstream's structured merge goes the same way: prune in the version of the last apply, then add back per version.)
 */
export async function prunedAcrossVersions(parts: Parts, resource: ConvertedResource, merging: Merging): Promise<KubeObject> {
  const { laid, own, entries, fields } = merging
  let merged = await prunedInOwnVersion(parts, resource, merging)
  if (merged === laid) return laid
  const others = entries.filter((entry) => entry !== own)
  for (const { apiVersion, schema } of versionsOf(parts, resource, [...others, { apiVersion: resource.apiVersion }])) {
    let held = apiVersion === resource.apiVersion ? fields : emptySet
    for (const entry of others) if (entry.apiVersion === apiVersion) held = unionSets(held, setOf(entry))
    const [whole, left] = await Promise.all([resource.remote.convert(laid, apiVersion), resource.remote.convert(merged, apiVersion)])
    if (isEmpty(intersectSets(removedFields(schema, whole, left), held))) continue
    const kept = mergeApplied(schema, left, onlyHeld(schema, whole, held)) as KubeObject
    merged = await backTo(resource, kept)
  }
  return merged
}

async function prunedInOwnVersion(parts: Parts, resource: ConvertedResource, { laid, merged, own }: Merging): Promise<KubeObject> {
  if (own === undefined || own.apiVersion === undefined || own.apiVersion === resource.apiVersion) return merged
  const [version] = versionsOf(parts, resource, [own])
  // Nobody knows any more what its fields meant.
  if (version === undefined) return laid
  const before = await resource.remote.convert(laid, version.apiVersion)
  const after = prune(version.schema, before, setOf(own), emptySet)
  return after === before ? laid : backTo(resource, after)
}

async function backTo(resource: ConvertedResource, object: KubeObject): Promise<KubeObject> {
  return resource.remote.convert(object, resource.apiVersion)
}

function onlyHeld(schema: ObjectSchema, object: KubeObject, held: FieldSet): unknown {
  const { apiVersion, kind, metadata } = object
  return { ...(pruneUnowned(schema, object, changedFields(schema, undefined, object), held) as KubeObject), apiVersion, kind, metadata }
}

interface Version {
  readonly apiVersion: string
  readonly schema: ObjectSchema
}

function versionsOf(parts: Parts, { kind, apiVersion: own }: ServedResource, entries: Entries): readonly Version[] {
  const names = new Set(entries.flatMap(({ apiVersion }) => (apiVersion === undefined ? [] : [apiVersion])))
  return [...names].flatMap((apiVersion) => {
    const version = apiVersion.slice(kind.group.length + 1)
    const served = apiVersion === own || apiVersion.startsWith(`${kind.group}/`)
      ? parts.resources.find(kind.group, version, kind.plural)
      : undefined
    return served === undefined ? [] : [{ apiVersion, schema: schemaOf(parts, served) }]
  })
}
