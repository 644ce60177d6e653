import type { Container, PodSpec } from '../../generated/types.ts'

export interface PlacedContainer {
  readonly container: Container
  /** spec.containers[0] */
  readonly path: string
}

/** All containers of a pod, in the order in which upstream visits them. path: spec, template.spec. */
export function containersInPlace(path: string, { initContainers, containers, ephemeralContainers }: PodSpec): PlacedContainer[] {
  const placed: PlacedContainer[] = []
  initContainers?.forEach((container, index) => placed.push({ container, path: `${path}.initContainers[${index}]` }))
  containers?.forEach((container, index) => placed.push({ container, path: `${path}.containers[${index}]` }))
  ephemeralContainers?.forEach((container, index) => placed.push({ container, path: `${path}.ephemeralContainers[${index}]` }))
  return placed
}
