import type { CertificateRequest } from './certificate-request.ts'

const API_CLIENT = 'kubernetes.io/kube-apiserver-client'
export const KUBELET_CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet'
export const KUBELET_SERVING = 'kubernetes.io/kubelet-serving'

/** The signers of this cluster's own authority. */
export const OWN_SIGNERS: readonly string[] = [API_CLIENT, KUBELET_CLIENT, KUBELET_SERVING]

const NODES = 'system:nodes'
const NODE_NAME_PREFIX = 'system:node:'
const SIGNATURE = 'digital signature'
const ENCIPHERMENT = 'key encipherment'
const CLIENT = 'client auth'
const SERVER = 'server auth'

/** Why one of the cluster's own signers will not sign that (as documented for each); undefined: it will. */
export function signerProblem(signer: string, request: CertificateRequest, usages: readonly string[]): string | undefined {
  switch (signer) {
    case API_CLIENT: return clientUsagesProblem(usages)
    case KUBELET_CLIENT:
      return organizationProblem(request) ?? anyNameProblem(request) ?? nodeNameProblem(request) ?? usagesProblem(usages, CLIENT)
    case KUBELET_SERVING:
      return organizationProblem(request) ?? servingNamesProblem(request) ?? usagesProblem(usages, SERVER) ?? nodeNameProblem(request)
    default: return `this cluster does not sign for ${JSON.stringify(signer)}`
  }
}

function clientUsagesProblem(usages: readonly string[]): string | undefined {
  const other = usages.find((usage) => usage !== SIGNATURE && usage !== ENCIPHERMENT && usage !== CLIENT)
  if (other !== undefined) return `invalid usage for client certificate: ${other}`
  return usages.includes(CLIENT) ? undefined : `missing required usage for client certificate: ${CLIENT}`
}

function organizationProblem({ organizations }: CertificateRequest): string | undefined {
  return organizations.length === 1 && organizations[0] === NODES ? undefined : `subject organization is not ${NODES}`
}

function nodeNameProblem({ commonName }: CertificateRequest): string | undefined {
  return commonName.startsWith(NODE_NAME_PREFIX) ? undefined : `subject common name does not begin with ${NODE_NAME_PREFIX}`
}

/** Who calls has a name in the subject, and no other. */
function anyNameProblem({ dnsNames, emailAddresses, ipAddresses, uris }: CertificateRequest): string | undefined {
  if (dnsNames.length > 0) return 'DNS subjectAltNames are not allowed'
  if (emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (ipAddresses.length > 0) return 'IP subjectAltNames are not allowed'
  return uris.length > 0 ? 'URI subjectAltNames are not allowed' : undefined
}

function servingNamesProblem({ dnsNames, emailAddresses, ipAddresses, uris }: CertificateRequest): string | undefined {
  if (dnsNames.length === 0 && ipAddresses.length === 0) return 'DNS or IP subjectAltName is required'
  if (emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  return uris.length > 0 ? 'URI subjectAltNames are not allowed' : undefined
}

/** Keys other than RSA encipher no keys. */
function usagesProblem(usages: readonly string[], role: string): string | undefined {
  const given = new Set(usages)
  const rest = [...given].filter((usage) => usage !== SIGNATURE && usage !== role && usage !== ENCIPHERMENT)
  if (given.has(SIGNATURE) && given.has(role) && rest.length === 0) return undefined
  return `usages did not match [${[SIGNATURE, ENCIPHERMENT, role].sort().join(' ')}]`
}
