import type { Clock } from '../words/ports.ts'

/** Timers longer than this overflow in Node and fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** The machine's clock. Fractions of now carry microseconds. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now() + drift(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(MAX_DELAY_MS, Math.max(0, delayMs)))
    return () => clearTimeout(timer)
  },
}

/** performance.now never jumps; when the wall clock was set, we follow it. */
function drift(): number {
  const difference = Date.now() - (performance.timeOrigin + performance.now())
  return Math.abs(difference) < 50 ? 0 : difference
}
