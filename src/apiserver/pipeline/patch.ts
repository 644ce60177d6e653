import { isObject } from '../../objects/json.ts'
import type { JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { applyJsonPatch } from '../../objects/patch-json.ts'
import { applyMergePatch } from '../../objects/patch-merge.ts'
import { applyStrategicPatch } from '../../objects/patch-strategic.ts'
import { badRequest, isStatus, notFound, StatusError, unsupportedMediaType } from '../../words/status-error.ts'
import { createObject } from './create.ts'
import { appliedAcrossVersions, appliedDraft } from './managed-fields.ts'
import { hasOtherVersions } from './other-versions.ts'
import { draftOver, freshDraft } from './fresh-draft.ts'
import { decodeApplied, decodeFields, reportFields, schemaOf } from './schema-stage.ts'
import { updateObject } from './update.ts'
import type { PipelineParts, WriteRequest, Written } from './write-request.ts'
import { requireCreate, resourceName } from './write-request.ts'

export type ObjectPatch =
  | { readonly type: 'json'; readonly operations: readonly unknown[] }
  | { readonly type: 'merge' | 'strategic'; readonly body: JsonObject }
  | { readonly type: 'apply'; readonly body: JsonObject; readonly force: boolean }

/**
 * The patch is made again on top of every write that comes between, so that no update is lost; one that carries a
 * resourceVersion holds for that state only and fails with 409 instead.
 */
export async function patchObject(parts: PipelineParts, request: WriteRequest, patch: ObjectPatch): Promise<Written> {
  if (patch.type === 'apply') return applyObject(parts, request, patch)
  return updateObject(parts, request, (current) => ({ object: patched(parts, request, patch, current) }))
}

/** PATCH with apply-patch+yaml creates what is not there; who creates the same object at the same moment is met as an update. */
async function applyObject(parts: PipelineParts, request: WriteRequest, patch: ObjectPatch & { type: 'apply' }): Promise<Written> {
  const { resource, key } = request
  const config = decodeApplied(parts, request, patch.body)
  for (;;) {
    if (resource.cache.get(key) !== undefined) {
      return updateObject(parts, request, (live) => {
        const apply = { live, config, force: patch.force }
        return hasOtherVersions(resource, live.metadata.managedFields)
          ? appliedAcrossVersions(parts, request, resource, apply)
          : appliedDraft(parts, request, apply)
      })
    }
    if (request.subresource !== '' || (config.metadata.uid ?? '') !== '') throw notFound(resourceName(resource), key.name)
    await requireCreate(parts, request)
    try {
      const { object, tracked } = appliedDraft(parts, request, { live: undefined, config, force: patch.force })
      return await createObject(parts, request, object, tracked)
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists') || request.dryRun || request.signal.aborted) throw error
    }
  }
}

const CUSTOM_PATCH_TYPES =
  'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml'

type PlainPatch = Exclude<ObjectPatch, { type: 'apply' }>

/** The current object with the patch, as a fresh object whose fields were checked. */
function patched(parts: PipelineParts, request: WriteRequest, patch: PlainPatch, current: KubeObject): KubeObject {
  const result = resultOf(parts, request, patch, current)
  if (!isObject(result)) throw badRequest('the patch does not leave an object')
  // Parts that the patch left alone are shared with the current object; the stages that follow change their draft. A JSON patch may
  // have put them in other places too, where they were never checked.
  try {
    if (patch.type === 'json') return decodeFields(parts, request, freshDraft(result))
    return draftOver(decodeFields(parts, request, result, current), current)
  } catch (error) {
    throw isStatus(error, 'BadRequest') ? wrongPatch(error.message) : error
  }
}

/** The body could be read; what came of it cannot be such an object. Its content is not repeated: it may be a secret. */
function wrongPatch(why: string): StatusError {
  const message = `Invalid value: ${why}`
  return new StatusError(
    422, 'Invalid', ` "" is invalid: patch: ${message}`, { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] },
  )
}

function resultOf(parts: PipelineParts, request: WriteRequest, patch: PlainPatch, current: KubeObject): unknown {
  if (patch.type === 'json') return applyJsonPatch(current, patch.operations)
  if (patch.type === 'merge') return applyMergePatch(current, patch.body)
  if (request.resource.definition.form !== undefined) throw unsupportedMediaType(CUSTOM_PATCH_TYPES)
  const schema = schemaOf(parts, request.resource)
  return applyStrategicPatch(schema, { ...current }, patch.body)
}

/** For duplicates that decoding found in the text of a body. */
export function reportDuplicates(request: WriteRequest, duplicates: readonly string[]): void {
  reportFields(request, request.resource.kind, duplicates.map((field) => `duplicate field ${JSON.stringify(field)}`))
}
