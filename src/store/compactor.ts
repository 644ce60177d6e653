import type { Clock, Log } from '../words/ports.ts'
import { sleep } from '../words/ports.ts'
import { thrownMessage } from '../words/thrown.ts'
import type { Revision, Store } from './store.ts'

/** How long old revisions stay readable: what continue tokens and resumed watches may count on, as with upstream's default. */
const KEPT_MS = 5 * 60_000
const EVERY_MS = 60_000

/** Forgets replaced values once they are older than five minutes. Runs until the signal aborts; a failure is tried again a minute later. */
export async function runCompactor(store: Store, parts: { readonly clock: Clock; readonly log: Log }, signal: AbortSignal): Promise<void> {
  const marks: { readonly at: number; readonly revision: Revision }[] = []
  let compacted: Revision = 0
  while (!signal.aborted) {
    await sleep(parts.clock, EVERY_MS, signal)
    if (signal.aborted) return
    try {
      marks.push({ at: parts.clock.now(), revision: await store.latest() })
      let target: Revision = compacted
      while (marks[0] !== undefined && marks[0].at <= parts.clock.now() - KEPT_MS) target = marks.shift()?.revision ?? target
      if (target > compacted) await store.compact(target)
      compacted = target
    } catch (error) {
      parts.log.warn('old revisions could not be forgotten; this is tried again', { error: thrownMessage(error) })
    }
  }
}
