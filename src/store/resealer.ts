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
  ranges(): readonly KeyRange[]
  /** Another number whenever what seals has changed while the program runs. */
  epoch(): number
  readonly progress: ResealProgress
  readonly clock: Clock
  readonly log: Log
}

/** How far it is, for who asks. */
export class ResealProgress {
  /** Values that are still to be written; undefined: nobody has counted them since the key has changed. */
  remaining: number | undefined
  /** Since the program has started. */
  rewritten = 0
}

const PAGE = 500
const AFTER_PAGE_MS = 10
/** 100 values a second: a cluster with 10,000 Secrets takes two minutes, and nobody else notices. */
const REWRITTEN_AT_ONCE = 20
const AFTER_REWRITES_MS = 200
const REPORT_EVERY = 1_000
const LOOK_EVERY_MS = 2_000
const TRY_AGAIN_MS = 60_000

/**
 * Writes values again that another key, or none, has sealed; one pass at the start and one whenever the key has changed. When nothing of
 * the kind is left, what the store remembers of the past is forgotten: old versions are sealed by the old key too. Runs until the signal
 * aborts.
 */
export async function runResealer(parts: ResealParts, signal: AbortSignal): Promise<void> {
  let done: number | undefined
  let notBefore = 0
  while (!signal.aborted) {
    const epoch = parts.epoch()
    try {
      if (epoch !== done && parts.clock.now() >= notBefore && (await resealOnce(parts, signal))) done = epoch
    } catch (error) {
      if (signal.aborted) return
      parts.log.warn('Values cannot be sealed anew now; this is tried again', { error: thrownMessage(error) })
      notBefore = parts.clock.now() + TRY_AGAIN_MS
    }
    await sleep(parts.clock, LOOK_EVERY_MS, signal)
  }
}

/** False where the signal ended it. */
export async function resealOnce(parts: ResealParts, signal: AbortSignal): Promise<boolean> {
  const { progress, log, clock, inner } = parts
  progress.remaining = undefined
  let remaining = 0
  for await (const _ of staleEntries(parts, signal)) remaining++
  if (signal.aborted) return false
  progress.remaining = remaining
  if (remaining === 0) return true
  log.info('Values are being sealed anew with the first provider of the encryption configuration', { remaining })
  let rewritten = 0
  for await (const entry of staleEntries(parts, signal)) {
    await reseal(parts, entry)
    rewritten++
    progress.rewritten++
    progress.remaining = Math.max(0, remaining - rewritten)
    if (rewritten % REPORT_EVERY === 0) log.info('Values are being sealed anew', { rewritten, remaining: progress.remaining })
    if (rewritten % REWRITTEN_AT_ONCE === 0) await sleep(clock, AFTER_REWRITES_MS, signal)
  }
  if (signal.aborted) return false
  await inner.compact(await inner.latest())
  progress.remaining = 0
  log.info('All values are sealed with the first provider of the encryption configuration', { rewritten, remaining: 0 })
  return true
}

async function* staleEntries({ inner, sealer, ranges, clock }: ResealParts, signal: AbortSignal): AsyncGenerator<Entry> {
  for (const whole of ranges()) {
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
