import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, SeededRandom } from '../words/manual-clock.testing.ts'
import type { Log } from '../words/ports.ts'
import type { Validity } from '../words/renewal.ts'
import { keepRenewed } from './certificate-keeper.ts'

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000

interface Kept {
  readonly clock: ManualClock
  /** What has happened since the last look, with the seconds since the beginning. */
  told(): readonly string[]
  /** Undefined: it cannot be read. */
  validity: Validity | undefined
  failure: string | undefined
  stop(): Promise<void>
}

function keep(lifeMs: number): Kept {
  const clock = new ManualClock(0)
  const lines: string[] = []
  const tell = (text: string): void => void lines.push(`${Math.round(clock.now() / SECOND_MS)} ${text}`)
  const log: Log = {
    debug() {}, info: (message) => tell(message), warn: (message, fields) => tell(`warn ${message}: ${fields?.['error'] ?? ''}`),
    error: (message, fields) => tell(`error ${message}: ${fields?.['error'] ?? ''}; ${fields?.['remedy'] ?? ''}`), with: () => log,
  }
  const life = new AbortController()
  const it: Kept = {
    clock, validity: { from: 0, until: lifeMs }, failure: undefined,
    told: () => lines.splice(0),
    async stop() {
      life.abort()
      await kept
    },
  }
  const kept = keepRenewed({
    file: 'x.crt', remedy: 'do so',
    validity() {
      if (it.validity === undefined) throw new Error('it is rubbish')
      return it.validity
    },
    renew() {
      if (it.failure !== undefined) throw new Error(it.failure)
      it.validity = { from: clock.now(), until: clock.now() + lifeMs }
    },
  }, { clock, random: new SeededRandom(1), log }, life.signal)
  return it
}

test('a certificate is renewed again and again, in the last third of its life, and never early', async () => {
  const it = keep(1_000 * SECOND_MS)
  await it.clock.pass(3_000 * SECOND_MS)
  const times = it.told().map((line) => Number(line.split(' ')[0]))
  assert.equal(times.length, 3)
  const lives = times.map((time, index) => time - (times[index - 1] ?? 0))
  assert(lives.every((life) => life >= 700 && life <= 900), lives.join())
  assert.equal(new Set(lives).size, 3)
  await it.stop()
})

test('what fails is tried again, ever more rarely, and told louder when the certificate has ended', async () => {
  const it = keep(100 * SECOND_MS)
  it.failure = 'nobody answers'
  await it.clock.pass(160 * SECOND_MS)
  const lines = it.told()
  const [first = 0, ...later] = lines.map((line) => Number(line.split(' ')[0]))
  assert.deepEqual(later.map((time) => time - first), [2, 6, 14, 30, 62])
  assert.deepEqual([...new Set(lines.map((line) => line.replace(/^\d+ /, '')))], [
    'warn a certificate cannot be renewed yet: nobody answers', 'error a certificate has ended and cannot be renewed: nobody answers; do so',
  ])
  it.failure = undefined
  await it.clock.pass(70 * SECOND_MS)
  assert.match(it.told().join(), /^\d+ a certificate was renewed$/)
  await it.stop()
})

test('one that somebody else has replaced is good; one that cannot be read keeps its time', async () => {
  const it = keep(HOUR_MS)
  it.failure = 'no'
  await it.clock.pass(HOUR_MS)
  assert.notDeepEqual(it.told(), [])
  it.validity = { from: it.clock.now(), until: it.clock.now() + HOUR_MS }
  it.failure = undefined
  await it.clock.pass(HOUR_MS * 0.65)
  assert.deepEqual(it.told(), [])
  it.validity = undefined
  await it.clock.pass(HOUR_MS * 0.3)
  assert.equal(it.told().length, 1)
  assert.notEqual(it.validity, undefined)
  await it.stop()
})

test('what cannot be read for an hour is made anew', async () => {
  const it = keep(1_000 * HOUR_MS)
  await it.clock.pass(HOUR_MS)
  it.validity = undefined
  await it.clock.pass(HOUR_MS * 0.9)
  assert.deepEqual(it.told(), [])
  await it.clock.pass(HOUR_MS * 0.2)
  assert.equal(it.told().length, 1)
  assert.notEqual(it.validity, undefined)
  await it.stop()
})

test('a certificate that lives for a moment is not renewed without a pause', async () => {
  const it = keep(1)
  await it.clock.pass(20 * SECOND_MS)
  assert(it.told().length <= 11)
  await it.stop()
})
