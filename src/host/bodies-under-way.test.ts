import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { thrownMessage } from '../words/thrown.ts'
import { BodiesUnderWay } from './bodies-under-way.ts'
import { BodyReader } from './request-body.ts'

const MAX_BYTES = 100_000

test('bodies that are read hold no more than a bound together: who began first is given up', async () => {
  const underWay = new BodiesUnderWay(10_000)
  const readers = [new BodyReader('end', underWay), new BodyReader('length', underWay)]
  const begin = (reader: number): { send(bytes: number): Promise<void>; end(): void; readonly outcome: Promise<string> } => {
    const stream = new PassThrough()
    const read = readers[reader]?.read(stream, MAX_BYTES, undefined)
    return {
      async send(bytes) {
        stream.write(new Uint8Array(bytes))
        await new Promise((resolve) => setImmediate(resolve))
      },
      end: () => void stream.end(),
      outcome: Promise.resolve(read).then((body) => `${body?.length} bytes`, thrownMessage),
    }
  }
  const given = 'too many request bodies are under way, please try again later'
  const [slow, second, third] = [begin(0), begin(1), begin(0)]
  await slow.send(100)
  await second.send(4_000)
  await third.send(4_000)
  await third.send(700)
  assert.equal(await Promise.race([slow.outcome, 'still read']), 'still read', '9,824 of 10,000: a piece counts with 256 bytes of its own')
  await third.send(1)
  assert.equal(await slow.outcome, given)
  second.end()
  assert.equal(await second.outcome, '4000 bytes')
  await third.send(3_000)
  const drops = begin(1)
  for (let piece = 0; piece < 5; piece++) await drops.send(1)
  assert.equal(await third.outcome, given)
  drops.end()
  assert.equal(await drops.outcome, '5 bytes')
})
