import type { JsonObject } from '../../objects/json.ts'
import { assert } from '../../words/assert.ts'
import type { Clock } from '../../words/ports.ts'
import type { ByteSink, ServerResponse } from '../http.ts'
import type { Accepted } from '../negotiate/accept.ts'
import { listForm, listTexts, type ListForm } from '../negotiate/list-form.ts'
import { listStream } from '../negotiate/response.ts'
import type { ProtobufEncoder } from '../protobuf/encode-object.ts'
import type { Turns } from '../turns.ts'
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

export interface ListParts {
  readonly clock: Clock
  readonly feed: { readonly turns: Turns }
}

/** Shorter lists are made in one go: that is quicker, and nobody notices the wait. As YAML, twenty take some milliseconds. */
const MIN_STREAMED_ITEMS = { bytes: 4_000, encoded: 250, pretty: 100, yaml: 20 } as const
/** So many are encoded between two looks at the clock, or measured, which takes less than half as long: a fraction of a millisecond. */
const ITEMS_OF_A_PIECE = 20
const ITEMS_MEASURED = 40
/** So much of what is encoded to measure it is kept to be sent: a list that is not longer is encoded once. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024

/** A long list that is encoded while it is sent, in turns between which others are served. Undefined: the list is short. */
export function streamedList({ clock, feed }: ListParts, call: ResourceCall, items: ListItems): ServerResponse | undefined {
  const { accepted } = call
  if (items.length < minStreamed(accepted)) return undefined
  const form = listForm(call, items.metadata, clock.now())
  const sending = { turns: feed.turns, request: call.request, length: items.length }
  if (accepted.format === 'protobuf') {
    const { encoder } = accepted
    const itemOf = (index: number): object => form.itemOf(items.at(index).object)
    return listStream(accepted, (sink) => sendProtobuf(sink, encoder, { ...sending, head: headOf(form), itemOf }))
  }
  const texts = listTexts(form, accepted)
  const itemOf = isPlain(accepted)
    ? (index: number): Uint8Array | string => inPassing(items.at(index))
    : (index: number): string => texts.itemOf(form.itemOf(items.at(index).object))
  return listStream(accepted, (sink) => sendTexts(sink, { ...sending, ...texts, itemOf }))
}

/** Of plain JSON the cache has the bytes. */
export function isPlain({ as, format, pretty }: Accepted): boolean {
  return as === 'object' && format === 'json' && !pretty
}

function minStreamed(accepted: Accepted): number {
  if (isPlain(accepted)) return MIN_STREAMED_ITEMS.bytes
  if (accepted.format === 'yaml') return MIN_STREAMED_ITEMS.yaml
  return accepted.pretty ? MIN_STREAMED_ITEMS.pretty : MIN_STREAMED_ITEMS.encoded
}

function headOf({ empty }: ListForm): TypedList['head'] {
  const { items: _, ...head } = empty
  return head as TypedList['head']
}

interface Sending {
  readonly turns: Turns
  readonly request: { readonly signal: AbortSignal }
  readonly length: number
}

interface SentTexts extends Sending {
  readonly before: string
  readonly between: string
  readonly after: string
  itemOf(index: number): Uint8Array | string
}

async function sendTexts(sink: ByteSink, { turns, request, length, before, between, after, itemOf }: SentTexts): Promise<void> {
  const blocks = new Blocks(sink)
  blocks.addText(before)
  for (let index = 0; index < length; index++) {
    if (index > 0) blocks.addText(between)
    blocks.add(itemOf(index))
    const pause = pauseOf(blocks, turns)
    if (pause === undefined) continue
    await pause
    if (request.signal.aborted) return
  }
  blocks.addText(after)
  blocks.flush()
}

interface TypedList extends Sending {
  readonly head: JsonObject & { readonly apiVersion: string; readonly kind: string }
  itemOf(index: number): object
}

/**
 * The message begins with its length, so its items are looked at twice: measured, then encoded while they are sent. They do not change in
 * between, and no more of them is in memory than the client is about to take.
 */
async function sendProtobuf(sink: ByteSink, encoder: ProtobufEncoder, list: TypedList): Promise<void> {
  const { head, length, turns, request } = list
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
    if (turns.isOver()) {
      await turns.next()
      if (request.signal.aborted) return
    }
  }
  const { before, after } = encoder.listFrame(head, itemsSize)
  const blocks = new Blocks(sink)
  blocks.addBytes(before)
  let sentSize = 0
  for (let start = 0; start < length; start += ITEMS_OF_A_PIECE) {
    const piece = kept.shift() ?? encoder.encodeItems(head, itemsOf(list, start, ITEMS_OF_A_PIECE))
    sentSize += piece.length
    blocks.addBytes(piece)
    const pause = pauseOf(blocks, turns)
    if (pause === undefined) continue
    await pause
    if (request.signal.aborted) return
  }
  assert(sentSize === itemsSize, 'a list is as long as it was said to be')
  blocks.addBytes(after)
  blocks.flush()
}

/** For the client, or for others; undefined: neither waits. */
function pauseOf(blocks: Blocks, turns: Turns): Promise<void> | undefined {
  if (blocks.mustWait) return blocks.drained()
  return turns.isOver() ? turns.next() : undefined
}

function itemsOf({ length, itemOf }: TypedList, start: number, count: number): readonly object[] {
  return Array.from({ length: Math.min(count, length - start) }, (_, index) => itemOf(start + index))
}
