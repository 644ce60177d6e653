import type { Pod } from '../../resources/generated/types.ts'

const SECCOMP_ANNOTATION = 'container.seccomp.security.alpha.kubernetes.io/'

interface Named {
  readonly name: string
  readonly image?: string
}

/** Whether an update may make a pod less safe than it was: another image, a container more. All else that matters cannot be changed. */
export function isSignificantUpdate(pod: Pod, old: Pod): boolean {
  const [spec, before] = [pod.spec, old.spec]
  return differ(pod, old, spec?.containers ?? [], before?.containers ?? [])
    || differ(pod, old, spec?.initContainers ?? [], before?.initContainers ?? [])
    || (spec?.ephemeralContainers ?? []).some((container) => {
      const former = before?.ephemeralContainers?.find(({ name }) => name === container.name)
      return former === undefined || changed(pod, old, container, former)
    })
}

function differ(pod: Pod, old: Pod, containers: readonly Named[], before: readonly Named[]): boolean {
  return containers.length !== before.length || containers.some((container, index) => changed(pod, old, container, before[index]))
}

function changed(pod: Pod, old: Pod, container: Named, before: Named | undefined): boolean {
  const annotation = SECCOMP_ANNOTATION + container.name
  return container.image !== before?.image || pod.metadata.annotations?.[annotation] !== old.metadata.annotations?.[annotation]
}
