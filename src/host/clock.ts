import type { Clock } from '../words/ports.ts'

/** Timers longer than this overflow in Node and fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** Node's timers count whole milliseconds, from one that has begun already. */
const EARLY_MS = 1

/** When the process began. */
const ORIGIN_MS = performance.timeOrigin
/** Clocks that differ by less are taken for the same. */
const MAX_DRIFT_MS = 50

/** The machine's clock. Fractions of now carry microseconds. performance.now never jumps; when the wall clock was set, we follow it. */
export const systemClock: Clock = {
  now() {
    const preciseMs = ORIGIN_MS + performance.now()
    const wallMs = Date.now()
    return Math.abs(wallMs - preciseMs) < MAX_DRIFT_MS ? preciseMs : wallMs
  },
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs <= 0 ? 0 : Math.min(MAX_DELAY_MS, Math.ceil(delayMs) + EARLY_MS))
    return () => clearTimeout(timer)
  },
}
