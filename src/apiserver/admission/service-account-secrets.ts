import { ephemeralSecretProblem, isLimited, secretProblem } from '../../policy/service-account/mountable-secrets.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod } from '../../resources/generated/types.ts'
import type { AdmissionRequest, ObjectReader, Validator } from '../access.ts'
import { podReferences } from '../access/pod-references.ts'
import { isMirrorPod, isPodWrite } from './pod-writes.ts'
import { isSubresourceOf } from './targets.ts'
import { ALLOWED, forbiddenBecause } from './verdicts.ts'

/** What pods may use of the secrets: those that their account lists, where it says so; none for pods from a node's own files. */
export const serviceAccountSecrets: Validator = {
  name: 'ServiceAccount',
  matches: (request) => (request.operation === 'CREATE' && isPodWrite(request)) || isEphemeral(request),
  review(request, reader) {
    const problem = problemOf(request, reader)
    return problem === undefined ? ALLOWED : forbiddenBecause(problem)
  },
}

function isEphemeral(request: AdmissionRequest): boolean {
  return request.operation === 'UPDATE' && isSubresourceOf(request, '', 'pods', 'ephemeralcontainers')
}

function problemOf(request: AdmissionRequest, reader: ObjectReader): string | undefined {
  const pod = request.object as Pod
  const { namespace } = request.key
  if (pod.spec === undefined) return undefined
  if (!isEphemeral(request) && isMirrorPod(pod)) return mirrorPodProblem(pod)
  const name = pod.spec.serviceAccountName ?? ''
  if (name === '') return `no service account specified for pod ${namespace}/${request.key.name}`
  const account = reader.get(kinds.ServiceAccount, { namespace, name })
  if (account === undefined) {
    return `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`
  }
  if (!isLimited(account)) return undefined
  return isEphemeral(request) ? ephemeralSecretProblem(pod.spec, account) : secretProblem(pod.spec, account)
}

/** A node shows such a pod as it is: nothing of the API's may depend on it. */
export function mirrorPodProblem(pod: Pod): string | undefined {
  if ((pod.spec?.serviceAccountName ?? '') !== '') return 'a mirror pod may not reference service accounts'
  if (podReferences(pod).secrets.size > 0) return 'a mirror pod may not reference secrets'
  const sources = (pod.spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? [])
  const hasToken = sources.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)
  return hasToken ? 'a mirror pod may not use ServiceAccountToken volume projections' : undefined
}
