import { assert } from '../words/assert.ts'
import { utf8 } from '../words/bytes.ts'
import type { Change, Commit, Committed, Head, Revision, Transaction, Write } from './store.ts'

const MAX_KEY_BYTES = 1024

export type Evaluation =
  | { readonly outcome: 'conflict'; readonly key: string; readonly current: Head | undefined }
  /** Every expectation holds, but there is nothing to write: no revision is used. */
  | { readonly outcome: 'unchanged' }
  /** Several commits where the writes are apart. */
  | { readonly outcome: 'changes'; readonly commits: readonly Commit[]; readonly result: Extract<Committed, { outcome: 'committed' }> }

/** What a transaction does to the state that current shows, were it committed as this revision (and those that follow, where it is apart). */
export function evaluate(transaction: Transaction, current: (key: string) => Head | undefined, revision: Revision): Evaluation {
  // Most transactions write the very key that they expect something of: it is looked up once.
  let seen: { readonly key: string; readonly head: Head | undefined } | undefined
  for (const expect of transaction.expect) {
    const head = current(expect.key)
    seen = { key: expect.key, head }
    if ((head?.modified ?? 0) !== expect.modified) return { outcome: 'conflict', key: expect.key, current: head }
  }
  if (transaction.apart === true) return evaluateApart(transaction.writes, current, revision)
  const changes: Change[] = []
  for (const write of transaction.writes) {
    const change = changeOf(write, seen?.key === write.key ? seen.head : current(write.key), revision)
    if (change !== undefined) changes.push(change)
  }
  if (changes.length === 0) return { outcome: 'unchanged' }
  return { outcome: 'changes', commits: [{ revision, changes }], result: { outcome: 'committed', revision } }
}

function evaluateApart(writes: readonly Write[], current: (key: string) => Head | undefined, first: Revision): Evaluation {
  const commits: Commit[] = []
  const revisions = writes.map((write) => {
    const revision = first + commits.length
    const change = changeOf(write, current(write.key), revision)
    if (change === undefined) return 0
    commits.push({ revision, changes: [change] })
    return revision
  })
  if (commits.length === 0) return { outcome: 'unchanged' }
  return { outcome: 'changes', commits, result: { outcome: 'committed', revision: first + commits.length - 1, revisions } }
}

function changeOf(write: Write, previous: Head | undefined, revision: Revision): Change | undefined {
  if (write.value === undefined) return previous === undefined ? undefined : { key: write.key, entry: undefined, previous }
  const entry = { key: write.key, value: write.value, created: previous?.created ?? revision, modified: revision }
  return { key: write.key, entry, previous }
}

/** A transaction that no caller may send: a defect, found before anything is written. */
export function assertWellFormed(transaction: Transaction): void {
  for (const expect of transaction.expect) assertKey(expect.key)
  for (const write of transaction.writes) assertKey(write.key)
  if (transaction.writes.length > 1) {
    const keys = new Set(transaction.writes.map((write) => write.key))
    assert(keys.size === transaction.writes.length, 'a transaction writes a key twice')
  }
}

/** NUL ends a key inside engines, so that a key and what it is a prefix of keep their order with a revision appended. */
function assertKey(key: string): void {
  assert(key !== '' && !key.includes('\0') && key.isWellFormed(), 'a key is empty, contains NUL or is no valid text')
  assert(key.length * 3 <= MAX_KEY_BYTES || utf8(key).length <= MAX_KEY_BYTES, `a key is longer than ${MAX_KEY_BYTES} bytes`)
}
