import { applyConfiguration, mergeConfiguration, settleApply, type ApplyRequest } from '../../objects/apply/apply-configuration.ts'
import { trackUpdate as trackChanges } from '../../objects/apply/track-update.ts'
import { noOtherVersions, type ChangesByVersion } from '../../objects/apply/version-changes.ts'
import type { KubeObject, ManagedFieldsEntry, ObjectMeta } from '../../objects/kube-object.ts'
import { validateManagedFields } from '../../objects/metadata.ts'
import { sleep } from '../../words/ports.ts'
import { invalid } from '../../words/status-error.ts'
import { freshDraft } from './fresh-draft.ts'
import { changesByVersion, prunedAcrossVersions, type ConvertedResource } from './other-versions.ts'
import { schemaOf } from './schema-stage.ts'
import type { Draft } from './update.ts'
import type { PipelineParts, WriteRequest } from './write-request.ts'

/** metadata.managedFields of what is about to be written; current is undefined on create. */
export function trackWrite(
  parts: PipelineParts, request: WriteRequest, draft: KubeObject, current: KubeObject | undefined, others?: ChangesByVersion,
): ManagedFieldsEntry[] | undefined {
  const { resource, manager } = request
  const written = current === undefined && resource.definition.status !== undefined ? withoutStatus(draft) : draft
  return trackChanges(schemaOf(parts, resource), current, written, {
    manager, apiVersion: resource.apiVersion, subresource: request.subresource, now: parts.clock.now(),
  }, parts.sets, others)
}

/**
 * The metadata without the entries that a client has written anew: they are judged when it is clear what becomes of them. What nobody can
 * read leaves the old ones in force, and [{}] takes all away.
 */
export function withoutNewOwners(metadata: ObjectMeta, current: ObjectMeta | undefined): ObjectMeta {
  if (metadata.managedFields === current?.managedFields) return metadata
  const { managedFields: _, ...rest } = metadata
  return rest
}

/** Whoever changes drafts may have left entries that nobody can read. */
export function hasWrongOwners({ metadata }: KubeObject): boolean {
  return validateManagedFields(metadata.managedFields ?? []).length > 0
}

export function checkManagedFields({ resource }: WriteRequest, { metadata }: KubeObject): void {
  const errors = validateManagedFields(metadata.managedFields ?? [])
  if (errors.length > 0) throw invalid(resource.kind, metadata.name ?? '', errors)
}

/** So long a write waits to hear what other versions show of it. */
const PATIENCE_MS = 1_000

/**
 * The same where managers have written in other versions. Nobody who cannot tell what those show stops the write, or holds it up for long:
 * then their fields are taken to be named as in this version.
 */
export async function trackAcrossVersions(
  parts: PipelineParts, request: WriteRequest, resource: ConvertedResource,
  { draft, current }: { readonly draft: KubeObject; readonly current: KubeObject },
): Promise<ManagedFieldsEntry[] | undefined> {
  const told = changesByVersion(
    parts, resource, current.metadata.managedFields ?? [], { before: current, after: draft },
  ).catch(() => noOtherVersions)
  const patience = new AbortController()
  const changes = await Promise.race([told, sleep(parts.clock, PATIENCE_MS, patience.signal)])
  patience.abort()
  return trackWrite(parts, request, draft, current, changes ?? noOtherVersions)
}

/** The status of a new object is the server's: its creator does not own it. */
function withoutStatus(draft: KubeObject & { status?: unknown }): KubeObject {
  const { status: _, ...rest } = draft
  return rest
}

/** Server-side apply as a draft. Throws 409 with the conflicting managers where it is not forced. live undefined: it creates. */
export function appliedDraft(parts: PipelineParts, request: WriteRequest, apply: Apply): Draft {
  return draftOf(applyConfiguration(applyRequest(parts, request, apply)), apply)
}

/** The same where managers have written in other versions. */
export async function appliedAcrossVersions(
  parts: PipelineParts, request: WriteRequest, resource: ConvertedResource, apply: Apply & { readonly live: KubeObject },
): Promise<Draft> {
  const whole = applyRequest(parts, request, apply)
  const merging = mergeConfiguration(whole)
  const merged = await prunedAcrossVersions(parts, resource, merging)
  const changes = await changesByVersion(parts, resource, merging.entries, { before: apply.live, after: merged })
  return draftOf(settleApply(whole, { ...merging, merged }, changes), apply)
}

interface Apply {
  readonly live: KubeObject | undefined
  readonly config: KubeObject
  readonly force: boolean
}

function applyRequest(parts: PipelineParts, request: WriteRequest, { live, config, force }: Apply): ApplyRequest {
  return {
    schema: schemaOf(parts, request.resource), live, config, manager: request.manager,
    subresource: request.subresource, force, now: parts.clock.now(), ignore: ignoredFields(request), sets: parts.sets,
  }
}

function draftOf(merged: KubeObject, apply: Apply): Draft {
  const object = freshDraft(merged)
  const { resourceVersion, uid } = apply.config.metadata
  if (resourceVersion !== undefined) object.metadata.resourceVersion = resourceVersion
  if (uid !== undefined) object.metadata.uid = uid
  return { object, tracked: merged.metadata.managedFields ?? [] }
}

/** What this door does not write, so that nobody comes to own it by applying it there. */
function ignoredFields(request: WriteRequest): readonly string[] {
  if (request.subresource === 'status') return ['spec']
  return request.resource.definition.status === undefined ? [] : ['status']
}
