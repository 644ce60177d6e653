import type { Instant } from '../../words/instant.ts'
import { badRequest } from '../../words/status-error.ts'
import { isObject } from '../json.ts'
import type { KubeObject, ManagedFieldsEntry } from '../kube-object.ts'
import type { ObjectSchema, Schema } from '../schema.ts'
import { syncLastApplied, takeoverFields } from './client-side-apply.ts'
import { conflictError, type Conflict } from './conflict.ts'
import type { FieldSetPool } from './field-set-pool.ts'
import { emptySet, intersectSets, isEmpty, sameSets, subtractSets, unionSets, type FieldSet } from './field-set.ts'
import { entryFor, isSameWriter, setOf, sortEntries, type Entries, type Writer } from './managers.ts'
import { mergeApplied } from './merge.ts'
import { notTyped } from './not-typed.ts'
import { appliedFields, changedFields, isDescended, removedFields, schemaOf } from './ownership.ts'
import { formatFieldPath, itemElement, missingKey } from './path-element.ts'
import { pruneUnowned } from './prune.ts'
import { takeFromOthers } from './track-update.ts'
import { changesFor, noOtherVersions, type Changes, type ChangesByVersion } from './version-changes.ts'

export interface ApplyRequest {
  readonly schema: ObjectSchema
  /** Undefined: the apply creates the object. */
  readonly live: KubeObject | undefined
  /** Normalized (schema-walk.ts). Not changed. */
  readonly config: KubeObject
  readonly manager: string
  /** '' for the object itself. */
  readonly subresource: string
  readonly force: boolean
  readonly now: Instant
  /** Top-level fields that this path does not write: status, or spec under the status subresource. */
  readonly ignore: readonly string[]
  readonly sets: FieldSetPool
}

/**
 * Server-side apply (KEP-555): the live object with the configuration laid over it, without the fields that the manager applied before
 * and that nobody owns any more, and with metadata.managedFields brought up to date. Gives the live object itself where the apply changes
 * nothing. Throws StatusError: 409 with the conflicts where others own what it would change, 400 where the configuration cannot be applied.
 */
export function applyConfiguration(request: ApplyRequest): KubeObject {
  return settleApply(request, mergeConfiguration(request), noOtherVersions)
}

/** An apply on its way: what comes of the object is known, but not yet whether others let it. */
export interface Merging {
  /** Without what this path does not write. */
  readonly config: KubeObject
  /** What the configuration says. */
  readonly fields: FieldSet
  readonly entries: Entries
  /** The manager's entry of its apply before. */
  readonly own: ManagedFieldsEntry | undefined
  /** The configuration laid over the live object. */
  readonly laid: KubeObject
  /** The same without what the manager applied before, and nobody owns any more. */
  readonly merged: KubeObject
}

