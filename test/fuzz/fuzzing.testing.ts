/**
 * A fuzzer for a bounded time. The seed is drawn anew for each run of the process and printed with every finding; to see a finding again:
 *   LOTSE_FUZZ_SEED=1234 LOTSE_FUZZ_SECONDS=60 sh tools/node.sh --test --test-name-pattern='NAME' test/fuzz/FILE.test.ts
 * LOTSE_FUZZ_PATH=1:2:3, which is printed too, goes straight to the smallest case. Longer is better: 10 seconds in npm test, an hour by night.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { StatusError } from '../../src/words/status-error.ts'

const environment = process.env
const seed = Number(environment.LOTSE_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))
const path = environment.LOTSE_FUZZ_PATH
/** For all targets together; each gets its share. */
const totalMs = Number(environment.LOTSE_FUZZ_SECONDS ?? 10) * 1_000
/** What one input may take. Generous, for the machine may be busy: what would be a hang takes minutes. */
const SOON_MS = 3_000
const HEAP_BYTES = 1024 ** 3

const settings = { seed, ...(path === undefined ? {} : { path }), numRuns: 10_000_000, markInterruptAsFailure: false } as const

/** Tries inputs until its share of the time is over. share: 1 for all of the time. */
export function fuzz<T>(name: string, share: number, inputs: fc.Arbitrary<T>, check: (input: T) => void): void {
  test(`fuzz: ${name} (LOTSE_FUZZ_SEED=${seed})`, () => {
    const options = { ...settings, interruptAfterTimeLimit: totalMs * share, reporter: report<[T]> }
    fc.assert(fc.property(inputs, (input) => soon(() => check(input))), options)
    assertHeap()
  })
}

export function fuzzAsync<T>(name: string, share: number, inputs: fc.Arbitrary<T>, check: (input: T) => Promise<void>): void {
  test(`fuzz: ${name} (LOTSE_FUZZ_SEED=${seed})`, async () => {
    const options = { ...settings, interruptAfterTimeLimit: totalMs * share, reporter: report<[T]> }
    await fc.assert(fc.asyncProperty(inputs, async (input) => {
      const start = performance.now()
      await check(input)
      assertSoon(start)
    }), options)
    assertHeap()
  })
}

/** Its result; undefined where it refuses. Anything but a StatusError is a defect. */
export function accepted<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    assert.ok(error.code >= 400 && error.code < 500, `a client's mistake, not ${error.code} ${error.message}`)
    assert.ok(error.message.length < 20_000, `a message of ${error.message.length} characters`)
    return undefined
  }
}

function soon(run: () => void): void {
  const start = performance.now()
  run()
  assertSoon(start)
}

function assertSoon(start: number): void {
  const tookMs = performance.now() - start
  assert.ok(tookMs < SOON_MS, `one input took ${Math.round(tookMs)} ms`)
}

/** Garbage that was not collected yet does not count. */
function assertHeap(): void {
  if (process.memoryUsage().heapUsed < HEAP_BYTES) return
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed } = process.memoryUsage()
  assert.ok(heapUsed < HEAP_BYTES, `${Math.round(heapUsed / 1024 ** 2)} MiB are in use`)
}

/** With what is needed to see it again. */
function report<T>(out: fc.RunDetails<T>): void {
  if (out.failed && out.counterexample !== null) {
    const how = `LOTSE_FUZZ_SEED=${out.seed} LOTSE_FUZZ_PATH=${out.counterexamplePath ?? ''}`
    throw new Error(`${how} shows it again, with ${fc.stringify(out.counterexample).slice(0, 4_000)}`, { cause: out.errorInstance })
  }
}
