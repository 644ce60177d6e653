import type { Integer } from '../../objects/json.ts'
import type { KubeObject, ObjectMeta } from '../../objects/kube-object.ts'
import { formatTime } from '../../words/instant.ts'
import type { Instant } from '../../words/instant.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import type { DeleteOptions } from '../options/delete-options.ts'

const ORPHAN = 'orphan'
const FOREGROUND = 'foregroundDeletion'

interface Held extends KubeObject {
  spec?: { finalizers?: readonly string[] }
  status?: object
}

/** A namespace is also held by its spec.finalizers, until everything in it is gone. */
function isNamespace(object: KubeObject): object is Held {
  return object.kind === 'Namespace' && object.apiVersion === 'v1'
}

/** Deleted, and nothing holds it any more: neither a finalizer nor a grace period. */
export function isReadyToGo(object: KubeObject): boolean {
  const { metadata } = object
  if (metadata.deletionTimestamp === undefined) return false
  return (metadata.deletionGracePeriodSeconds ?? 0) === 0 && !isHeld(object)
}

export function isHeld(object: KubeObject): boolean {
  if ((object.metadata.finalizers?.length ?? 0) > 0) return true
  return isNamespace(object) && (object.spec?.finalizers?.length ?? 0) > 0
}

/** The finalizers that make the garbage collector treat the dependents as the deleter wants, beside those of others. */
export function finalizersFor(
  metadata: ObjectMeta, options: DeleteOptions,
  { orphansByDefault, finalizersOnDelete = [] }: Pick<ResourceDefinition, 'orphansByDefault' | 'finalizersOnDelete'>,
): readonly string[] {
  const standing = metadata.finalizers ?? []
  const missing = metadata.deletionTimestamp === undefined ? finalizersOnDelete.filter((name) => !standing.includes(name)) : []
  const existing = missing.length === 0 ? standing : [...standing, ...missing]
  const others = existing.filter((name) => name !== ORPHAN && name !== FOREGROUND)
  if (wantsOrphans(existing, options, orphansByDefault)) return [...others, ORPHAN]
  if (wantsForeground(existing, options)) return [...others, FOREGROUND]
  return others.length === existing.length ? existing : others
}

/** The deleter decides, else finalizers that stand, else the kind. */
function wantsOrphans(existing: readonly string[], options: DeleteOptions, otherwise: boolean): boolean {
  if (options.orphanDependents !== undefined) return options.orphanDependents
  if (options.propagationPolicy !== undefined) return options.propagationPolicy === 'Orphan'
  return existing.includes(ORPHAN) || (otherwise && !existing.includes(FOREGROUND))
}

function wantsForeground(existing: readonly string[], options: DeleteOptions): boolean {
  if (options.orphanDependents !== undefined) return false
  if (options.propagationPolicy !== undefined) return options.propagationPolicy === 'Foreground'
  return existing.includes(FOREGROUND)
}

/** A new object that shares what does not change: deleted from now on, gone after graceSeconds if nothing else holds it. */
export function markDeleted(object: KubeObject, finalizers: readonly string[], graceSeconds: Integer, now: Instant): KubeObject {
  const { metadata } = object
  const began = metadata.deletionTimestamp === undefined
  const marked: ObjectMeta = {
    ...metadata,
    deletionTimestamp: deletionTime(metadata, graceSeconds, now),
    deletionGracePeriodSeconds: graceSeconds,
    ...(began && metadata.generation !== undefined ? { generation: metadata.generation + 1 } : {}),
  }
  if (finalizers.length > 0) marked.finalizers = [...finalizers]
  else delete marked.finalizers
  const deleted: Held = { ...object, metadata: marked }
  if (isNamespace(deleted)) deleted.status = { ...deleted.status, phase: 'Terminating' }
  return deleted
}

/** The moment at which the grace period ends; a shorter period counts from when the deletion began. */
function deletionTime(metadata: ObjectMeta, graceSeconds: Integer, now: Instant): string {
  if (metadata.deletionTimestamp === undefined) return endOf(now, graceSeconds)
  const began = Date.parse(metadata.deletionTimestamp) - Number(metadata.deletionGracePeriodSeconds ?? 0) * 1000
  // Of an end that could not be written the beginning is not known any more.
  return endOf(began < 0 ? now : began, graceSeconds)
}

/** 9999-12-31T23:59:59Z: a later time cannot be written. */
const LATEST = 253_402_300_799_000

function endOf(began: Instant, graceSeconds: Integer): string {
  return formatTime(Math.min(began + Number(graceSeconds) * 1000, LATEST))
}
