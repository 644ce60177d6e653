import type { KubeObject } from '../../objects/kube-object.ts'
import type { Revision, Write } from '../../store/store.ts'
import { StoreUnavailable } from '../../store/store.ts'
import { serviceUnavailable, tooLarge } from '../../words/status-error.ts'
import { encodeObject } from '../storage/encoding.ts'
import { CachedObject, withRevision } from '../watch-cache/cached-object.ts'
import type { Charge } from '../charge.ts'
import type { PipelineParts } from './write-request.ts'

/**
 * As large as a request's body may be: what is stored can be read, changed and sent back. Patches would otherwise let an object grow
 * without end. (Upstream's etcd refuses beyond 1.5 MiB, of a shorter encoding.)
 */
const MAX_OBJECT_BYTES = 3 * 1024 * 1024
/** For an object that is on its way out: its finalizers must be able to do their work. */
const MAX_LEAVING_BYTES = 4 * 1024 * 1024

type CommitParts = Pick<PipelineParts, 'store' | 'feed' | 'sets' | 'charges'>

export type CommitResult =
  | { readonly outcome: 'stored'; readonly cached: CachedObject }
  /** Someone else wrote the key since expected; the cache shows their write now. */
  | { readonly outcome: 'conflict' }

/**
 * expected: the revision that is to be replaced, 0 for none. charge: what it is charged to. The object must not change any more.
 * Throws StatusError: 413 for an object that is too large.
 */
export async function commitObject(
  parts: CommitParts, key: string, object: KubeObject, expected: Revision, charge?: Charge,
): Promise<CommitResult> {
  if (expected === 0) parts.feed.shareAlike(key, object)
  const bytes = encodeObject(object, parts.sets)
  if (bytes.length > MAX_OBJECT_BYTES) refuseTooLarge(object, bytes.length)
  parts.feed.announce(key, bytes, object)
  try {
    const revision = await commit(parts, { key, value: bytes }, expected, charge)
    if (revision === undefined) return { outcome: 'conflict' }
    const cached = parts.feed.cached(key)
    if (cached?.revision === revision) return { outcome: 'stored', cached }
    return { outcome: 'stored', cached: new CachedObject(key, revision, bytes, withRevision(object, revision)) }
  } finally {
    parts.feed.withdraw(key, bytes)
  }
}

function refuseTooLarge({ metadata }: KubeObject, bytes: number): void {
  const limit = metadata.deletionTimestamp === undefined ? MAX_OBJECT_BYTES : MAX_LEAVING_BYTES
  if (bytes > limit) throw tooLarge(`Request entity too large: the object would have ${bytes} bytes, and at most ${limit} are stored`)
}

/** The object as it was when it went, with the revision of its deletion; undefined: conflict. */
export async function commitDeletion(parts: CommitParts, last: CachedObject, charge?: Charge): Promise<CachedObject | undefined> {
  const revision = await commit(parts, { key: last.key, value: undefined }, last.revision, charge)
  return revision === undefined ? undefined : last.at(revision)
}

/** Acknowledged only when the caches show it: whoever hears of a write can read it. */
async function commit(parts: CommitParts, write: Write, expected: Revision, charge: Charge | undefined): Promise<Revision | undefined> {
  const { store, feed, charges } = parts
  try {
    const transaction = { expect: [{ key: write.key, modified: expected }], writes: [write] }
    const result = await (charge === undefined ? store.commit(transaction) : charges.commit(charge, transaction))
    if (result.outcome === 'committed') {
      if (result.revision > feed.revision) await feed.reached(result.revision)
      return result.revision
    }
    await feed.reached(result.current?.modified ?? (await store.latest()))
    return undefined
  } catch (error) {
    if (error instanceof StoreUnavailable) throw serviceUnavailable(error.message)
    throw error
  }
}
