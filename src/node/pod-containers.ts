import type { Container, Pod } from '../resources/generated/types.ts'

/** Init containers, sidecars among them, then the regular ones. */
export function initAndRegular(pod: Pod): Container[] {
  return [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
}

export function allContainers(pod: Pod): Container[] {
  return [...initAndRegular(pod), ...(pod.spec?.ephemeralContainers ?? [])]
}

/** Those that run for as long as the pod does. */
export function sidecarsAndRegular(pod: Pod): Container[] {
  return [...(pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'), ...(pod.spec?.containers ?? [])]
}

export function containerNamed(pod: Pod, name: string): Container | undefined {
  return allContainers(pod).find((container) => container.name === name)
}
