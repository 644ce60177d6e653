import { kinds } from '../../resources/generated/kinds.ts'
import type { Container, Pod, PodSpec, ServiceAccount, Volume } from '../../resources/generated/types.ts'
import type { Random } from '../../words/ports.ts'
import { nameSuffix } from '../../words/random.ts'
import { StatusError, forbidden } from '../../words/status-error.ts'
import type { AdmissionRequest, Mutator, ObjectReader } from '../access.ts'
import { isMirrorPod, isPodWrite, podOf } from './pod-writes.ts'

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const VOLUME_PREFIX = 'kube-api-access-'
/** An hour and seven seconds: upstream's mark of a token that the cluster asked for, not the user. */
const TOKEN_SECONDS = 3607
const PODS = { group: '', resource: 'pods' }

/** Every pod acts as some service account, and finds a token of it mounted unless it or the account says no. */
export function serviceAccountAdmission(random: Random): Mutator {
  return {
    name: 'ServiceAccount',
    matches: (request) => request.operation === 'CREATE' && isPodWrite(request),
    admit(request, reader) {
      const pod = podOf(request)
      const spec = pod?.spec
      if (pod === undefined || spec === undefined) return
      if (isMirrorPod(pod)) return refuseMirrorWithSecrets(pod, spec)
      const name = spec.serviceAccountName ?? spec.serviceAccount ?? ''
      spec.serviceAccountName = name === '' ? 'default' : name
      spec.serviceAccount = spec.serviceAccountName
      const account = accountOf(request, spec.serviceAccountName, reader)
      if (shouldMount(account, spec)) mountToken(spec, random)
      if ((spec.imagePullSecrets?.length ?? 0) === 0 && account.imagePullSecrets !== undefined) {
        spec.imagePullSecrets = account.imagePullSecrets.map((reference) => ({ ...reference }))
      }
    },
  }
}

function refuseMirrorWithSecrets(pod: Pod, spec: PodSpec): void {
  const uses = (spec.serviceAccountName ?? '') !== '' || spec.volumes?.some((volume) => volume.secret !== undefined || volume.projected !== undefined) === true
  if (uses) throw forbidden(PODS, pod.metadata.name ?? '', 'a mirror pod may not reference service accounts or secrets')
}

function accountOf(request: AdmissionRequest, name: string, reader: ObjectReader): ServiceAccount {
  const { namespace } = request.key
  const account = reader.get(kinds.ServiceAccount, { namespace, name })
  if (account !== undefined) return account
  const why = `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`
  const refusal = forbidden(PODS, request.key.name, why)
  // A new namespace's default account is made a moment later: say that trying again helps.
  throw new StatusError(refusal.code, refusal.reason, refusal.message, { ...refusal.details, retryAfterSeconds: 1 })
}

function shouldMount(account: ServiceAccount, spec: PodSpec): boolean {
  return spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
}

/** A container that mounts something at the well-known path keeps it. */
function mountToken(spec: PodSpec, random: Random): void {
  const existing = spec.volumes?.find((volume) => volume.name.startsWith(VOLUME_PREFIX) && volume.projected !== undefined)
  const name = existing?.name ?? `${VOLUME_PREFIX}${nameSuffix(random)}`
  const containers: Container[] = [...(spec.initContainers ?? []), ...spec.containers]
  let mounted = false
  for (const container of containers) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === MOUNT_PATH) === true) continue
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, mountPath: MOUNT_PATH, readOnly: true }]
    mounted = true
  }
  if (mounted && existing === undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)]
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_SECONDS } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  }
}
