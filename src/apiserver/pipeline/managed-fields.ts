import { applyConfiguration } from '../../objects/apply/apply-configuration.ts'
import { trackUpdate as trackChanges } from '../../objects/apply/track-update.ts'
import type { KubeObject, ManagedFieldsEntry } from '../../objects/kube-object.ts'
import { freshDraft } from './fresh-draft.ts'
import { schemaOf } from './schema-stage.ts'
import type { Draft } from './update.ts'
import type { PipelineParts, WriteRequest } from './write-request.ts'

/** metadata.managedFields of what is about to be written; current is undefined on create. */
export function trackWrite(
  parts: PipelineParts, request: WriteRequest, draft: KubeObject, current: KubeObject | undefined,
): ManagedFieldsEntry[] | undefined {
  const { resource, manager } = request
  const written = current === undefined && resource.definition.status !== undefined ? withoutStatus(draft) : draft
  return trackChanges(schemaOf(parts, resource), current, written, {
    manager, apiVersion: resource.apiVersion, subresource: request.subresource, now: parts.clock.now(),
  }, parts.sets)
}

/** The status of a new object is the server's: its creator does not own it. */
function withoutStatus(draft: KubeObject & { status?: unknown }): KubeObject {
  const { status: _, ...rest } = draft
  return rest
}

/** Server-side apply as a draft. Throws 409 with the conflicting managers where it is not forced. live undefined: it creates. */
export function appliedDraft(
  parts: PipelineParts, request: WriteRequest, apply: { live: KubeObject | undefined; config: KubeObject; force: boolean },
): Draft {
  const merged = applyConfiguration({
    schema: schemaOf(parts, request.resource), live: apply.live, config: apply.config, manager: request.manager,
    subresource: request.subresource, force: apply.force, now: parts.clock.now(), ignore: ignoredFields(request), sets: parts.sets,
  })
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
