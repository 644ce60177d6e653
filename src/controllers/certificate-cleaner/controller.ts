import { DerError } from '../../objects/der-reader.ts'
import type { Controller, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { CertificateSigningRequest } from '../../resources/generated/types.ts'
import { certificateEnd } from '../../resources/kinds/certificate-signing-request/certificate-request.ts'
import { fromBase64, textOf } from '../../words/bytes.ts'
import { parseTime, type Instant } from '../../words/instant.ts'
import { ownKey, parseKey } from '../keys.ts'

const HOUR_MS = 3_600_000
const DECIDED_FOR_MS = HOUR_MS
const PENDING_FOR_MS = 24 * HOUR_MS

/** Removes requests: an hour after they were signed, denied or failed, a day after they were made where nobody decides. */
export function certificateCleaner(): Controller<CertificateSigningRequest> {
  return {
    name: 'certificate-cleaner-controller',
    account: 'certificate-controller',
    reads: [{ kind: kinds.CertificateSigningRequest, keysOf: ownKey }],
    writes: [kinds.CertificateSigningRequest],
    observe: (key, snapshot) => snapshot.get(kinds.CertificateSigningRequest, parseKey(key)),
    plan: planCleaning,
  }
}

export function planCleaning(request: CertificateSigningRequest, now: Instant): Plan {
  const { name = '', uid } = request.metadata
  const end = Math.min(...deadlines(request))
  if (!Number.isFinite(end)) return { actions: [], why: 'It waits to be signed.' }
  if (now <= end) return { actions: [], wakeAt: end + 1, why: 'It is kept for its time.' }
  const options = uid === undefined ? {} : { uid }
  const key = { namespace: '', name }
  return { actions: [{ verb: 'delete', kind: kinds.CertificateSigningRequest, key, options }], why: 'Its time is over.' }
}

/** After each of them it may go. */
function deadlines({ metadata, status }: CertificateSigningRequest): readonly Instant[] {
  const conditions = status?.conditions ?? []
  const certificate = status?.certificate ?? ''
  if (conditions.length === 0) return after(metadata.creationTimestamp, PENDING_FOR_MS)
  return conditions.flatMap(({ type, lastUpdateTime }) => {
    if (type === 'Denied' || type === 'Failed') return after(lastUpdateTime, DECIDED_FOR_MS)
    if (type !== 'Approved' || certificate === '') return []
    return [...after(lastUpdateTime, DECIDED_FOR_MS), ...endOf(certificate)]
  })
}

function after(time: string | undefined, ms: number): readonly Instant[] {
  const start = time === undefined ? undefined : parseTime(time)
  return start === undefined ? [] : [start + ms]
}

function endOf(certificate: string): readonly Instant[] {
  try {
    return [certificateEnd(textOf(fromBase64(certificate) ?? new Uint8Array()))]
  } catch (error) {
    if (error instanceof DerError) return []
    throw error
  }
}
