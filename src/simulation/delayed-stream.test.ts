import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DelayedStream } from './delayed-stream.ts'
import { VirtualClock } from './virtual-clock.ts'

function bed(delays: readonly number[]): { clock: VirtualClock; stream: DelayedStream<string>; read: string[] } {
  const clock = new VirtualClock(0)
  const left = [...delays]
  const stream = new DelayedStream<string>(clock, () => left.shift() ?? 0, () => read.push('closed'))
  const read: string[] = []
  void (async () => {
    try {
      for await (const item of stream) read.push(`${item}@${clock.now()}`)
      read.push('end')
    } catch (error) {
      read.push(error instanceof Error ? error.message : '')
    }
  })()
  return { clock, stream, read }
}

test('a later message does not overtake', async () => {
  const { clock, stream, read } = bed([10, 1, 5])
  for (const item of ['a', 'b', 'c']) stream.send(item)
  stream.end()
  await clock.advance(20)
  assert.deepEqual(read, ['a@10', 'b@10', 'c@10', 'closed', 'end'])
})

test('a break loses what is under way, a stall keeps it', async () => {
  const stalled = bed([1])
  stalled.stream.setStalled(true)
  stalled.stream.send('a')
  await stalled.clock.advance(10)
  assert.deepEqual(stalled.read, [])
  stalled.stream.setStalled(false)
  await stalled.clock.advance(1)
  assert.deepEqual(stalled.read, ['a@10'])

  const broken = bed([1])
  broken.stream.send('a')
  broken.stream.break(new Error('reset'))
  await broken.clock.advance(10)
  assert.deepEqual(broken.read, ['closed', 'reset'])
})

test('an end within a message shows half of it, and nothing after', async () => {
  const { clock, stream, read } = bed([])
  stream.endAtNext((item) => item.slice(0, 2), undefined)
  stream.send('abcd')
  stream.send('efgh')
  await clock.advance(10)
  assert.deepEqual(read, ['ab@0', 'closed', 'end'])
})
