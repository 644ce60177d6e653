import type { Instant } from '../../words/instant.ts'
import { sameJson } from '../json.ts'
import type { KubeObject, ManagedFieldsEntry } from '../kube-object.ts'
import type { ObjectSchema } from '../schema.ts'
import { emptySet, isEmpty, sameSets, subtractSets, unionSets } from './field-set.ts'
import {
  capUpdaters, decodeEntries, entryFor, isReset, isSameWriter, setOf, sortEntries, withFields, type Entries, type Writer,
} from './managers.ts'
import type { FieldSetPool } from './field-set-pool.ts'
import { changedFields, removedFields } from './ownership.ts'
import { changesFor, noOtherVersions, type Changes, type ChangesByVersion } from './version-changes.ts'

export interface UpdateBy {
  readonly manager: string
  readonly apiVersion: string
  /** '' for the object itself. */
  readonly subresource: string
  readonly now: Instant
}

/**
 * metadata.managedFields after a write that is not an apply: the writer owns what it changed, and nobody owns what is gone.
 * old is undefined on create. Gives the old entries themselves where nothing changed; undefined where there are none.
 */
export function trackUpdate(
  schema: ObjectSchema,
  old: KubeObject | undefined,
  now: KubeObject,
  by: UpdateBy,
  sets: FieldSetPool,
  others: ChangesByVersion = noOtherVersions,
): ManagedFieldsEntry[] | undefined {
  const before = startingEntries(old, now, by.subresource)
  const changed = old === undefined ? sets.added(schema, now) : changedFields(schema, old, now)
  const removed = removedFields(schema, old, now)
  if (isEmpty(changed) && isEmpty(removed)) return before.length === 0 ? undefined : (before as ManagedFieldsEntry[])
  const writer: Writer = { manager: by.manager, operation: 'Update', apiVersion: by.apiVersion, subresource: by.subresource }
  const own = before.find((entry) => isSameWriter(entry, writer))
  const after = takeFromOthers(before, own, { changed, removed }, sets, others)
  const kept = subtractSets(own === undefined ? emptySet : setOf(own), removed)
  const mine = unionSets(kept, changed)
  if (own !== undefined && sameSets(mine, setOf(own))) after.push(own)
  else if (!isEmpty(mine)) after.push(entryFor(writer, by.now, sets.shared(mine)))
  return after.length === 0 ? undefined : capUpdaters(sortEntries(after))
}

/** The other managers' entries without the fields that somebody else has changed or removed now. */
export function takeFromOthers(
  entries: Entries, own: ManagedFieldsEntry | undefined, changes: Changes, sets: FieldSetPool, byVersion: ChangesByVersion,
): ManagedFieldsEntry[] {
  const others: ManagedFieldsEntry[] = []
  for (const entry of entries) {
    if (entry === own) continue
    const { changed, removed } = changesFor(entry, changes, byVersion)
    const before = setOf(entry)
    const left = subtractSets(subtractSets(before, changed), removed)
    const rest = withFields(entry, left === before ? before : sets.shared(left))
    if (rest !== undefined) others.push(rest)
  }
  return others
}

/**
 * A client may edit the entries themselves (kubectl does, to move from client-side to server-side apply), but not through a subresource.
 */
function startingEntries(old: KubeObject | undefined, now: KubeObject, subresource: string): Entries {
  const live = old?.metadata.managedFields ?? []
  const given = now.metadata.managedFields
  if (given === undefined || given.length === 0 || given === live || subresource !== '') return live
  if (isReset(given)) return []
  if (sameJson(given, live)) return live
  return decodeEntries(given) ?? live
}
