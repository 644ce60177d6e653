import type { ObjectMeta } from '../../../objects/kube-object.ts'
import { dnsLabelErrors } from '../../../objects/names.ts'
import { at } from '../../field-checks.ts'
import type { Affinity, Pod, PodAffinityTerm, PodSpec, PodTemplateSpec } from '../../generated/types.ts'
import { containerWarnings, portWarnings } from './container-warnings.ts'
import { containersInPlace } from './containers-in-place.ts'
import { labelDeprecation, termWarnings } from './deprecated-labels.ts'
import { fractionWarnings } from './fraction-warnings.ts'
import { SECCOMP_POD_ANNOTATION } from './pod-annotations.ts'
import { volumeWarnings } from './volume-warnings.ts'

/** Pods are mostly updated by programs, which do not read warnings: theirs are looked for only when they are new. */
export function podWarnings(pod: Pod, old: Pod | undefined): readonly string[] {
  if (old !== undefined) return []
  const problems = dnsLabelErrors(pod.metadata.name ?? '')
  const named = problems.length === 0 ? [] : [nameWarning("the Pod's hostname", problems)]
  return [...named, ...specWarnings('', pod.spec ?? { containers: [] }, pod.metadata)]
}

/** nameWarning('Pod names and hostnames', [...]) */
function nameWarning(use: string, problems: readonly string[]): string {
  const advice = 'which can result in surprising behavior; a DNS label is recommended'
  return `metadata.name: this is used in ${use}, ${advice}: [${problems.join(' ')}]`
}

interface Templated {
  readonly metadata: ObjectMeta
}

/** What is to be said about a template: when it is new, and when what its owner wants has changed. */
export function templateWarnings(
  path: string, template: PodTemplateSpec | undefined, object: Templated, old: Templated | undefined,
): string[] {
  if (old !== undefined && old.metadata.generation === object.metadata.generation) return []
  return specWarnings(path, template?.spec ?? { containers: [] }, template?.metadata)
}

/** For the kinds that have their template at spec.template. */
export function workloadWarnings<T extends Templated & { readonly spec?: { readonly template?: PodTemplateSpec } }>(
  object: T, old: T | undefined,
): readonly string[] {
  return templateWarnings('spec.template', object.spec?.template, object, old)
}

/** For those of them whose name becomes a part of the names of their pods. */
export function namedWorkloadWarnings<T extends Templated & { readonly spec?: { readonly template?: PodTemplateSpec } }>(
  object: T, old: T | undefined,
): readonly string[] {
  return [...podNameWarnings(object, old), ...workloadWarnings(object, old)]
}

export function podNameWarnings({ metadata: { name = '' } }: Templated, old: Templated | undefined): string[] {
  const problems = old === undefined ? dnsLabelErrors(name) : []
  return problems.length === 0 ? [] : [nameWarning('Pod names and hostnames', problems)]
}

const DEAD_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}

/** path: '' for a pod, spec.template for a template. */
function specWarnings(path: string, spec: PodSpec, metadata: ObjectMeta | undefined): string[] {
  const warnings: string[] = []
  const here = at(path, 'spec')
  for (const label in spec.nodeSelector) {
    const problem = labelDeprecation(label)
    if (problem !== undefined) warnings.push(`${here}.nodeSelector[${label}]: ${problem}`)
  }
  if (spec.affinity !== undefined) warnings.push(...nodeAffinityWarnings(`${here}.affinity.nodeAffinity`, spec.affinity))
  spec.topologySpreadConstraints?.forEach(({ topologyKey, labelSelector }, index) => {
    const problem = labelDeprecation(topologyKey)
    const constraint = `${here}.topologySpreadConstraints[${index}]`
    if (problem !== undefined) warnings.push(`${constraint}.topologyKey: ${topologyKey} is ${problem}`)
    if (labelSelector === undefined) warnings.push(`${constraint}.labelSelector: ${NO_SELECTOR}`)
  })
  for (const name in metadata?.annotations) {
    const problem = Object.hasOwn(DEAD_ANNOTATIONS, name) ? DEAD_ANNOTATIONS[name] : undefined
    if (problem !== undefined) warnings.push(`${at(path, 'metadata')}.annotations[${name}]: ${problem}`)
  }
  if (spec.volumes !== undefined) warnings.push(...volumeWarnings(`${here}.volumes`, spec.volumes))
  warnings.push(...listWarnings(here, spec))
  if (metadata?.annotations?.[SECCOMP_POD_ANNOTATION] !== undefined && spec.securityContext?.seccompProfile === undefined) {
    warnings.push(`${at(path, 'metadata')}.annotations[${SECCOMP_POD_ANNOTATION}]: ${USE_SECCOMP_FIELD}`)
  }
  const containers = containersInPlace(here, spec)
  for (const container of containers) warnings.push(...containerWarnings(container, { path, metadata, spec }))
  warnings.push(...portWarnings(containers))
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    warnings.push(`${here}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`)
  }
  if (spec.affinity !== undefined) warnings.push(...podAffinityWarnings(`${here}.affinity`, spec.affinity))
  return warnings
}

const USE_SECCOMP_FIELD = 'non-functional in v1.27+; use the "seccompProfile" field instead'
const NO_SELECTOR = 'a null labelSelector results in matching no pod'

function nodeAffinityWarnings(path: string, { nodeAffinity }: Affinity): string[] {
  const terms = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const wanted = nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.map(({ preference }) => preference)
  return [
    ...termWarnings(`${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`, terms),
    ...termWarnings(`${path}.preferredDuringSchedulingIgnoredDuringExecution`, wanted)
      .map((warning) => warning.replace('].matchExpressions', '].preference.matchExpressions')),
  ]
}

function podAffinityWarnings(path: string, affinity: Affinity): string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((field) => {
    const {
      requiredDuringSchedulingIgnoredDuringExecution: needed,
      preferredDuringSchedulingIgnoredDuringExecution: wanted,
    } = affinity[field] ?? {}
    const here = `${path}.${field}`
    const warn = (term: PodAffinityTerm | undefined, where: string): string[] =>
      term?.labelSelector === undefined ? [`${here}.${where}.labelSelector: ${NO_SELECTOR}`] : []
    return [
      ...(needed ?? []).flatMap((term, index) => warn(term, `requiredDuringSchedulingIgnoredDuringExecution[${index}]`)),
      ...(wanted ?? []).flatMap(({ podAffinityTerm }, index) => (
        warn(podAffinityTerm, `preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm`)
      )),
    ]
  })
}

/** Items that are there twice, or say nothing. */
function listWarnings(path: string, { hostAliases = [], imagePullSecrets = [], overhead }: PodSpec): string[] {
  const warnings: string[] = []
  hostAliases.forEach(({ ip }, index) => {
    const repeated = hostAliases.findIndex((other) => other.ip === ip) < index
    if (repeated) warnings.push(`${path}.hostAliases[${index}].ip: duplicate ip ${JSON.stringify(ip)}`)
  })
  imagePullSecrets.forEach(({ name = '' }, index) => {
    const repeated = imagePullSecrets.findIndex((other) => (other.name ?? '') === name) < index
    if (repeated) warnings.push(`${path}.imagePullSecrets[${index}].name: duplicate name ${JSON.stringify(name)}`)
  })
  imagePullSecrets.forEach(({ name = '' }, index) => {
    if (name === '') warnings.push(`${path}.imagePullSecrets[${index}].name: invalid empty name ""`)
  })
  return overhead === undefined ? warnings : [...warnings, ...fractionWarnings(`${path}.overhead`, overhead)]
}
