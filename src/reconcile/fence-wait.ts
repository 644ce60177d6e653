import type { Client } from '../client/client.ts'
import type { Clock, Log } from '../words/ports.ts'
import type { CacheLookup, Fence } from './fence.ts'
import { fenceHolds, fenceText } from './fence.ts'
import { fencesOfRead } from './perform.ts'

export interface FenceParts {
  readonly reader: Client
  readonly clock: Clock
  readonly log: Log
  readonly cacheOf: CacheLookup
}

/** A watch that is late by this much is worth a look at the server. */
const LOOK_AFTER_MS = 5_000

/**
 * Calls back once all fences hold; the returned function ends the wait. A fence upon a revision is waited for as long as it takes:
 * planning with an older cache is what it forbids. One upon an object's end could wait for a change that never comes (the
 * deletion changed nothing), so that after a while the server is asked what it holds.
 */
export function waitForFences(fences: readonly Fence[], parts: FenceParts, whenAllHold: () => void): () => void {
  let open = fences
  let ended = false
  let stopListening: () => void = () => {}
  let cancelTimer: () => void = () => {}
  const end = (): void => {
    ended = true
    stopListening()
    cancelTimer()
  }
  const check = (): void => {
    if (ended) return
    open = open.filter((fence) => !fenceHolds(fence, parts.cacheOf))
    if (open.length > 0) return
    end()
    whenAllHold()
  }
  const listen = (): void => {
    stopListening()
    const kinds = new Set(open.map((fence) => fence.kind))
    const stops = [...kinds].map((kind) => parts.cacheOf(kind)?.listenProgress(check))
    stopListening = () => stops.forEach((stop) => stop?.())
  }
  const look = async (): Promise<void> => {
    parts.log.warn('a cache is late', { waitsFor: open.map(fenceText).join(', ') })
    open = (await Promise.all(open.map((fence) => renewed(fence, parts)))).flat()
    if (ended) return
    listen()
    cancelTimer = parts.clock.after(LOOK_AFTER_MS, () => void look())
    check()
  }
  listen()
  cancelTimer = parts.clock.after(LOOK_AFTER_MS, () => void look())
  return end
}

async function renewed(fence: Fence, parts: FenceParts): Promise<readonly Fence[]> {
  if (fence.until === 'reached' || fence.until === 'gone') return [fence]
  try {
    return await fencesOfRead(fence.kind, fence.key, parts)
  } catch {
    return [fence]
  }
}
