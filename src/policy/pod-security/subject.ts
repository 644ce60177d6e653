import type { ObjectMeta } from '../../objects/kube-object.ts'
import type { Container, EphemeralContainer, PodSpec } from '../../resources/generated/types.ts'

/** A pod, or the template of one. */
export interface Subject {
  readonly metadata: ObjectMeta | undefined
  readonly spec: PodSpec
}

/** What a check found; undefined where there is nothing wrong. */
export interface Violation {
  /** In a few words, for a list of many pods: hostPort. */
  readonly reason: string
  /** Who and what: container "web" uses hostPort 80. */
  readonly detail: string
}

export type Check = (subject: Subject) => Violation | undefined

type AnyContainer = Container | EphemeralContainer

/** In the order in which messages name them: init containers, containers, ephemeral ones. */
export function containersOf(spec: PodSpec): readonly AnyContainer[] {
  const { initContainers, containers = [], ephemeralContainers } = spec
  if (initContainers === undefined && ephemeralContainers === undefined) return containers
  return [...(initContainers ?? []), ...containers, ...(ephemeralContainers ?? [])]
}

/** The names of those whose security settings are so. */
export function namesWhere(spec: PodSpec, isSo: (security: Container['securityContext']) => boolean): readonly string[] {
  return containersOf(spec).filter(({ securityContext }) => isSo(securityContext)).map(({ name }) => name)
}

export function isWindows(spec: PodSpec): boolean {
  return spec.os?.name === 'windows'
}

/** "a", "b" */
export function quoted(names: Iterable<string>): string {
  return Array.from(names, (name) => JSON.stringify(name)).join(', ')
}

export function sorted(values: Iterable<string>): string[] {
  return [...new Set(values)].sort()
}

export function plural(count: number, one: string, many: string): string {
  return count === 1 ? one : many
}

/** container "a"; containers "a", "b" */
export function containersText(names: readonly string[]): string {
  return `${plural(names.length, 'container', 'containers')} ${quoted(names)}`
}

/** The pod itself, some containers, or both: pod and container "a" */
export function settersText(podItself: boolean, names: readonly string[]): string {
  return [...(podItself ? ['pod'] : []), ...(names.length > 0 ? [containersText(names)] : [])].join(' and ')
}
