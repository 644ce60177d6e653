/** When a process that starts has come to rest. */
const SETTLED_MS = 2_000

/**
 * Gives back, once, what starting took: the texts of modules, and a nursery that grew with them. It is a third of the heap of a process at
 * rest, and the engine would keep it. Needs --expose-gc (programs/engine-options.ts), without which nothing happens.
 */
export function collectStartupGarbage(): void {
  setTimeout(() => void globalThis.gc?.({ type: 'major', execution: 'async', flavor: 'last-resort' }), SETTLED_MS).unref()
}
