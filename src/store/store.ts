/**
 * The store's port: ordered keys, whole revisions, watches from any revision that is still kept.
 * Engines: memory (store/memory.ts), LMDB (host/lmdb/), later etcd. One conformance suite runs on all of them.
 */

/** Grows by one with every commit that changes something (see Transaction.apart); the first commit has revision 1. A safe integer. */
export type Revision = number

/** Keys from start (inclusive) to end (exclusive), in order of their UTF-8 bytes. */
export interface KeyRange {
  readonly start: string
  readonly end: string
}

/** Which version stands at a key. */
export interface Head {
  /** Revision of the commit that created the key (after its last deletion). */
  readonly created: Revision
  /** Revision of the commit that wrote its value. */
  readonly modified: Revision
}

export interface Entry extends Head {
  readonly key: string
  readonly value: Uint8Array
}

/** A condition on a key at the moment of commit: its modified revision, 0 for "is absent". */
export interface Expect {
  readonly key: string
  readonly modified: Revision
}

/** value undefined deletes the key. */
export interface Write {
  readonly key: string
  readonly value: Uint8Array | undefined
}

export interface Transaction {
  readonly expect: readonly Expect[]
  readonly writes: readonly Write[]
  /**
   * All or nothing as ever, but each write has a revision of its own, in their order: whoever has heard of a part of them, and resumes
   * after it, hears of the others.
   */
  readonly apart?: boolean
}

export type Committed =
  /** revision: the last of them. revisions: of each write, where they are apart; 0 for one that changed nothing. */
  | { readonly outcome: 'committed'; readonly revision: Revision; readonly revisions?: readonly Revision[] }
  /** Nothing was written. current is what stands at the first key whose expectation failed. */
  | { readonly outcome: 'conflict'; readonly key: string; readonly current: Head | undefined }

/** One key's change. previous says what stood there before; its value is not at hand, so that no write has to read what it replaces. */
export interface Change {
  readonly key: string
  readonly entry: Entry | undefined
  readonly previous: Head | undefined
}

export type Batch =
  /** All changes of one or more whole commits in order; revision is that of the last one. */
  | { readonly type: 'changes'; readonly revision: Revision; readonly commits: readonly Commit[] }
  /** Nothing in this range changed up to revision. */
  | { readonly type: 'progress'; readonly revision: Revision }
  /** The end: the wanted revisions are gone, or the watcher fell behind its bound. */
  | { readonly type: 'lost'; readonly why: 'compacted' | 'too-slow' }

export interface Commit {
  readonly revision: Revision
  readonly changes: readonly Change[]
}

export interface Page {
  readonly entries: readonly Entry[]
  /** The revision that the page shows. */
  readonly revision: Revision
  /** There are entries after the last one. */
  readonly more: boolean
}

export type ReadResult =
  | { readonly outcome: 'page'; readonly page: Page }
  | { readonly outcome: 'compacted'; readonly oldest: Revision }
  /** The revision has not been reached yet. */
  | { readonly outcome: 'future'; readonly latest: Revision }

export interface Store {
  /** The first entries of the range, at most limit. A whole page shows one revision. */
  read(range: KeyRange, options: { at: Revision | 'latest'; limit: number }): Promise<ReadResult>
  /**
   * All or nothing, durable when the promise resolves. A conflict is a value, not an exception.
   * Writing a key that is absent as undefined changes nothing; a transaction that changes nothing uses no revision.
   * Throws StoreUnavailable when nothing can be written (disk full, closed); the store then still reads.
   */
  commit(transaction: Transaction): Promise<Committed>
  /**
   * Every change in the range after that revision, in order, each once, until the signal aborts.
   * The bytes of a committed value are the very Uint8Array that was given to commit, where the engine has it in memory.
   * A change is delivered no later than the commit's promise resolves. What happened before the watch began comes first,
   * at the reader's pace. A revision that has not been reached yet is waited for. close ends the watch without a lost batch.
   */
  watch(range: KeyRange, after: Revision, signal: AbortSignal): AsyncIterable<Batch>
  /**
   * Forgets values that were replaced or deleted at or before that revision (the newest at most). Reads at it and watches after it
   * still work; below it they are 'compacted'.
   */
  compact(before: Revision): Promise<void>
  /** The newest revision; watches that have nothing else to read are told their progress up to it no later than this resolves. */
  latest(): Promise<Revision>
  close(): Promise<void>
}

/** Writing is not possible now; why says what a person must do (free disk space, ...). */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}
