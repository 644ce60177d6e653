import type { Integer } from '../objects/json.ts'
import type { Container, Pod, SeccompProfile } from '../resources/generated/types.ts'
import { podTitle } from './pod-view.ts'
import type { SecurityConfig } from './runtime.ts'
import { initAndRegular } from './pod-containers.ts'

/** The container's security context over the pod's: the closer one wins, field by field. */
export function containerSecurity(pod: Pod, container: Container, seccompDirectory: string): SecurityConfig {
  const own = container.securityContext
  const ofPod = pod.spec?.securityContext
  const privileged = own?.privileged === true
  return {
    privileged,
    runAsUser: idOf(own?.runAsUser ?? ofPod?.runAsUser),
    runAsGroup: idOf(own?.runAsGroup ?? ofPod?.runAsGroup),
    supplementalGroups: supplementalGroups(pod),
    readOnlyRootFilesystem: own?.readOnlyRootFilesystem === true,
    noNewPrivileges: own?.allowPrivilegeEscalation === false && !privileged,
    addCapabilities: own?.capabilities?.add ?? [],
    dropCapabilities: own?.capabilities?.drop ?? [],
    seccomp: seccomp(privileged ? { type: 'Unconfined' } : (own?.seccompProfile ?? ofPod?.seccompProfile), seccompDirectory),
    procMount: own?.procMount === 'Unmasked' ? 'unmasked' : 'default',
  }
}

/** The sandbox itself needs no rights; it is privileged only because the runtime wants that of the sandbox of a privileged container. */
export function sandboxSecurity(pod: Pod, seccompDirectory: string): SecurityConfig {
  const context = pod.spec?.securityContext
  const containers = initAndRegular(pod)
  return {
    privileged: containers.some(({ securityContext }) => securityContext?.privileged === true),
    runAsUser: idOf(context?.runAsUser),
    runAsGroup: idOf(context?.runAsGroup),
    supplementalGroups: supplementalGroups(pod),
    readOnlyRootFilesystem: false,
    noNewPrivileges: false,
    addCapabilities: [],
    dropCapabilities: [],
    seccomp: seccomp(context?.seccompProfile, seccompDirectory),
    procMount: 'default',
  }
}

function supplementalGroups(pod: Pod): number[] {
  const context = pod.spec?.securityContext
  const groups = new Set((context?.supplementalGroups ?? []).map(Number))
  if (context?.fsGroup !== undefined) groups.add(Number(context.fsGroup))
  return [...groups]
}

/** A user's or group's number as the runtime takes it. Validation has held it to 31 bits: nothing is rounded. */
export function idOf(id: Integer | undefined): number | undefined {
  return id === undefined ? undefined : Number(id)
}

function seccomp(profile: SeccompProfile | undefined, directory: string): SecurityConfig['seccomp'] {
  if (profile?.type === 'RuntimeDefault') return { type: 'runtime-default' }
  if (profile?.type === 'Localhost') return { type: 'localhost', path: `${directory}/${profile.localhostProfile ?? ''}` }
  return { type: 'unconfined' }
}

/** Why the container must not run with this image although runAsNonRoot is asked for; undefined: it may. */
export function rootProblem(pod: Pod, container: Container, imageUser: number | string | undefined): string | undefined {
  const own = container.securityContext
  const ofPod = pod.spec?.securityContext
  if ((own?.runAsNonRoot ?? ofPod?.runAsNonRoot) !== true) return undefined
  const where = `(pod: ${JSON.stringify(podTitle(pod))}, container: ${container.name})`
  const user = own?.runAsUser ?? ofPod?.runAsUser
  if (user !== undefined) return user === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined
  if (typeof imageUser === 'string' && imageUser !== '' && !/^\d+$/.test(imageUser)) {
    return `container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root ${where}`
  }
  const isRoot = imageUser === undefined || imageUser === '' || Number(imageUser) === 0
  return isRoot ? `container has runAsNonRoot and image will run as root ${where}` : undefined
}

/** The user that all containers run as, if it is one and known: it owns the tokens of the pod. */
export function commonUser(pod: Pod): number | undefined {
  const containers = initAndRegular(pod)
  const users = new Set(containers.map(({ securityContext }) => securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser))
  return users.size === 1 ? idOf([...users][0]) : undefined
}
