import type { Revision, Store } from '../../store/store.ts'
import { sleep } from '../../words/ports.ts'
import type { Clock, Log } from '../../words/ports.ts'

/**
 * Forgets history that is older than one to two intervals. Watches and lists of the past reach back that far at least; the data
 * file does not grow with every write that ever was.
 */
export async function compactRegularly(
  parts: { readonly store: Store; readonly clock: Clock; readonly log: Log }, everyMs: number, signal: AbortSignal,
): Promise<void> {
  let before: Revision = 0
  for (;;) {
    await sleep(parts.clock, everyMs, signal)
    if (signal.aborted) return
    try {
      if (before > 0) await parts.store.compact(before)
      before = await parts.store.latest()
    } catch (error) {
      if (signal.aborted) return
      parts.log.warn('compaction failed; it is tried again', { error: String(error) })
    }
  }
}
