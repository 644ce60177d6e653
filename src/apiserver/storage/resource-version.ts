import { badRequest, StatusError } from '../../words/status-error.ts'
import type { Revision } from '../../store/store.ts'

const DIGITS = /^\d{1,20}$/

/** Undefined for '' (the client names none); 0 means: whatever you have. */
export function parseRevision(text: string): Revision | undefined {
  if (text === '') return undefined
  if (!DIGITS.test(text)) {
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  }
  return Number(text)
}

/** What a read must show. */
export type ReadPoint =
  /** The newest there is at the time of the call. */
  | { readonly at: 'latest' }
  /** What the cache has, however old. */
  | { readonly at: 'any' }
  | { readonly at: 'not-older'; readonly revision: Revision }
  | { readonly at: 'exact'; readonly revision: Revision }

/**
 * The table of the API concepts page: resourceVersion, resourceVersionMatch and limit of a get or list. A limit with a
 * revision and without a match means exactly that revision, which is how clients page through a list that they began earlier.
 */
export function readPoint(resourceVersion: string, match: string, limit: number): ReadPoint {
  const revision = parseRevision(resourceVersion)
  if (revision === undefined) return { at: 'latest' }
  if (revision === 0) return { at: 'any' }
  if (match === 'Exact' || (match === '' && limit > 0)) return { at: 'exact', revision }
  return { at: 'not-older', revision }
}

/** A list or get at a revision that is not there yet. Clients know the cause and retry. */
export function tooLargeRevision(wanted: Revision, current: Revision): StatusError {
  return new StatusError(504, 'Timeout', `Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
}

export function tooOldRevision(wanted: Revision, oldest: Revision): StatusError {
  return new StatusError(410, 'Expired', `too old resource version: ${wanted} (${oldest})`)
}
