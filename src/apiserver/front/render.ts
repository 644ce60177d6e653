import type { JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { present } from '../../words/assert.ts'
import { utf8 } from '../../words/bytes.ts'
import type { Clock } from '../../words/ports.ts'
import type { ServerResponse } from '../http.ts'
import { requireListForm, requireObjectForm } from '../negotiate/metadata-only.ts'
import { bytesResponse, objectResponse, servedResponse } from '../negotiate/response.ts'
import { tableColumns } from '../../resources/table.ts'
import { parseIncludeObject, partialOf, scaleColumns, tableOf } from '../negotiate/table.ts'
import { listTypeOf } from '../resource-set.ts'
import type { ListPage } from '../watch-cache/list.ts'
import type { Served } from '../watch-cache/cached-object.ts'
import type { ResourceCall } from './http-call.ts'
import { streamedList } from './streamed-list.ts'

/** One object in the form that was asked for. */
export function renderObject(clock: Clock, call: ResourceCall, status: number, served: Served): ServerResponse {
  const { accepted, resource } = call
  if (accepted.as === 'object') return servedResponse(status, served, accepted)
  const { object } = served
  requireObjectForm(accepted, resource, object)
  if (accepted.as === 'partial') return objectResponse(status, partialOf(object, accepted.meta), accepted)
  const metadata = { resourceVersion: object.metadata.resourceVersion ?? '' }
  const options = { meta: accepted.meta, metadata, include: parseIncludeObject(call.query), now: clock.now(), withColumns: true }
  const columns = call.info.subresource === 'scale' ? scaleColumns : tableColumns(resource.definition)
  return objectResponse(status, tableOf(columns, [object], options), accepted)
}

/**
 * A list in the form that was asked for. As plain JSON it is made of the bytes that the cache holds. shown: what the objects of the page
 * are shown as, where the resource's view cannot tell.
 */
export function renderList(clock: Clock, call: ResourceCall, page: ListPage, shown?: readonly Served[]): ServerResponse {
  const { accepted, resource } = call
  const type = listTypeOf(resource)
  requireListForm(accepted, resource, type)
  const metadata = listMetadata(page)
  const streamed = streamedList(clock, call, {
    metadata, length: page.objects.length,
    at: (index) => shown?.[index] ?? present(page.objects[index], 'an object of the page').seen(resource.view),
  })
  if (streamed !== undefined) return streamed
  if (accepted.as === 'object' && accepted.format === 'json' && !accepted.pretty) {
    const head = utf8(
      `{"kind":"${type.kind}","apiVersion":"${type.apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`,
    )
    return bytesResponse(
      200,
      listBody(head, shown?.map(({ bytes }) => bytes) ?? page.objects.map((object) => object.seen(resource.view).bytes)),
    )
  }
  const items = shown?.map(({ object }) => object) ?? page.objects.map((cached) => cached.seen(resource.view).object)
  return renderItems(clock, call, items, metadata)
}

/** Objects as a list of their kind, in the form that was asked for. */
export function renderItems(clock: Clock, call: ResourceCall, objects: readonly KubeObject[], metadata: JsonObject): ServerResponse {
  const { accepted, resource } = call
  const type = listTypeOf(resource)
  requireListForm(accepted, resource, type)
  if (accepted.as === 'table') {
    const options = { meta: accepted.meta, metadata, include: parseIncludeObject(call.query), now: clock.now(), withColumns: true }
    return objectResponse(200, tableOf(tableColumns(resource.definition), objects, options), accepted)
  }
  if (accepted.as === 'partial-list') {
    const items = objects.map((object) => partialOf(object, accepted.meta))
    return objectResponse(200, { kind: 'PartialObjectMetadataList', apiVersion: accepted.meta, metadata, items }, accepted)
  }
  return objectResponse(200, { ...type, metadata, items: objects }, accepted)
}

function listMetadata(page: ListPage): JsonObject {
  return {
    resourceVersion: String(page.revision),
    ...(page.continueToken === '' ? {} : { continue: page.continueToken }),
    ...(page.remainingItemCount === undefined ? {} : { remainingItemCount: page.remainingItemCount }),
  }
}

const COMMA = utf8(',')
const TAIL = utf8(']}')

/** The items are the bytes that the cache holds: a list costs no memory of its own, however slowly its client reads. */
function listBody(head: Uint8Array, items: readonly Uint8Array[]): readonly Uint8Array[] {
  const parts = [head]
  for (const item of items) {
    if (parts.length > 1) parts.push(COMMA)
    parts.push(item)
  }
  parts.push(TAIL)
  return parts
}
