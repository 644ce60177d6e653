import type { Container, PodSpec } from '../../generated/types.ts'

export interface PlacedContainer {
  readonly container: Container
  /** spec.containers[0] */
  readonly path: string
}

/** All containers of a pod, in the order in which upstream visits them. path: spec, template.spec. */
export function containersInPlace(path: string, { initContainers, containers, ephemeralContainers }: PodSpec): PlacedContainer[] {
  const placed = (list: string, items: readonly Omit<Container, 'ports'>[] | undefined): PlacedContainer[] =>
    (items ?? []).map((container, index) => ({ container, path: `${path}.${list}[${index}]` }))
  return [
    ...placed('initContainers', initContainers), ...placed('containers', containers), ...placed('ephemeralContainers', ephemeralContainers),
  ]
}
