import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { gzip } from './gzip.ts'

/** Takes a piece at a time: drained resolves in a later turn. */
function slowSink() {
  const pieces: Uint8Array[] = []
  let behindBytes = 0
  let mostBehindBytes = 0
  return {
    pieces,
    mostBehindBytes: () => mostBehindBytes,
    write(bytes: Uint8Array): boolean {
      pieces.push(bytes)
      behindBytes += bytes.length
      mostBehindBytes = Math.max(mostBehindBytes, behindBytes)
      return false
    },
    backlogBytes: () => behindBytes,
    async drained() {
      await new Promise((resolve) => setImmediate(resolve))
      behindBytes = 0
    },
  }
}

test('what is packed on its way arrives whole, and no faster than it is taken', async () => {
  const sink = slowSink()
  const packing = gzip.packing(sink)
  const written: Uint8Array[] = []
  for (let piece = 0; piece < 40; piece++) {
    // Random bytes cannot be packed: as many must come out.
    const bytes = randomBytes(128 * 1024)
    written.push(bytes)
    if (!packing.write(bytes)) await packing.drained()
  }
  await packing.end()
  assert.deepEqual(gunzipSync(Buffer.concat(sink.pieces)), Buffer.concat(written))
  assert(sink.mostBehindBytes() <= 3 * 128 * 1024, `${sink.mostBehindBytes()} bytes waited`)
})

test('what is given up is not finished', async () => {
  const sink = slowSink()
  const packing = gzip.packing(sink)
  packing.write(randomBytes(1_000))
  packing.abandon()
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(sink.pieces, [])
})

test('a block that was copied may be filled again', async () => {
  const sink = slowSink()
  const packing = gzip.packing(sink)
  const block = new Uint8Array(128 * 1024)
  for (let piece = 1; piece <= 8; piece++) {
    block.fill(piece)
    packing.writeCopy(block)
  }
  packing.writeCopy(block.fill(9).subarray(0, 5))
  await packing.end()
  const unpacked = gunzipSync(Buffer.concat(sink.pieces))
  assert.equal(unpacked.length, 8 * block.length + 5)
  for (let at = 0; at < unpacked.length; at += 1024) assert.equal(unpacked[at], Math.floor(at / block.length) + 1)
})
