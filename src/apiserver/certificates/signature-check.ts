import { invalidBytes } from '../../objects/field-error.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { CertificateSigningRequest } from '../../resources/generated/types.ts'
import { parseCertificateRequest, type CertificateRequest } from '../../resources/kinds/certificate-signing-request/certificate-request.ts'
import { fromBase64, textOf } from '../../words/bytes.ts'
import { invalid } from '../../words/status-error.ts'
import type { Validator } from '../access.ts'
import { isAbout } from '../admission/targets.ts'

/** The machine's cryptography: host/certificate-signatures.ts. */
export interface CertificateSignatures {
  /** What is wrong with the signature, by which whoever asks shows that the key is theirs; undefined: nothing. */
  problemOf(request: CertificateRequest): string | undefined
}

/** For tests and simulations, where no signature is a real one. */
export const unseenSignatures: CertificateSignatures = { problemOf: () => undefined }

/** A request that its own key has not signed is none. That it can be read has been seen to. */
export function certificateSignatureCheck(signatures: CertificateSignatures): Validator {
  const kind = kinds.CertificateSigningRequest
  return {
    name: 'CertificateRequestSignature',
    matches: (request) => isAbout(request, kind.group, kind.plural) && request.operation === 'CREATE',
    review({ object, key }) {
      const bytes = fromBase64((object as CertificateSigningRequest).spec.request) ?? new Uint8Array()
      const problem = signatures.problemOf(parseCertificateRequest(textOf(bytes)))
      if (problem !== undefined) throw invalid(kind, key.name, [invalidBytes('spec.request', bytes, problem)])
      return { allowed: true, warnings: [] }
    },
  }
}
