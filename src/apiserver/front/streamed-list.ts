import type { JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { joinBytes, utf8 } from '../../words/bytes.ts'
import { sleep } from '../../words/ports.ts'
import type { Clock } from '../../words/ports.ts'
import type { ByteSink, ServerResponse } from '../http.ts'
import { jsonStream, protobufStream } from '../negotiate/response.ts'
import { parseIncludeObject, partialOf, tableOf } from '../negotiate/table.ts'
import type { ProtobufEncoder } from '../protobuf/encode-object.ts'
import { inPassing } from '../watch-cache/cached-object.ts'
import type { Served } from '../watch-cache/cached-object.ts'
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
/** So many are encoded before others have their turn: some milliseconds. */
const ITEMS_OF_A_PIECE = 50
const BLOCK_BYTES = 128 * 1024

/**
 * A long list that is encoded while it is sent, in pieces between which others are served. Undefined: the list is short, or is wanted in a form
 * for people, or whole for the audit log.
 */
export function streamedList(clock: Clock, call: ResourceCall, items: ListItems): ServerResponse | undefined {
  const { accepted, resource } = call
  const isBytes = accepted.as === 'object' && accepted.format === 'json'
  if (items.length < (isBytes ? MIN_STREAMED_BYTE_ITEMS : MIN_STREAMED_ITEMS) || call.trail !== undefined) return undefined
  if (accepted.pretty || accepted.format === 'yaml') return undefined
  if (accepted.as === 'table') return tableStream(clock, call, items)
  const isPartial = accepted.as === 'partial'
  const list = isPartial ? { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' } : { kind: `${resource.kind.kind}List`, apiVersion: resource.apiVersion }
  const head = { ...list, metadata: items.metadata }
  const itemOf = (index: number): KubeObject => (isPartial ? partialOf(items.at(index).object) : items.at(index).object)
  if (accepted.format === 'protobuf') {
    const { encoder } = accepted
    return protobufStream((sink) => sendProtobuf(clock, sink, encoder, { head, length: items.length, itemOf }))
  }
  const frame = { ...head, items: [] }
  if (isPartial) return jsonStream((sink) => sendItems(sink, frame, items.length, (index) => JSON.stringify(itemOf(index))))
  return jsonStream((sink) => sendItems(sink, frame, items.length, (index) => inPassing(items.at(index))))
}

function tableStream(clock: Clock, { query, resource }: ResourceCall, items: ListItems): ServerResponse {
  const options = { metadata: items.metadata, include: parseIncludeObject(query), now: clock.now(), withColumns: true }
  const rowOf = (index: number): string => {
    const { rows } = tableOf(resource.definition, [items.at(index).object], { ...options, withColumns: false })
    return JSON.stringify(rows).slice(1, -1)
  }
  return jsonStream((sink) => sendItems(sink, tableOf(resource.definition, [], options), items.length, rowOf))
}

const COMMA = utf8(',')
const TAIL = ']}'

/** The beginning of an answer whose last member are its items. */
function headOf(frame: object): string {
  return JSON.stringify(frame).slice(0, -TAIL.length)
}

/** Items are bytes where the cache has them, else texts. */
async function sendItems(sink: ByteSink, frame: object, length: number, itemOf: (index: number) => Uint8Array | string): Promise<void> {
  let parts: Uint8Array[] = []
  let text = headOf(frame)
  let size = 0
  for (let index = 0; index < length; index++) {
    const item = itemOf(index)
    if (index > 0) text += ','
    if (typeof item === 'string') text += item
    else {
      parts.push(text === ',' ? COMMA : utf8(text), item)
      text = ''
    }
    size += item.length
    if (size < BLOCK_BYTES) continue
    const isTaken = sink.write(blockOf(parts, text))
    parts = []
    text = ''
    size = 0
    if (!isTaken) await sink.drained()
  }
  sink.write(blockOf(parts, text + TAIL))
}

/** Texts are encoded by the block: bytes of its own for each item would bring about one collection after the other. */
function blockOf(parts: readonly Uint8Array[], text: string): Uint8Array {
  if (text === '') return joinBytes(parts)
  return parts.length === 0 ? utf8(text) : joinBytes([...parts, utf8(text)])
}

interface TypedList {
  readonly head: JsonObject & { readonly apiVersion: string; readonly kind: string }
  readonly length: number
  itemOf(index: number): KubeObject
}

/** The message begins with its length: all of it is encoded before the first byte goes. */
async function sendProtobuf(clock: Clock, sink: ByteSink, encoder: ProtobufEncoder, { head, length, itemOf }: TypedList): Promise<void> {
  const pieces: Uint8Array[] = []
  for (let start = 0; start < length; start += ITEMS_OF_A_PIECE) {
    const count = Math.min(ITEMS_OF_A_PIECE, length - start)
    pieces.push(encoder.encodeItems(head, Array.from({ length: count }, (_, index) => itemOf(start + index))))
    await sleep(clock, 0)
  }
  for (const block of encoder.list(head, pieces)) if (!sink.write(block)) await sink.drained()
}
