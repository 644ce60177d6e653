import type { Controller } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { ownKey, parseKey } from '../keys.ts'
import type { CertificateIssuer } from '../../resources/kinds/certificate-signing-request/certificate-issuer.ts'
import { planSigning, type SigningView } from './plan.ts'

export interface SigningParts {
  readonly issue: CertificateIssuer
  /** No certificate counts for longer; undefined: a year. */
  readonly longestMs: number | undefined
}

/** Signs what is approved, for the signers whose authority is the cluster's own. */
export function certificateSigningController({ issue, longestMs }: SigningParts): Controller<SigningView> {
  return {
    name: 'certificate-signing-controller',
    account: 'certificate-controller',
    reads: [{ kind: kinds.CertificateSigningRequest, keysOf: ownKey }],
    writes: [kinds.CertificateSigningRequest],
    observe(key, snapshot) {
      const request = snapshot.get(kinds.CertificateSigningRequest, parseKey(key))
      return request === undefined ? undefined : { request, issue, longestMs }
    },
    plan: planSigning,
  }
}
