import type { Instant } from '../../../words/instant.ts'
import type { CertificateRequest } from './certificate-request.ts'

/** What a certificate is to say beside what was asked for. */
export interface IssueWish {
  readonly request: CertificateRequest
  /** digital signature, client auth, ... */
  readonly usages: readonly string[]
  readonly notBefore: Instant
  /** The authority's own end comes first. */
  readonly notAfter: Instant
}

export type Issued = { readonly ok: true; readonly certificatePem: string } | { readonly ok: false; readonly problem: string }

/** Makes a certificate, signed with the cluster's authority. At once: a plan cannot wait. */
export type CertificateIssuer = (wish: IssueWish) => Issued
