import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inflateRawSync, constants } from 'node:zlib'
import fc from 'fast-check'
import { dataFrames, pingFrame, resetFrame, spdyReader, synStreamFrame } from './spdy-frame.ts'
import type { SpdyFrame } from './spdy-frame.ts'

/** Feeds bytes in pieces of the given size; data of one stream that came in pieces is joined. */
function readAll(bytes: Buffer, pieceBytes: number): { frames: SpdyFrame[]; problem: string | undefined } {
  const frames: SpdyFrame[] = []
  let problem: string | undefined
  const read = spdyReader((frame) => {
    const last = frames.at(-1)
    if (frame.type === 'data' && last?.type === 'data' && last.streamId === frame.streamId && !last.fin) {
      frames[frames.length - 1] = { ...frame, bytes: Buffer.concat([last.bytes, frame.bytes]) }
    } else frames.push(frame)
  })
  for (let start = 0; start < bytes.length; start += pieceBytes) problem ??= read(bytes.subarray(start, start + pieceBytes))
  return { frames, problem }
}

test('a stream is opened with its headers in stored zlib blocks', () => {
  const first = synStreamFrame(1, { streamType: 'error' }, 'first')
  assert.equal(first.toString('hex'), [
    '80030001', '00000035', // version 3, SYN_STREAM, no flags, length
    '00000001', '00000000', '0000', // stream 1, not associated, priority 0
    '78bbe3c6a7c2', // zlib with the dictionary of SPDY/3
    '001b00e4ff', '00000001', '0000000a73747265616d74797065', '000000056572726f72', // stored: one header
    '000000ffff', // flush
  ].join(''))
  const later = synStreamFrame(3, { port: '80' }, 'later')
  const block = inflateRawSync(later.subarray(18), { finishFlush: constants.Z_SYNC_FLUSH })
  assert.equal(block.toString('latin1'), '\0\0\0\x01\0\0\0\x04port\0\0\0\x0280')
})

test('data frames: the last carries the end, long payloads are cut', () => {
  assert.equal(Buffer.concat(dataFrames(5, Buffer.from('hi'))).toString('hex'), '00000005000000026869')
  assert.equal(Buffer.concat(dataFrames(5, new Uint8Array(0), { fin: true })).toString('hex'), '0000000501000000')
  const long = dataFrames(7, Buffer.alloc(0xffffff + 3), { fin: true })
  assert.deepEqual(long.map((part) => part.length), [8, 0xffffff, 8, 3])
  assert.deepEqual([long[0]?.[4], long[2]?.[4]], [0, 1])
})

test('a reader gets the frames however they are cut', () => {
  const reply = Buffer.from('800300020000000a00000003000000000000', 'hex')
  const goaway = Buffer.from('80030007000000080000000500000000', 'hex')
  const settings = Buffer.from('800300040000000400000000', 'hex')
  const bytes = Buffer.concat([
    reply, settings, ...dataFrames(3, Buffer.from('some output')), pingFrame(2), ...dataFrames(3, Buffer.from('!'), { fin: true }), resetFrame(5), goaway,
  ])
  const expected: SpdyFrame[] = [
    { type: 'reply', streamId: 3, fin: false },
    { type: 'data', streamId: 3, bytes: Buffer.from('some output'), fin: false },
    { type: 'ping', id: 2 },
    { type: 'data', streamId: 3, bytes: Buffer.from('!'), fin: true },
    { type: 'reset', streamId: 5, status: 5 },
    { type: 'goaway' },
  ]
  fc.assert(fc.property(fc.integer({ min: 1, max: bytes.length }), (pieceBytes) => {
    const { frames, problem } = readAll(bytes, pieceBytes)
    assert.equal(problem, undefined)
    assert.deepEqual(frames, expected)
  }), { numRuns: 60 })
})

test('a control frame that is too long ends the connection', () => {
  assert.match(readAll(Buffer.from('8003000200100000', 'hex'), 8).problem ?? '', /control frame of 1048576 bytes is over the limit/)
})

test('anything else does not throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (bytes, pieceBytes) => {
    readAll(Buffer.from(bytes), pieceBytes)
  }))
})
