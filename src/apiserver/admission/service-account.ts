import type { ObjectKey } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Container, PodSpec, ServiceAccount, Volume } from '../../resources/generated/types.ts'
import { sleep } from '../../words/ports.ts'
import type { Clock, Random } from '../../words/ports.ts'
import { fraction, nameSuffix } from '../../words/random.ts'
import { StatusError } from '../../words/status-error.ts'
import type { AdmissionRequest, Mutator, ObjectReader } from '../access.ts'
import { forbiddenRequest } from '../forbidden-request.ts'
import { isMirrorPod, isPodWrite, podOf } from './pod-writes.ts'
import { mirrorPodProblem } from './service-account-secrets.ts'

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const VOLUME_PREFIX = 'kube-api-access-'
/** An hour and seven seconds: upstream's mark of a token that the cluster asked for, not the user. */
const TOKEN_SECONDS = 3607

/** The default account of a new namespace is made a moment after it: a pod waits for it this many times, a tenth to a fifth of a second each. */
const WAITS_FOR_DEFAULT = 10
const WAIT_MS = 100

export interface ServiceAccountPorts {
  readonly clock: Clock
  readonly random: Random
}

/** Every pod acts as some service account, and finds a token of it mounted unless it or the account says no. */
export function serviceAccountAdmission(ports: ServiceAccountPorts): Mutator {
  return {
    name: 'ServiceAccount',
    matches: (request) => request.operation === 'CREATE' && isPodWrite(request),
    admit(request, reader) {
      const pod = podOf(request)
      const spec = pod?.spec
      if (pod === undefined || spec === undefined) return
      if (isMirrorPod(pod)) {
        const problem = mirrorPodProblem(pod)
        if (problem !== undefined) throw forbiddenRequest(request, problem)
        return
      }
      const name = spec.serviceAccountName ?? spec.serviceAccount ?? ''
      spec.serviceAccountName = name === '' ? 'default' : name
      spec.serviceAccount = spec.serviceAccountName
      const key = { namespace: request.key.namespace, name: spec.serviceAccountName }
      const account = reader.get(kinds.ServiceAccount, key)
      // Almost always there: then no turn of the event loop is spent.
      if (account !== undefined) return give(account, spec, ports.random)
      return awaitAccount(request, key, reader, ports).then((found) => give(found, spec, ports.random))
    },
  }
}

function give(account: ServiceAccount, spec: PodSpec, random: Random): void {
  if (shouldMount(account, spec)) mountToken(spec, random)
  if ((spec.imagePullSecrets?.length ?? 0) === 0 && account.imagePullSecrets !== undefined) {
    spec.imagePullSecrets = account.imagePullSecrets.map((reference) => ({ ...reference }))
  }
}

async function awaitAccount(
  request: AdmissionRequest, key: ObjectKey, reader: ObjectReader, { clock, random }: ServiceAccountPorts,
): Promise<ServiceAccount> {
  const waits = key.name === 'default' ? WAITS_FOR_DEFAULT : 0
  for (let wait = 0; wait < waits; wait++) {
    await sleep(clock, WAIT_MS * (1 + fraction(random)))
    const account = reader.get(kinds.ServiceAccount, key)
    if (account !== undefined) return account
  }
  const why = `error looking up service account ${key.namespace}/${key.name}: serviceaccount ${JSON.stringify(key.name)} not found`
  const refusal = forbiddenRequest(request, why)
  throw new StatusError(refusal.code, refusal.reason, refusal.message, { ...refusal.details, retryAfterSeconds: 1 })
}

function shouldMount(account: ServiceAccount, spec: PodSpec): boolean {
  return spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
}

/** A container that mounts something at the well-known path keeps it. */
function mountToken(spec: PodSpec, random: Random): void {
  const existing = spec.volumes?.find((volume) => volume.name.startsWith(VOLUME_PREFIX))
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
