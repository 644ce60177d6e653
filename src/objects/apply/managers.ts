import { formatTime, type Instant } from '../../words/instant.ts'
import type { ManagedFieldsEntry } from '../kube-object.ts'
import { emptySet, isEmpty, unionSets, type FieldSet } from './field-set.ts'
import { decodeFieldSet } from './path-element.ts'

/** Who writes: one entry of metadata.managedFields stands for one writer. */
export interface Writer {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  /** '' for the object itself. */
  readonly subresource: string
}

export type Entries = readonly ManagedFieldsEntry[]

/** More updaters than this are folded into one: an object that many names write does not grow without end. */
const MAX_UPDATERS = 10
const OLD_UPDATERS = 'ancient-changes'

export function setOf(entry: ManagedFieldsEntry): FieldSet {
  // Entries of stored objects were decoded when they were written.
  return (entry.fieldsV1 as FieldSet | undefined) ?? emptySet
}

/** An applier is the same whatever version it applies in. */
export function isSameWriter(entry: ManagedFieldsEntry, writer: Writer): boolean {
  return entry.manager === writer.manager && entry.operation === writer.operation && (entry.subresource ?? '') === writer.subresource
    && (writer.operation === 'Apply' || entry.apiVersion === writer.apiVersion)
}

export function entryFor(writer: Writer, now: Instant, fields: FieldSet): ManagedFieldsEntry {
  return {
    manager: writer.manager,
    operation: writer.operation,
    apiVersion: writer.apiVersion,
    time: formatTime(now),
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
    ...(writer.subresource === '' ? {} : { subresource: writer.subresource }),
  }
}

/** The entry with other fields; undefined when it has none left, itself when they are the same. */
export function withFields(entry: ManagedFieldsEntry, fields: FieldSet): ManagedFieldsEntry | undefined {
  if (isEmpty(fields)) return undefined
  return fields === entry.fieldsV1 ? entry : { ...entry, fieldsV1: fields }
}

/** As upstream orders them: appliers first, then by time, manager, version and subresource. */
export function sortEntries(entries: ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  return entries.sort((a, b) => order(a.operation, b.operation) || order(a.time, b.time) || order(a.manager, b.manager)
    || order(a.apiVersion, b.apiVersion) || order(a.subresource, b.subresource))
}

function order(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Folds the oldest updaters of a version and subresource into one entry until there are few enough. */
export function capUpdaters(entries: ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  const updaters = entries.filter((entry) => entry.operation === 'Update')
  if (updaters.length <= MAX_UPDATERS) return entries
  const oldestFirst = updaters.filter((entry) => entry.manager !== OLD_UPDATERS).sort((a, b) => order(a.time, b.time))
  let kept = entries
  for (const oldest of oldestFirst) {
    if (kept.filter((entry) => entry.operation === 'Update').length <= MAX_UPDATERS) break
    kept = foldIn(kept, oldest)
  }
  return kept
}

function foldIn(entries: readonly ManagedFieldsEntry[], oldest: ManagedFieldsEntry): ManagedFieldsEntry[] {
  const others = entries.filter((entry) => entry !== oldest)
  const bucket = others.find((entry) => entry.manager === OLD_UPDATERS && entry.operation === 'Update'
    && entry.apiVersion === oldest.apiVersion && (entry.subresource ?? '') === (oldest.subresource ?? ''))
  if (bucket === undefined) return [...others, { ...oldest, manager: OLD_UPDATERS }]
  const time = order(bucket.time, oldest.time) < 0 ? oldest.time : bucket.time
  const merged = { ...bucket, fieldsV1: unionSets(setOf(bucket), setOf(oldest)), ...(time === undefined ? {} : { time }) }
  return others.map((entry) => (entry === bucket ? merged : entry))
}

/** What a client wrote into metadata.managedFields; undefined when it is malformed. An entry without fields says nothing and is dropped. */
export function decodeEntries(given: Entries): Entries | undefined {
  const entries: ManagedFieldsEntry[] = []
  for (const entry of given) {
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') return undefined
    const fields = decodeFieldSet(entry.fieldsV1 ?? {})
    if (fields === undefined) return undefined
    if (!isEmpty(fields)) entries.push({ ...entry, fieldsType: 'FieldsV1', fieldsV1: fields })
  }
  return entries
}

/** [{}]: how a client asks to forget all owners. */
export function isReset(given: Entries): boolean {
  return given.length === 1 && given[0] !== undefined && Object.values(given[0]).every((value) => value === undefined || value === '')
}
