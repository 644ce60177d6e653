import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../store/memory.ts'
import { utf8 } from '../words/bytes.ts'
import { SeededRandom } from './seeded-random.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import { SimulatedProcess } from './simulated-process.ts'
import { Trace } from './trace.ts'
import { VirtualClock } from './virtual-clock.ts'

const ALL = { start: '', end: '\uffff' }

test('a crash keeps what was acknowledged and a beginning of the rest', async () => {
  const survivors = new Set<number>()
  for (let seed = 1; seed <= 40; seed++) {
    const clock = new VirtualClock(0)
    const disk = new SimulatedDisk(createMemoryStore(), new SeededRandom(seed), new Trace(clock, () => {}))
    const end = new AbortController().signal
    const first = new SimulatedProcess('first', clock, end)
    const store = disk.open(first)
    const acknowledged: string[] = []
    const write = (key: string): void =>
      void store.commit({ expect: [], writes: [{ key, value: utf8(key) }] }).then(() => acknowledged.push(key))
    write('a')
    await clock.advance(10)
    for (const key of ['b', 'c', 'd']) write(key)
    await clock.advance(0)
    first.kill()
    await clock.advance(10)
    assert.deepEqual(acknowledged, ['a'])

    const found = await disk.open(new SimulatedProcess('second', clock, end)).read(ALL, { at: 'latest', limit: 10 })
    const keys = found.outcome === 'page' ? found.page.entries.map(({ key }) => key) : []
    assert.deepEqual(keys, ['a', 'b', 'c', 'd'].slice(0, keys.length))
    survivors.add(keys.length)
  }
  assert.deepEqual([...survivors].sort(), [1, 2, 3, 4])
})

test('a dead process hears nothing more, a full disk refuses', async () => {
  const clock = new VirtualClock(0)
  const disk = new SimulatedDisk(createMemoryStore(), new SeededRandom(1), new Trace(clock, () => {}))
  const process = new SimulatedProcess('server', clock, new AbortController().signal)
  const store = disk.open(process)
  const heard: string[] = []
  disk.isFull = true
  store.commit({ expect: [], writes: [{ key: 'a', value: utf8('a') }] }).catch((error: unknown) => heard.push(String(error)))
  process.clock.after(20, () => heard.push('timer'))
  await clock.advance(10)
  assert.deepEqual(heard, ['StoreUnavailable: no space left on the device'])
  process.kill()
  void store.latest().then(() => heard.push('latest'))
  await clock.advance(100)
  assert.equal(heard.length, 1)
})
