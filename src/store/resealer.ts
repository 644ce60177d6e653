import { sleep } from '../words/ports.ts'
import type { Clock, Log } from '../words/ports.ts'
import { thrownMessage } from '../words/thrown.ts'
import { rangeAfter } from './key-range.ts'
import type { ValueSealer } from './sealed-store.ts'
import type { Entry, KeyRange, Store } from './store.ts'

export interface ResealParts {
  /** The engine, whose values are sealed. */
  readonly inner: Store
  /** The same store as sealStore shows it. */
  readonly store: Store
  readonly sealer: ValueSealer
  /** Where values may have to be sealed anew. */
  readonly ranges: readonly KeyRange[]
  /** Another number whenever what seals has changed while the program runs. */
  epoch(): number
  readonly clock: Clock
  readonly log: Log
}

const PAGE = 500
const AFTER_PAGE_MS = 10
/** 100 values a second: a cluster with 10,000 Secrets takes two minutes, and nobody else notices. */
const REWRITTEN_AT_ONCE = 20
const AFTER_REWRITES_MS = 200
const REPORT_EVERY = 1_000
const LOOK_AGAIN_MS = 60_000

/**
 * Writes values again that another key, or none, has sealed; one pass at the start and one whenever the key has changed. When nothing of
 * the kind is left, what the store remembers of the past is forgotten: old versions are sealed by the old key too. Runs until the signal
 * aborts.
 */
export async function runResealer(parts: ResealParts, signal: AbortSignal): Promise<void> {
  let done: number | undefined
  while (!signal.aborted) {
    const epoch = parts.epoch()
    try {
      if (epoch !== done && (await resealOnce(parts, signal))) done = epoch
    } catch (error) {
      if (signal.aborted) return
      parts.log.warn('Values cannot be sealed anew now; this is tried again', { error: thrownMessage(error) })
    }
    await sleep(parts.clock, LOOK_AGAIN_MS, signal)
  }
}

/** False where the signal ended it. */
export async function resealOnce(parts: ResealParts, signal: AbortSignal): Promise<boolean> {
  let remaining = 0
  for await (const _ of staleEntries(parts, signal)) remaining++
  if (remaining === 0 || signal.aborted) return !signal.aborted
  parts.log.info('Values are being sealed anew with the first provider of the encryption configuration', { remaining })
  let rewritten = 0
  for await (const entry of staleEntries(parts, signal)) {
    await reseal(parts, entry)
    rewritten++
    if (rewritten % REPORT_EVERY === 0) parts.log.info(
      'Values are being sealed anew', { rewritten, remaining: Math.max(0, remaining - rewritten) }
    )
    if (rewritten % REWRITTEN_AT_ONCE === 0) await sleep(parts.clock, AFTER_REWRITES_MS, signal)
  }
  if (signal.aborted) return false
  await parts.inner.compact(await parts.inner.latest())
  parts.log.info('All values are sealed with the first provider of the encryption configuration', { rewritten, remaining: 0 })
  return true
}

async function* staleEntries({ inner, sealer, ranges, clock }: ResealParts, signal: AbortSignal): AsyncGenerator<Entry> {
  for (const whole of ranges) {
    let range = whole
    for (let more = true; more && !signal.aborted; ) {
      const result = await inner.read(range, { at: 'latest', limit: PAGE })
      if (result.outcome !== 'page') return
      for (const entry of result.page.entries) {
        if (signal.aborted) return
        if (!sealer.isCurrent(entry.key, entry.value)) yield entry
      }
      const last = result.page.entries.at(-1)
      more = result.page.more && last !== undefined
      if (last !== undefined) range = rangeAfter(range, last.key)
      if (more) await sleep(clock, AFTER_PAGE_MS, signal)
    }
  }
}

/** A conflict is as good: whoever wrote it in between has sealed it with the newest key. */
async function reseal({ store, sealer }: ResealParts, { key, value, modified }: Entry): Promise<void> {
  const open = await sealer.opening(key, value)
  await store.commit({ expect: [{ key, modified }], writes: [{ key, value: open() }] })
}
