import type { JsonObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { assert } from '../../words/assert.ts'
import { tableColumns } from '../../resources/table.ts'
import { sleep } from '../../words/ports.ts'
import type { Clock } from '../../words/ports.ts'
import type { ByteSink, ServerResponse } from '../http.ts'
import { jsonStream, protobufStream } from '../negotiate/response.ts'
import { parseIncludeObject, partialOf, tableOf } from '../negotiate/table.ts'
import type { ProtobufEncoder } from '../protobuf/encode-object.ts'
import { listTypeOf } from '../resource-set.ts'
import { inPassing } from '../watch-cache/cached-object.ts'
import type { Served } from '../watch-cache/cached-object.ts'
import { Blocks } from './blocks.ts'
import type { ResourceCall } from './http-call.ts'

/** What a list is made of: its objects are looked at one after the other, when it is their turn. */
export interface ListItems {
  readonly metadata: JsonObject
  readonly length: number
  at(index: number): Served
}

/** Shorter lists are made in one go: that is quicker, and nobody notices the wait. */
const MIN_STREAMED_BYTE_ITEMS = 4_000
const MIN_STREAMED_ITEMS = 500
/** So many are encoded before others have their turn, or measured, which takes less than half as long: some milliseconds. */
const ITEMS_OF_A_PIECE = 100
const ITEMS_MEASURED = 200
/** So much of what is encoded to measure it is kept to be sent: a list that is not longer is encoded once. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024

/**
 * A long list that is encoded while it is sent, in pieces between which others are served. Undefined: the list is short, or is wanted in a
 * form for people, or whole for the audit log.
 */
export function streamedList(clock: Clock, call: ResourceCall, items: ListItems): ServerResponse | undefined {
  const { accepted, resource } = call
  const isBytes = accepted.as === 'object' && accepted.format === 'json'
  if (items.length < (isBytes ? MIN_STREAMED_BYTE_ITEMS : MIN_STREAMED_ITEMS) || call.trail !== undefined) return undefined
  if (accepted.pretty || accepted.format === 'yaml') return undefined
  if (accepted.as === 'table') return tableStream(clock, call, items)
  const isPartial = accepted.as === 'partial-list'
  const list = isPartial
    ? { kind: 'PartialObjectMetadataList', apiVersion: accepted.meta }
    : listTypeOf(resource)
  const head = { ...list, metadata: items.metadata }
  const itemOf = (index: number): KubeObject => (isPartial ? partialOf(items.at(index).object, accepted.meta) : items.at(index).object)
  if (accepted.format === 'protobuf') {
    const { encoder } = accepted
    return protobufStream((sink) => sendProtobuf(clock, sink, encoder, { head, length: items.length, itemOf }))
  }
  const frame = { ...head, items: [] }
  if (isPartial) return jsonStream((sink) => sendItems(clock, sink, frame, items.length, (index) => jsonText(itemOf(index))))
  return jsonStream((sink) => sendItems(clock, sink, frame, items.length, (index) => inPassing(items.at(index))))
}

function tableStream(clock: Clock, { query, resource, accepted: { meta } }: ResourceCall, items: ListItems): ServerResponse {
  const columns = tableColumns(resource.definition)
  const options = { meta, metadata: items.metadata, include: parseIncludeObject(query), now: clock.now(), withColumns: true }
  const rowOf = (index: number): string => {
    const { rows } = tableOf(columns, [items.at(index).object], { ...options, withColumns: false })
    return jsonText(rows).slice(1, -1)
  }
  return jsonStream((sink) => sendItems(clock, sink, tableOf(columns, [], options), items.length, rowOf))
}

const TAIL = ']}'

type ItemOf = (index: number) => Uint8Array | string

/** How long items are made of before others have their turn: the columns of a custom resource may be searched for. */
const TURN_MS = 20
const ITEMS_PER_LOOK = 16

/** frame is the whole answer but for its items, which are its last member. Items are bytes where the cache has them, else texts. */
async function sendItems(clock: Clock, sink: ByteSink, frame: object, length: number, itemOf: ItemOf): Promise<void> {
  const blocks = new Blocks(sink)
  let turn = clock.now()
  blocks.addText(jsonText(frame).slice(0, -TAIL.length))
  for (let index = 0; index < length; index++) {
    if (index > 0) blocks.addText(',')
    const item = itemOf(index)
    if (typeof item === 'string') blocks.addText(item)
    else blocks.addBytes(item)
    if (blocks.mustWait) await blocks.drained()
    if (index % ITEMS_PER_LOOK === 0 && clock.now() - turn > TURN_MS) {
      await sleep(clock, 0)
      turn = clock.now()
    }
  }
  blocks.addText(TAIL)
  blocks.flush()
}

interface TypedList {
  readonly head: JsonObject & { readonly apiVersion: string; readonly kind: string }
  readonly length: number
  itemOf(index: number): KubeObject
}

/**
 * The message begins with its length, so its items are looked at twice: measured, then encoded while they are sent. They do not change in
 * between, and no more of them is in memory than the client is about to take.
 */
async function sendProtobuf(clock: Clock, sink: ByteSink, encoder: ProtobufEncoder, list: TypedList): Promise<void> {
  const { head, length } = list
  const kept: Uint8Array[] = []
  let itemsSize = 0
  for (let next = 0; next < length;) {
    if (itemsSize < MAX_KEPT_BYTES) {
      const piece = encoder.encodeItems(head, itemsOf(list, next, ITEMS_OF_A_PIECE))
      kept.push(piece)
      itemsSize += piece.length
      next += ITEMS_OF_A_PIECE
    } else {
      itemsSize += encoder.itemsSize(head, itemsOf(list, next, ITEMS_MEASURED))
      next += ITEMS_MEASURED
    }
    await sleep(clock, 0)
  }
  const { before, after } = encoder.listFrame(head, itemsSize)
  const blocks = new Blocks(sink)
  blocks.addBytes(before)
  let sentSize = 0
  for (let start = 0; start < length; start += ITEMS_OF_A_PIECE) {
    const known = kept.shift()
    const piece = known ?? encoder.encodeItems(head, itemsOf(list, start, ITEMS_OF_A_PIECE))
    sentSize += piece.length
    blocks.addBytes(piece)
    if (blocks.mustWait) await blocks.drained()
    if (known === undefined) await sleep(clock, 0)
  }
  assert(sentSize === itemsSize, 'a list is as long as it was said to be')
  blocks.addBytes(after)
  blocks.flush()
}

function itemsOf({ length, itemOf }: TypedList, start: number, count: number): readonly KubeObject[] {
  return Array.from({ length: Math.min(count, length - start) }, (_, index) => itemOf(start + index))
}
