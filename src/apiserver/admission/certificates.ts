import { DerError } from '../../objects/der-reader.ts'
import { sameJson } from '../../objects/json.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { CertificateSigningRequest } from '../../resources/generated/types.ts'
import { parseCertificateRequest } from '../../resources/kinds/certificate-signing-request/certificate-request.ts'
import { fromBase64, textOf } from '../../words/bytes.ts'
import { groups } from '../access/subjects.ts'
import type { Authorizer, RequestInfo, User, Validator, Verdict } from '../access.ts'
import { isAbout, isSubresourceOf } from './targets.ts'
import { ALLOWED, forbiddenBecause } from './verdicts.ts'

const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client'

const { group: GROUP, plural: PLURAL } = kinds.CertificateSigningRequest

/** Whoever approves needs the verb approve on the signer, beside the right to write the approval. */
export function certificateApproval(authorizer: Authorizer): Validator {
  return {
    name: 'CertificateApproval',
    matches: (request) => isSubresourceOf(request, GROUP, PLURAL, 'approval') && request.operation === 'UPDATE',
    async review({ user, old }) {
      // The standing name counts: an update might bring another one.
      const signer = (old as CertificateSigningRequest).spec.signerName
      if (await mayUseSigner(authorizer, user, 'approve', signer)) return ALLOWED
      return forbiddenBecause(`user not permitted to approve requests with signerName ${JSON.stringify(signer)}`)
    },
  }
}

/** Whoever puts a certificate or a verdict in needs the verb sign on the signer. */
export function certificateSigning(authorizer: Authorizer): Validator {
  return {
    name: 'CertificateSigning',
    matches: (request) => isSubresourceOf(request, GROUP, PLURAL, 'status') && request.operation === 'UPDATE',
    async review({ user, object, old }) {
      const [request, before] = [object as CertificateSigningRequest, old as CertificateSigningRequest]
      const isUnchanged = request.status?.certificate === before.status?.certificate
        && sameJson(request.status?.conditions ?? [], before.status?.conditions ?? [])
      const signer = before.spec.signerName
      if (isUnchanged || await mayUseSigner(authorizer, user, 'sign', signer)) return ALLOWED
      return forbiddenBecause(`user not permitted to sign requests with signerName ${JSON.stringify(signer)}`)
    },
  }
}

const SIGNERS = {
  isResource: true, group: 'certificates.k8s.io', version: '*', resource: 'signers', subresource: '', namespace: '', path: '',
}

/** example.com/web, or else example.com/*. */
async function mayUseSigner(authorizer: Authorizer, user: User, verb: string, signer: string): Promise<boolean> {
  const domain = signer.split('/', 1)[0] ?? ''
  for (const name of [signer, `${domain}/*`]) {
    const info: RequestInfo = { ...SIGNERS, verb, name }
    if ((await authorizer.authorize(user, info)).allowed) return true
  }
  return false
}

/** Nobody gets a certificate for the group that may do everything. */
export const certificateSubjectRestriction: Validator = {
  name: 'CertificateSubjectRestriction',
  matches: (request) => isAbout(request, GROUP, PLURAL) && request.operation === 'CREATE',
  review: ({ object }) => reviewSubject(object as CertificateSigningRequest),
}

function reviewSubject({ spec }: CertificateSigningRequest): Verdict {
  if (spec.signerName !== CLIENT_SIGNER) return ALLOWED
  try {
    const { organizations } = parseCertificateRequest(textOf(fromBase64(spec.request) ?? new Uint8Array()))
    if (!organizations.includes(groups.masters)) return ALLOWED
    return forbiddenBecause(`use of ${CLIENT_SIGNER} signer with ${groups.masters} group is not allowed`)
  } catch (error) {
    if (error instanceof DerError) return forbiddenBecause(`failed to parse CSR: ${error.message}`)
    throw error
  }
}
