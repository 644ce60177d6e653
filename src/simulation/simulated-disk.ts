import type { Committed, KeyRange, ReadResult, Revision, Store, Transaction } from '../store/store.ts'
import { StoreUnavailable } from '../store/store.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { Trace } from './trace.ts'

interface Queued {
  readonly transaction: Transaction
  readonly resolve: (committed: Committed) => void
  readonly reject: (error: Error) => void
}

/** Commits that wait for the disk; more are refused, as the embedded engine does. */
const MAX_QUEUED = 4_096

/**
 * What survives the server's process. A commit is on the disk some time after it was asked for, in groups and in order; when the process
 * dies before that, the first few of the group may have made it all the same. What was acknowledged always has.
 */
export class SimulatedDisk {
  readonly #engine: Store
  readonly #random: SeededRandom
  readonly #trace: Trace
  /** Every write fails. */
  isFull = false
  maxSyncMs = 3
  #mostQueued = 0

  /** engine keeps the data: the memory engine, or one with a defect, for a proof that a checker sees it. */
  constructor(engine: Store, random: SeededRandom, trace: Trace) {
    this.#engine = engine
    this.#random = random
    this.#trace = trace
  }

  get mostQueued(): number {
    return this.#mostQueued
  }

  /** The disk as one process has it open, until it dies. */
  open(process: SimulatedProcess): Store {
    const queue: Queued[] = []
    let isSyncing = false
    const sync = (): void => {
      isSyncing = true
      process.clock.after(0.05 + this.#random.next() * this.maxSyncMs, () => {
        void this.#write(queue.splice(0), process).then(() => {
          isSyncing = false
          if (queue.length > 0) sync()
        })
      })
    }
    process.death.addEventListener('abort', () => void this.#survive(queue.splice(0)), { once: true })
    return {
      commit: (transaction) =>
        new Promise((resolve, reject) => {
          if (!process.isAlive) return
          if (queue.length >= MAX_QUEUED) return reject(new StoreUnavailable('too many writes wait for the disk'))
          queue.push({ transaction, resolve, reject })
          this.#mostQueued = Math.max(this.#mostQueued, queue.length)
          if (!isSyncing) sync()
        }),
      read: (range: KeyRange, options: { at: Revision | 'latest'; limit: number }): Promise<ReadResult> =>
        process.guard(this.#engine.read(range, options)),
      watch: (range, after, signal) => this.#engine.watch(range, after, AbortSignal.any([signal, process.death])),
      compact: (before) => process.guard(this.#engine.compact(before)),
      latest: () => process.guard(this.#engine.latest()),
      close: async () => {},
    }
  }

  async #write(group: readonly Queued[], process: SimulatedProcess): Promise<void> {
    for (const { transaction, resolve, reject } of group) {
      if (!process.isAlive) return
      if (this.isFull) {
        reject(new StoreUnavailable('no space left on the device'))
        continue
      }
      try {
        const committed = await this.#engine.commit(transaction)
        this.#tell(transaction, committed)
        if (process.isAlive) resolve(committed)
      } catch (error) {
        if (process.isAlive) reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
  }

  /** A crash: a beginning of what was under way is on the disk, and nobody was told. */
  async #survive(group: readonly Queued[]): Promise<void> {
    const survivors = group.slice(0, this.#random.between(0, group.length))
    if (group.length > 0) this.#trace.add('disk', `${survivors.length} of ${group.length} commits survive the crash`)
    if (this.isFull) return
    for (const { transaction } of survivors) this.#tell(transaction, await this.#engine.commit(transaction))
  }

  #tell(transaction: Transaction, committed: Committed): void {
    const what = transaction.writes.map(({ key, value }) => (value === undefined ? `-${key}` : key)).join(' ')
    this.#trace.add('disk', committed.outcome === 'committed' ? `${committed.revision} ${what}` : `conflict ${what}`)
  }
}
