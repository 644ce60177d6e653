import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOf, utf8 } from '../../words/bytes.ts'
import { StatusError } from '../../words/status-error.ts'
import { PacketWriter, readBatch } from './packet.ts'
import { textOfThrown, thrownOfText } from './thrown-text.ts'

function lines(batch: ArrayBuffer): string[] {
  const read: string[] = []
  readBatch(batch, ({ kind, request, count, text, bytes }) => read.push(`${kind} ${request} ${count} '${text}' ${textOf(bytes)}`.trim()))
  return read
}

test('packets arrive as they were added', () => {
  const writer = new PacketWriter()
  assert(writer.isEmpty)
  writer.add(1, 4_294_967_295, 404, 'größe', [utf8('one'), utf8('two')])
  writer.add(14, 7, 0, '')
  assert.deepEqual(lines(writer.takeBatch()), ["1 4294967295 404 'größe' onetwo", "14 7 0 ''"])
  assert(writer.isEmpty)
})

test('bytes for many are in the batch once', () => {
  const writer = new PacketWriter()
  const event = new Uint8Array(1000).fill(0x78)
  for (let watcher = 1; watcher <= 50; watcher++) writer.add(13, watcher, 0, '', [event])
  writer.add(13, 51, 0, '', [utf8('other')])
  writer.add(13, 52, 0, '', [event])
  const batch = writer.takeBatch()
  assert(batch.byteLength < 3 * event.length + 5, `${batch.byteLength} bytes`)
  assert.deepEqual(lines(batch).map((line) => line.length), [...lines(batch).keys()].map((at) => (at === 50 ? 16 : `13 ${at + 1} 0 '' `.length + 1000)))
  writer.add(13, 1, 0, '', [event])
  assert.equal(writer.takeBatch().byteLength, 17 + 1000, 'a batch does not refer to the one before')
})

test('what was thrown is thrown again', () => {
  for (const thrown of [new StatusError(409, 'Conflict', 'no', { name: 'a' }), new StatusError(408, 'Timeout', 'slow')]) {
    assert.deepEqual(thrownOfText(textOfThrown(thrown)), thrown)
  }
  assert.deepEqual([thrownOfText(textOfThrown(new TypeError('oh'))).message, thrownOfText(textOfThrown('text')).message], ['oh', 'text'])
})
