import { availableParallelism } from 'node:os'

/**
 * V8 starts four helpers for collections and compilation wherever it is. On two cores they take the main thread's turn: with one, the
 * slowest hundredth of the writes takes a fifth to two fifths less time (docs/performance.md).
 */
const MAX_HELPERS = 4
const HELPERS = `--v8-pool-size=${Math.max(1, Math.min(MAX_HELPERS, availableParallelism() - 1))}`

/**
 * What each process asks of the JavaScript engine.
 *
 * The agent waits nearly always: a small nursery costs it nothing and saves a tenth of its memory. In the server's, what survives are the
 * objects that were written, whatever its size: a larger one is collected as often as it fills, and then everybody waits as much longer
 * (docs/performance.md). What survives is little, so that helper threads cost more to wake than they copy: without them a write takes a
 * tenth less. What a start or a time of work leaves behind is collected when it is over (host/resting-garbage.ts).
 */
export const ENGINE_OPTIONS: Readonly<Record<'server' | 'node', readonly string[]>> = {
  server: [HELPERS, '--max-semi-space-size=4', '--no-parallel-scavenge', '--expose-gc'],
  node: [HELPERS, '--max-semi-space-size=1', '--expose-gc'],
}