export function mergeConfiguration(request: ApplyRequest): Merging {
  const { schema, live, now } = request
  if (request.config.metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil')
  const config = withoutFields(request.config, request.ignore)
  checkLists(schema, config, [], config)
  const writer: Writer = { manager: request.manager, operation: 'Apply', apiVersion: config.apiVersion, subresource: request.subresource }
  const entries = live === undefined ? [] : firstEntries(schema, live, now)
  const own = entries.find((entry) => isSameWriter(entry, writer))
  const fields = appliedFields(schema, config)

  const laid = mergeApplied(schema, live, config) as KubeObject
  const merged = own === undefined ? laid : prune(schema, laid, setOf(own), heldFields(entries, own, fields))
  return { config, fields, entries, own, laid, merged }
}

/** byVersion: what the apply changes as other versions show it, for managers who wrote in those. */
export function settleApply(request: ApplyRequest, merging: Merging, byVersion: ChangesByVersion): KubeObject {
  const { schema, live, now, sets } = request
  const { config, fields, entries, own, merged } = merging
  const writer: Writer = { manager: request.manager, operation: 'Apply', apiVersion: config.apiVersion, subresource: request.subresource }
  const changes: Changes = { changed: changedFields(schema, live, merged), removed: removedFields(schema, live, merged) }
  refuseConflicts(request, findConflicts(entries, own, (entry) => changesFor(entry, changes, byVersion).changed))

  const isSameSet = own !== undefined && sameSets(setOf(own), fields) && own.apiVersion === config.apiVersion
  // The annotation is the server's business: it is set aside from ownership and conflicts.
  const result = request.manager === 'kubectl' ? syncLastApplied(merged, request.config) : merged
  if (result === live && isSameSet) return live
  const after = takeFromOthers(entries, own, changes, sets, byVersion)
  if (!isEmpty(fields)) after.push(entryFor(writer, now, sets.shared(fields)))
  return { ...result, metadata: { ...result.metadata, managedFields: sortEntries(after) } }
}

function withoutFields(config: KubeObject, names: readonly string[]): KubeObject {
  if (!names.some((name) => Object.hasOwn(config, name))) return config
  const entries = Object.entries(config).filter(([name]) => !names.includes(name))
  return { apiVersion: config.apiVersion, kind: config.kind, metadata: config.metadata, ...Object.fromEntries(entries) }
}

/** An object that nobody is known to have written: all that it has belongs to who wrote it before the first apply. */
function firstEntries(schema: ObjectSchema, live: KubeObject, now: Instant): Entries {
  const entries = live.metadata.managedFields ?? []
  if (entries.length > 0) return entries
  const writer: Writer = { manager: 'before-first-apply', operation: 'Update', apiVersion: live.apiVersion, subresource: '' }
  const fields = changedFields(schema, undefined, live)
  return isEmpty(fields) ? [] : [entryFor(writer, now, fields)]
}

function heldFields(entries: Entries, own: ManagedFieldsEntry, fields: FieldSet): FieldSet {
  let held = fields
  for (const entry of entries) if (entry !== own) held = unionSets(held, setOf(entry))
  return held
}

/** The metadata itself always stays: its name and namespace belong to nobody. */
export function prune(schema: ObjectSchema, merged: KubeObject, last: FieldSet, held: FieldSet): KubeObject {
  const kept = held['f:metadata'] === undefined ? { ...held, 'f:metadata': { '.': emptySet } } : held
  return pruneUnowned(schema, merged, last, kept) as KubeObject
}

type ChangedFor = (entry: ManagedFieldsEntry) => FieldSet

function findConflicts(entries: Entries, own: ManagedFieldsEntry | undefined, changedFor: ChangedFor): Conflict[] {
  const conflicts: Conflict[] = []
  for (const entry of entries) {
    const fields = entry === own ? emptySet : intersectSets(setOf(entry), changedFor(entry))
    if (!isEmpty(fields)) conflicts.push({ entry, fields })
  }
  return conflicts
}

function refuseConflicts(request: ApplyRequest, conflicts: readonly Conflict[]): void {
  if (request.force || conflicts.length === 0 || request.live === undefined) return
  const allowed = request.manager === 'kubectl' ? takeoverFields(request.schema, request.live) : emptySet
  const left = conflicts
    .map(({ entry, fields }) => ({ entry, fields: subtractSets(fields, allowed) }))
    .filter(({ fields }) => !isEmpty(fields))
  if (left.length > 0) throw conflictError(left)
}

/** Every element of a list that merges must be nameable, and once. */
function checkLists(schema: Schema, value: unknown, path: readonly string[], config: KubeObject): void {
  if (!isDescended(schema, value)) return
  if (schema.type === 'list' && Array.isArray(value)) {
    const seen = new Set<string>()
    for (const [index, item] of value.entries()) {
      const element = itemElement(schema, item)
      if (element === undefined) {
        const key = missingKey(schema, item)
        throw notTyped(
          config,
          path,
          `element ${index}: associative list with keys has an element that omits key field ${JSON.stringify(key)}`
        )
      }
      if (seen.has(element)) throw notTyped(config, path, `duplicate entries for key ${formatFieldPath([element])}`)
      seen.add(element)
      checkLists(schema.items, item, [...path, element], config)
    }
  } else if (isObject(value)) {
    for (const key in value) checkLists(schemaOf(schema, key), value[key], [...path, `f:${key}`], config)
  }
}
