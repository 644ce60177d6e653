import type { ObjectMeta } from '../../../objects/kube-object.ts'
import { at } from '../../field-checks.ts'
import type { Container, ContainerPort, EnvVar, PodSpec } from '../../generated/types.ts'
import type { PlacedContainer } from './containers-in-place.ts'
import { fractionWarnings } from './fraction-warnings.ts'
import { APP_ARMOR_PREFIX, SECCOMP_PREFIX } from './pod-annotations.ts'

interface Around {
  /** Of the pod or template. */
  readonly path: string
  readonly metadata: ObjectMeta | undefined
  readonly spec: PodSpec
}

export function containerWarnings({ container, path }: PlacedContainer, around: Around): string[] {
  const { resources, env } = container
  const warnings: string[] = []
  if (around.metadata?.annotations !== undefined) warnings.push(...annotationWarnings(container, around, around.metadata.annotations))
  if (resources?.limits !== undefined) warnings.push(...fractionWarnings(`${path}.resources.limits`, resources.limits))
  if (resources?.requests !== undefined) warnings.push(...fractionWarnings(`${path}.resources.requests`, resources.requests))
  if (env !== undefined && env.length > 1) warnings.push(...environmentWarnings(`${path}.env`, env))
  return warnings
}

/** Profiles stood in annotations once: those are not read any more. AppArmor's of a pod are told of as they become fields. */
function annotationWarnings({ name, securityContext }: Container, around: Around, annotations: Readonly<Record<string, string>>): string[] {
  const path = at(around.path, 'metadata.annotations')
  const [seccomp, appArmor] = [`${SECCOMP_PREFIX}${name}`, `${APP_ARMOR_PREFIX}${name}`]
  const warnings: string[] = []
  if (annotations[seccomp] !== undefined && securityContext?.seccompProfile === undefined) {
    warnings.push(`${path}[${seccomp}]: non-functional in v1.27+; use the "seccompProfile" field instead`)
  }
  const hasProfile = (securityContext?.appArmorProfile ?? around.spec.securityContext?.appArmorProfile) !== undefined
  if (around.path !== '' && annotations[appArmor] !== undefined && !hasProfile) {
    warnings.push(`${path}[${appArmor}]: deprecated since v1.30; use the "appArmorProfile" field instead`)
  }
  return warnings
}

/** A second value that is made from the first one (X=$(X):more) is meant so. */
function environmentWarnings(path: string, variables: readonly EnvVar[]): string[] {
  const seen = new Set<string>()
  return variables.flatMap(({ name, value = '', valueFrom }, index) => {
    const reference = `$(${name})`
    const hides = seen.has(name) && (valueFrom !== undefined || value === reference || !value.includes(reference))
    seen.add(name)
    return hides ? [`${path}[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`] : []
  })
}

interface PlacedPort {
  readonly port: ContainerPort
  readonly path: string
}

/** All containers of a pod share its address. */
export function portWarnings(containers: readonly PlacedContainer[]): string[] {
  const warnings: string[] = []
  const taken = new Map<string, PlacedPort[]>()
  for (const { container, path } of containers) {
    container.ports?.forEach((port, index) => {
      const here = `${path}.ports[${index}]`
      if ((port.hostIP ?? '') !== '' && (port.hostPort ?? 0) === 0) {
        warnings.push(`${here}: hostIP set without hostPort: ${JSON.stringify(port)}`)
      }
      const key = `${port.containerPort}/${port.protocol ?? ''}`
      const others = taken.get(key) ?? []
      for (const other of others) warnings.push(...clash(here, port, other))
      taken.set(key, [...others, { port, path: here }])
    })
  }
  return warnings
}

function clash(path: string, port: ContainerPort, other: PlacedPort): string[] {
  const [hostIp, otherIp] = [port.hostIP ?? '', other.port.hostIP ?? '']
  const [hostPort, otherPort] = [port.hostPort ?? 0, other.port.hostPort ?? 0]
  if (hostIp === otherIp && hostPort === otherPort) return [`${path}: duplicate port definition with ${other.path}`]
  if (hostPort === 0 || otherPort === 0) return [`${path}: overlapping port definition with ${other.path}`]
  const ambiguous = hostPort === otherPort && (hostIp === '') !== (otherIp === '')
  return ambiguous ? [`${path}: dangerously ambiguous port definition with ${other.path}`] : []
}
