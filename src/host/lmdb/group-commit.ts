import { assertWellFormed, evaluate } from '../../store/evaluate.ts'
import {
  StoreUnavailable, type Change, type Commit, type Committed, type Head, type Revision, type Transaction,
} from '../../store/store.ts'
import type { WrittenChange, WrittenCommit } from './journal-record.ts'
import { RecentHeads } from './recent-heads.ts'

/** Where groups go. */
export interface GroupTarget {
  /** What stands at a key on the disk, or was deleted there (created 0). */
  head(key: string): Head | undefined
  /** Resolves when all of these are on the disk, rejects when none is. */
  write(commits: readonly WrittenCommit[]): Promise<void>
  /** Called with durable commits, before their callers hear of it. */
  publish(commits: readonly Commit[]): void
  /** A sentence for a person about a failed write. */
  explain(error: unknown): Promise<string>
}

interface Waiter {
  readonly result: Committed
  resolve(result: Committed): void
  reject(error: unknown): void
}

interface Group {
  readonly commits: Commit[]
  /** The same commits, for the disk. */
  readonly written: WrittenCommit[]
  readonly waiters: Waiter[]
  bytes: number
}

const MAX_GROUP_BYTES = 16 * 1024 * 1024
/** Callers and bytes that may wait for the disk; more are refused. */
const MAX_WAITING = 20_000
const MAX_WAITING_BYTES = 256 * 1024 * 1024
const NEVER_WRITTEN: Head = { created: 0, modified: 0 }
/** After a failed write the next is tried this much later at the earliest; in between commits fail at once. */
const RETRY_AFTER_MS = 200

/**
 * Writes concurrent commits as groups, one sync for each group. A commit is judged at once, in the order of the calls, against what is
 * on the disk plus all commits that are on their way there, and gets its revision; its caller hears the result once everything
 * that it was judged by is on the disk. When a group fails, so does everything after it.
 */
export class GroupCommit {
  readonly #target: GroupTarget
  /** The first is being written when #writing; commits join the last one that is not. */
  #groups: Group[] = []
  #writing = false
  #scheduled: NodeJS.Immediate | undefined
  #idle: (() => void)[] = []
  /** The newest version, or deletion (created 0), of every key in #groups. */
  readonly #overlay = new Map<string, Head>()
  readonly #recent = new RecentHeads()
  #durable: Revision
  #assigned: Revision
  #waiting = 0
  #waitingBytes = 0
  #refusal: { readonly why: string; readonly until: number } | undefined
  #closed = false

  constructor(durable: Revision, target: GroupTarget) {
    this.#durable = durable
    this.#assigned = durable
    this.#target = target
  }

  /** A commit of this key is on its way to the disk. */
  isPending(key: string): boolean {
    return this.#overlay.has(key)
  }

  commit(transaction: Transaction): Promise<Committed> {
    return new Promise((resolve, reject) => {
      this.#assertAccepting()
      assertWellFormed(transaction)
      const evaluation = evaluate(transaction, this.#current, this.#assigned + 1)
      if (evaluation.outcome === 'changes') this.#enqueue(evaluation.commits, { result: evaluation.result, resolve, reject })
      else this.#answer(
        evaluation.outcome === 'conflict' ? evaluation : { outcome: 'committed', revision: this.#assigned }, resolve, reject,
      )
    })
  }

  /** Takes no more commits and resolves when those that were taken are done. */
  close(): Promise<void> {
    this.#closed = true
    if (this.#groups.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #assertAccepting(): void {
    if (this.#closed) throw new StoreUnavailable('The store is closed.')
    if (this.#waiting >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES) {
      throw new StoreUnavailable(
        `${this.#waiting} writes are waiting for the disk already. The disk is too slow for this load; try again later.`,
      )
    }
    if (this.#refusal === undefined) return
    if (performance.now() < this.#refusal.until) throw new StoreUnavailable(this.#refusal.why)
    this.#refusal = undefined
  }

  readonly #current = (key: string): Head | undefined => {
    const head = this.#head(key)
    return head.created === 0 ? undefined : head
  }

  #head(key: string): Head {
    const known = this.#overlay.get(key) ?? this.#recent.get(key)
    if (known !== undefined) return known
    const head = this.#target.head(key) ?? NEVER_WRITTEN
    this.#recent.set(key, head)
    return head
  }

  /** In one group: all of them or none. */
  #enqueue(commits: readonly Commit[], waiter: Waiter): void {
    const group = this.#openGroup()
    for (const commit of commits) this.#add(group, commit)
    this.#join(group, waiter)
    // A turn of the loop later, so that requests that arrive together share a sync.
    if (!this.#writing && this.#scheduled === undefined) this.#scheduled = setImmediate(() => void this.#writeAll())
  }

  #add(group: Group, commit: Commit): void {
    this.#assigned = commit.revision
    group.commits.push(commit)
    group.written.push({ revision: commit.revision, changes: commit.changes.map((change) => this.#written(change)) })
    for (const { key, entry } of commit.changes) {
      this.#overlay.set(key, entry ?? { created: 0, modified: commit.revision })
      const bytes = entry?.value.length ?? 0
      group.bytes += bytes
      this.#waitingBytes += bytes
    }
  }

  #written({ key, entry, previous }: Change): WrittenChange {
    return { key, entry, replaced: previous?.modified ?? this.#head(key).modified }
  }

  /** A result without a write of its own: true at once when nothing is on its way, else when that has arrived. */
  #answer(result: Committed, resolve: Waiter['resolve'], reject: Waiter['reject']): void {
    const last = this.#groups.at(-1)
    if (last === undefined) resolve(result)
    else this.#join(last, { result, resolve, reject })
  }

  #join(group: Group, waiter: Waiter): void {
    group.waiters.push(waiter)
    this.#waiting++
  }

  #openGroup(): Group {
    const last = this.#groups.at(-1)
    if (last !== undefined && last.bytes < MAX_GROUP_BYTES && !(this.#writing && this.#groups.length === 1)) return last
    const group: Group = { commits: [], written: [], waiters: [], bytes: 0 }
    this.#groups.push(group)
    return group
  }

  async #writeAll(): Promise<void> {
    this.#scheduled = undefined
    this.#writing = true
    for (let group = this.#groups[0]; group !== undefined; group = this.#groups[0]) {
      try {
        await this.#target.write(group.written)
        this.#finish(group)
      } catch (error) {
        this.#fail(await this.#target.explain(error))
      }
    }
    this.#writing = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #finish(group: Group): void {
    this.#groups.shift()
    this.#waiting -= group.waiters.length
    this.#waitingBytes -= group.bytes
    for (const commit of group.commits) {
      for (const { key, entry } of commit.changes) {
        if (this.#overlay.get(key)?.modified === commit.revision) this.#overlay.delete(key)
        this.#recent.set(key, { created: entry?.created ?? 0, modified: commit.revision })
      }
    }
    this.#durable = group.commits.at(-1)?.revision ?? this.#durable
    this.#target.publish(group.commits)
    for (const waiter of group.waiters) waiter.resolve(waiter.result)
  }

  #fail(why: string): void {
    const groups = this.#groups
    this.#groups = []
    this.#overlay.clear()
    this.#assigned = this.#durable
    this.#waiting = 0
    this.#waitingBytes = 0
    this.#refusal = { why, until: performance.now() + RETRY_AFTER_MS }
    for (const group of groups) for (const waiter of group.waiters) waiter.reject(new StoreUnavailable(why))
  }
}
