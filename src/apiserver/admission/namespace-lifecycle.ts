import { kinds } from '../../resources/generated/kinds.ts'
import { StatusError, forbidden, notFound } from '../../words/status-error.ts'
import type { AdmissionRequest, Mutator, ObjectReader } from '../access.ts'
import { forbiddenRequest } from '../forbidden-request.ts'

/** Namespaces that the cluster itself lives in. */
const PROTECTED: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public'])

/** Reviews are answered in any namespace, also in one that does not exist. */
const NAMESPACE_FREE_GROUPS: ReadonlySet<string> = new Set(['authorization.k8s.io', 'authentication.k8s.io'])

/** New objects need a namespace that exists and stays; some namespaces stay for ever. */
export const namespaceLifecycle: Mutator = {
  name: 'NamespaceLifecycle',
  matches: ({ operation, kind, subresource }) =>
    (operation === 'CREATE' && kind.namespaced && subresource === '' && !NAMESPACE_FREE_GROUPS.has(kind.group))
    || (operation === 'DELETE' && kind.plural === kinds.Namespace.plural && kind.group === ''),
  admit(request, reader) {
    if (request.operation === 'DELETE') refuseProtected(request)
    else refuseMissingOrEnding(request, reader)
  },
}

function refuseProtected({ kind, key }: AdmissionRequest): void {
  if (PROTECTED.has(key.name)) throw forbidden({ group: '', resource: kind.plural }, key.name, 'this namespace may not be deleted')
}

function refuseMissingOrEnding(request: AdmissionRequest, reader: ObjectReader): void {
  const name = request.key.namespace
  const namespace = reader.get(kinds.Namespace, { namespace: '', name })
  if (namespace === undefined) throw notFound({ group: '', resource: 'namespaces' }, name)
  const ending = namespace.metadata.deletionTimestamp !== undefined || namespace.status?.phase === 'Terminating'
  if (!ending) return
  const refusal = forbiddenRequest(request, `unable to create new content in namespace ${name} because it is being terminated`)
  // Controllers look at the cause, so that they do not try again.
  const cause = { reason: 'NamespaceTerminating', message: `namespace ${name} is being terminated`, field: 'metadata.namespace' }
  throw new StatusError(refusal.code, refusal.reason, refusal.message, { ...refusal.details, causes: [cause] })
}
