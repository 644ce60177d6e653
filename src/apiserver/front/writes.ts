import { methodNotAllowed } from '../../words/status-error.ts'
import { isTrue } from '../request-info.ts'
import type { ServerResponse } from '../http.ts'
import { readObject, readOptional } from '../negotiate/body.ts'
import type { BodyParts } from '../negotiate/body.ts'
import { patchType, readPatch } from '../negotiate/patch-body.ts'
import { objectResponse } from '../negotiate/response.ts'
import { successBody } from '../negotiate/status-body.ts'
import { parseDeleteOptions } from '../options/delete-options.ts'
import { parseListOptions } from '../options/list-options.ts'
import { parseForce, parseWriteOptions } from '../options/write-options.ts'
import { createObject } from '../pipeline/create.ts'
import { deleteCollection } from '../pipeline/delete-collection.ts'
import { deleteObject } from '../pipeline/delete.ts'
import { patchObject, reportDuplicates } from '../pipeline/patch.ts'
import { replaceObject } from '../pipeline/replace.ts'
import { patchScale, readScale, replaceScale } from '../pipeline/scale.ts'
import type { PipelineParts, Written } from '../pipeline/write-request.ts'
import { resourceName } from '../pipeline/write-request.ts'
import { parseSelection } from '../selection.ts'
import { listShown } from '../shown-objects.ts'
import { readPoint } from '../storage/resource-version.ts'
import { servedOnce } from '../watch-cache/cached-object.ts'
import { writeRequest } from './http-call.ts'
import type { ResourceCall } from './http-call.ts'
import { expiredResponse } from './reads.ts'
import { renderList, renderObject } from './render.ts'

type WriteParts = PipelineParts & BodyParts

export async function createResponse(parts: WriteParts, call: ResourceCall): Promise<ServerResponse> {
  const options = parseWriteOptions(call.query, 'CreateOptions')
  const request = writeRequest(call, options)
  const { object, duplicates } = await readObject(call.request, parts, options)
  call.trail?.requestObject(object)
  reportDuplicates(request, duplicates)
  return writtenResponse(parts, call, await createObject(parts, request, object))
}

export async function updateResponse(parts: WriteParts, call: ResourceCall): Promise<ServerResponse> {
  const options = parseWriteOptions(call.query, 'UpdateOptions')
  const request = writeRequest(call, options)
  const { object, duplicates } = await readObject(call.request, parts, options)
  call.trail?.requestObject(object)
  reportDuplicates(request, duplicates)
  const isScale = call.info.subresource === 'scale'
  return writtenResponse(parts, call, await (isScale ? replaceScale : replaceObject)(parts, request, object))
}

export async function patchResponse(parts: WriteParts, call: ResourceCall): Promise<ServerResponse> {
  const type = patchType(call.request)
  const options = parseWriteOptions(call.query, 'PatchOptions')
  const force = parseForce(call.query, type === 'apply', options.fieldManager)
  const request = writeRequest(call, options)
  const { patch, duplicates } = await readPatch(call.request, { type, maxBytes: parts.bodyBytes, force, strictness: options })
  call.trail?.requestBody(patch.type === 'json' ? patch.operations : patch.body)
  reportDuplicates(request, duplicates)
  const isScale = call.info.subresource === 'scale'
  return writtenResponse(parts, call, await (isScale ? patchScale : patchObject)(parts, request, patch))
}

function writtenResponse(parts: WriteParts, call: ResourceCall, written: Written): ServerResponse {
  return renderObject(parts.clock, call, written.created ? 201 : 200, written.served)
}

export async function scaleResponse(parts: WriteParts, call: ResourceCall): Promise<ServerResponse> {
  await parts.feed.fresh(call.request)
  return renderObject(parts.clock, call, 200, servedOnce(await readScale(call.resource, call.key)))
}

/** Kinds that a delete answers with the last state of the object instead of a Status, as upstream does. */
const RETURNED_WHEN_GONE: ReadonlySet<string> = new Set([
  '/pods', '/podtemplates', '/persistentvolumes', '/persistentvolumeclaims', '/resourcequotas', '/serviceaccounts', '/services',
  'storage.k8s.io/storageclasses', 'storage.k8s.io/csidrivers', 'storage.k8s.io/csinodes', 'storage.k8s.io/volumeattachments',
])

export async function deleteResponse(parts: WriteParts, call: ResourceCall): Promise<ServerResponse> {
  const options = parseDeleteOptions(call.query, await deleteBody(parts, call))
  const request = writeRequest(call, { dryRun: options.dryRun, fieldManager: '', fieldValidation: 'Ignore', findDuplicates: false })
  const { outcome, served } = await deleteObject(parts, request, options)
  const { kind } = call.resource
  if (outcome === 'gone' && !RETURNED_WHEN_GONE.has(`${kind.group}/${kind.plural}`)) {
    const { name = '', uid } = served.object.metadata
    return objectResponse(200, successBody({ group: kind.group, kind: kind.plural, name, uid }), call.accepted)
  }
  const accepted = outcome === 'pending' && options.orphanDependents === false
  return renderObject(parts.clock, call, accepted ? 202 : 200, served)
}

async function deleteBody(parts: WriteParts, call: ResourceCall): Promise<unknown> {
  const body = await readOptional(call.request, parts)
  call.trail?.requestBody(body)
  return body
}

export async function deleteCollectionResponse(parts: WriteParts, call: ResourceCall): Promise<ServerResponse> {
  if (isTrue(call.query.get('watch'))) throw methodNotAllowed(resourceName(call.resource), 'deletecollection with watch')
  const options = parseDeleteOptions(call.query, await deleteBody(parts, call))
  const list = parseListOptions(call.query, false)
  const { scope, matches } = parseSelection(call.resource, call.key.namespace, list)
  const { result: page, shown } = await listShown(parts.feed, parts.store, call.resource, {
    cache: call.resource.cache, scope, matches, limit: list.limit, continueToken: list.continueToken,
    point: readPoint(list.resourceVersion, list.resourceVersionMatch, list.limit), signal: call.request.signal,
  })
  if (page.outcome === 'expired') return expiredResponse(call, page)
  const request = writeRequest(call, { dryRun: options.dryRun, fieldManager: '', fieldValidation: 'Ignore', findDuplicates: false })
  await deleteCollection(parts, request, page.objects, options)
  return renderList(parts, call, { ...page, revision: parts.feed.revision }, shown)
}
