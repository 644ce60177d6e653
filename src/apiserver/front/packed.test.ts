import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinBytes, textOf, utf8 } from '../../words/bytes.ts'
import type { ByteSink, ServerResponse } from '../http.ts'
import type { Gzip } from '../negotiate/gzip.ts'
import { testRequest } from '../apiserver.testing.ts'
import { packed } from './packed.ts'

const KIB = 1024

function fakeGzip(): Gzip & { readonly abandoned: string[] } {
  const abandoned: string[] = []
  return {
    abandoned,
    zip: async () => assert.fail(),
    unzip: async () => assert.fail(),
    packing: (sink) => {
      let bytes = 0
      const write = (part: Uint8Array): boolean => {
        bytes += part.length
        return false
      }
      return {
        write,
        writeCopy: write,
        backlogBytes: () => 0,
        drained: async () => undefined,
        end: async () => void sink.write(utf8(`${bytes} bytes packed`)),
        abandon: () => void abandoned.push('abandoned'),
      }
    },
  }
}

const whole = (bytes: number, headers: Record<string, string> = {}): ServerResponse => (
  { type: 'whole', status: 200, headers, body: [new Uint8Array(bytes - 10), new Uint8Array(10)] }
)
const stream = (isLasting: boolean, send: (sink: ByteSink) => Promise<void>): ServerResponse => (
  { type: 'stream', status: 200, headers: {}, isLasting, send }
)

async function textTold(response: ServerResponse): Promise<string> {
  assert(response.type === 'stream')
  const told: Uint8Array[] = []
  await response.send({ write: (bytes) => told.push(bytes) > 0, backlogBytes: () => 0, drained: async () => undefined })
  return textOf(joinBytes(told))
}

test('long answers are packed for those who take it so', async () => {
  const long = whole(128 * KIB)
  const list = stream(false, async (sink) => void sink.write(new Uint8Array(7)))
  const watch = stream(true, async () => undefined)
  const table: [what: string, ServerResponse, accept: string | undefined, method: string, told: string | undefined][] = [
    ['a long answer', long, 'gzip', 'GET', '131072 bytes packed'],
    ['a list that is sent in pieces', list, 'deflate, gzip', 'GET', '7 bytes packed'],
    ['for nobody who can read it', long, undefined, 'GET', undefined],
    ['for nobody who wants it', long, 'gzip;q=0', 'GET', undefined],
    ['no body', long, 'gzip', 'HEAD', undefined],
    ['a short one', whole(128 * KIB - 1), 'gzip', 'GET', undefined],
    ['packed already', whole(128 * KIB, { 'content-encoding': 'gzip' }), 'gzip', 'GET', undefined],
    ['a watch', watch, 'gzip', 'GET', undefined],
  ]
  for (const [what, response, accept, method, told] of table) {
    const headers = accept === undefined ? undefined : { 'accept-encoding': accept }
    const answer = packed(fakeGzip(), testRequest(method, '/x', undefined, headers), response)
    if (told === undefined) assert.equal(answer, response, what)
    else {
      assert.equal(await textTold(answer), told, what)
      assert(answer.type === 'stream')
      assert.deepEqual(answer.headers, { 'content-encoding': 'gzip', vary: 'Accept-Encoding' }, what)
    }
  }
})

test('an answer that breaks gives its packing up', async () => {
  const gzip = fakeGzip()
  const broken = stream(false, () => Promise.reject(new Error('gone')))
  const answer = packed(gzip, testRequest('GET', '/x', undefined, { 'accept-encoding': 'gzip' }), broken)
  await assert.rejects(textTold(answer), /gone/)
  assert.deepEqual(gzip.abandoned, ['abandoned'])
})
