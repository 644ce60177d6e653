/** When a process that starts has come to rest. */
const SETTLED_MS = 2_000
const LOOK_EVERY_MS = 4_000
/** Of the time since the last look: a thread that worked less is at rest. */
const RESTING_SHARE = 0.03
/** Of the processor: less work leaves no garbage worth a look. */
const WORTH_COLLECTING_MS = 200
/** A collection of this much stops the thread for some 50 ms, longer ones could be noticed. */
const MAX_HEAP_BYTES = 64 * 1024 * 1024

/** What a look at the thread tells: what it has worked so far, and what lives in its heap or waits to be collected. */
export interface ThreadLook {
  readonly workedMs: number
  readonly heapBytes: number
}

/** Says at each look whether to collect: once after each time of work, when it is over. */
export class RestWatch {
  #lastMs = 0
  #collectedMs = 0

  isDue({ workedMs, heapBytes }: ThreadLook): boolean {
    const isResting = workedMs - this.#lastMs < LOOK_EVERY_MS * RESTING_SHARE
    this.#lastMs = workedMs
    if (!isResting || heapBytes > MAX_HEAP_BYTES || workedMs - this.#collectedMs < WORTH_COLLECTING_MS) return false
    this.#collectedMs = workedMs
    return true
  }
}

/**
 * Gives back what starting took of this thread's memory (the texts of modules, and a nursery that grew with them: a third of the heap of a
 * process at rest), and later what a time of much work did. The engine itself would keep it. Needs --expose-gc
 * (programs/engine-options.ts), without which nothing happens.
 */
export function collectGarbageAtRest(): void {
  const watch = new RestWatch()
  setTimeout(collect, SETTLED_MS).unref()
  setInterval(() => {
    const { user, system } = process.threadCpuUsage()
    if (watch.isDue({ workedMs: (user + system) / 1_000, heapBytes: process.memoryUsage().heapUsed })) collect()
  }, LOOK_EVERY_MS).unref()
}

function collect(): void {
  void globalThis.gc?.({ type: 'major', execution: 'async', flavor: 'last-resort' })
}
