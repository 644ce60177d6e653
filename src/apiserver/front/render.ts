import type { JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { present } from '../../words/assert.ts'
import { utf8 } from '../../words/bytes.ts'
import type { Clock } from '../../words/ports.ts'
import type { ServerResponse } from '../http.ts'
import { listForm } from '../negotiate/list-form.ts'
import { requireListForm, requireObjectForm } from '../negotiate/metadata-only.ts'
import { bytesResponse, objectResponse, servedResponse } from '../negotiate/response.ts'
import { tableColumns } from '../../resources/table.ts'
import { parseIncludeObject, partialOf, scaleColumns, tableOf } from '../negotiate/table.ts'
import { listTypeOf } from '../resource-set.ts'
import type { Turns } from '../turns.ts'
import type { ListPage } from '../watch-cache/list.ts'
import type { Served } from '../watch-cache/cached-object.ts'
import { auditList } from './audited-list.ts'
import type { ResourceCall } from './http-call.ts'
import { isPlain, streamedList } from './streamed-list.ts'
import type { ListItems, ListParts } from './streamed-list.ts'

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
export async function renderList(parts: ListParts, call: ResourceCall, page: ListPage, shown?: readonly Served[]): Promise<ServerResponse> {
  const { accepted, resource } = call
  const type = listTypeOf(resource)
  requireListForm(accepted, resource, type)
  const items: ListItems = {
    metadata: listMetadata(page), length: page.objects.length,
    at: (index) => shown?.[index] ?? present(page.objects[index], 'an object of the page').seen(resource.view),
  }
  if (call.trail?.wantsAnswer === true) await auditList(parts, call, call.trail, items)
  const streamed = streamedList(parts, call, items)
  if (streamed !== undefined) return streamed
  if (isPlain(accepted)) {
    const head = utf8(
      `{"kind":"${type.kind}","apiVersion":"${type.apiVersion}","metadata":${JSON.stringify(items.metadata)},"items":[`,
    )
    return bytesResponse(200, await listBody(parts.feed.turns, head, items))
  }
  return renderItems(parts.clock, call, Array.from({ length: items.length }, (_, index) => items.at(index).object), items.metadata)
}

/** Objects as a list of their kind, in the form that was asked for. */
export function renderItems(clock: Clock, call: ResourceCall, objects: readonly KubeObject[], metadata: JsonObject): ServerResponse {
  requireListForm(call.accepted, call.resource, listTypeOf(call.resource))
  const form = listForm(call, metadata, clock.now())
  return objectResponse(200, { ...form.empty, [form.member]: objects.map((object) => form.itemOf(object)) }, call.accepted)
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
const BYTES_AT_ONCE = 64

/** The items are the bytes that the cache holds: a list costs no memory of its own, however slowly its client reads. */
async function listBody(turns: Turns, head: Uint8Array, items: ListItems): Promise<readonly Uint8Array[]> {
  const parts = [head]
  for (let index = 0; index < items.length; index++) {
    if (index > 0) parts.push(COMMA)
    // Those that have none any more have to be encoded.
    parts.push(items.at(index).bytes)
    if (index % BYTES_AT_ONCE === BYTES_AT_ONCE - 1 && turns.isOver()) await turns.next()
  }
  parts.push(TAIL)
  return parts
}
