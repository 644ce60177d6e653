import { DerError } from '../../objects/der-reader.ts'
import type { Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { CertificateSigningRequest, CertificateSigningRequestStatus } from '../../resources/generated/types.ts'
import type { CertificateIssuer, IssueWish } from '../../resources/kinds/certificate-signing-request/certificate-issuer.ts'
import { parseCertificateRequest, type CertificateRequest } from '../../resources/kinds/certificate-signing-request/certificate-request.ts'
import { OWN_SIGNERS, signerProblem } from '../../resources/kinds/certificate-signing-request/signer-rules.ts'
import { fromBase64, textOf, toBase64, utf8 } from '../../words/bytes.ts'
import type { Instant } from '../../words/instant.ts'

export interface SigningView {
  readonly request: CertificateSigningRequest
  readonly issue: CertificateIssuer
  /** No certificate counts for longer; undefined: a year. */
  readonly longestMs?: number | undefined
}

const MINUTE_MS = 60_000
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS
const SHORTEST_MS = 10 * MINUTE_MS
/** For machines whose clocks are behind. What is asked for briefly is not shortened by it. */
const BACKDATE_MS = 5 * MINUTE_MS
const BRIEF_MS = 8 * 60 * MINUTE_MS
/** Of a life that is shorter than anybody may ask for, the clocks' difference would be most. */
const BACKDATE_PART = 0.1

export function planSigning({ request, issue, longestMs = YEAR_MS }: SigningView, now: Instant): Plan {
  const { spec, status } = request
  const conditions = status?.conditions ?? []
  const has = (type: string): boolean => conditions.some((condition) => condition.type === type && condition.status === 'True')
  if ((status?.certificate ?? '') !== '') return { actions: [], why: 'It has its certificate.' }
  if (!OWN_SIGNERS.includes(spec.signerName)) return { actions: [], why: `The signer ${spec.signerName} is none of the cluster's own.` }
  if (has('Failed')) return { actions: [], why: 'It has failed.' }
  if (!has('Approved')) return { actions: [], why: 'It waits for its approval.' }
  const asked = readRequest(spec.request)
  if (typeof asked === 'string') return { actions: [], why: `The request cannot be read: ${asked}` }
  const refusal = signerProblem(spec.signerName, asked, spec.usages ?? [])
  if (refusal !== undefined) return withStatus(request, failed(status, refusal), `The signer refuses it: ${refusal}`)
  const issued = issue({ request: asked, usages: spec.usages ?? [], ...validity(spec.expirationSeconds, longestMs, now) })
  if (!issued.ok) return { actions: [], why: `It cannot be signed: ${issued.problem}` }
  return withStatus(request, { ...status, certificate: toBase64(utf8(issued.certificatePem)) }, 'Signs it.')
}

function readRequest(base64: string): CertificateRequest | string {
  try {
    return parseCertificateRequest(textOf(fromBase64(base64) ?? new Uint8Array()))
  } catch (error) {
    if (error instanceof DerError) return error.message
    throw error
  }
}

function validity(
  expirationSeconds: number | undefined, longestMs: number, now: Instant,
): Pick<IssueWish, 'notBefore' | 'notAfter'> {
  const wanted = expirationSeconds === undefined ? longestMs : Math.min(longestMs, Math.max(SHORTEST_MS, expirationSeconds * 1000))
  const backdate = wanted < SHORTEST_MS ? wanted * BACKDATE_PART : BACKDATE_MS
  return { notBefore: now - backdate, notAfter: now + wanted - (wanted < BRIEF_MS ? 0 : backdate) }
}

function failed(status: CertificateSigningRequestStatus | undefined, message: string): CertificateSigningRequestStatus {
  const condition = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message }
  return { ...status, conditions: [...(status?.conditions ?? []), condition] }
}

function withStatus(request: CertificateSigningRequest, status: CertificateSigningRequestStatus, why: string): Plan {
  const object: CertificateSigningRequest = { ...request, status }
  return { actions: [{ verb: 'update', kind: kinds.CertificateSigningRequest, object, subresource: 'status' }], why }
}
