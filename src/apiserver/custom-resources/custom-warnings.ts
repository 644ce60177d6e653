import type { KubeObject } from '../../objects/kube-object.ts'
import { qualifiedNameErrors } from '../../objects/names.ts'
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../../resources/generated/types.ts'
import { compareVersions } from '../discovery/served-groups.ts'

/** Kubernetes' own, which are older than the rule. */
const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

/** A finalizer without a domain may be somebody else's tomorrow. Those that were there before are not spoken of again. */
export function finalizerWarnings({ metadata }: KubeObject, old: KubeObject | undefined): readonly string[] {
  const { finalizers = [] } = metadata
  if (finalizers.length === 0 || finalizers === old?.metadata.finalizers) return []
  const before = new Set(old?.metadata.finalizers ?? [])
  return finalizers.filter((name) => !before.has(name)).sort().flatMap((name) => {
    const warnings = qualifiedNameErrors(name).map((message) => `metadata.finalizers: ${JSON.stringify(name)}: ${message}`)
    if (name.includes('/') || STANDARD_FINALIZERS.has(name)) return warnings
    const advice =
      'prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers'
    return [...warnings, `metadata.finalizers: ${JSON.stringify(name)}: ${advice}`]
  })
}

/** What users of a deprecated version are told: in the definition's words, or with the newest version that is none. */
export function deprecationOf({ spec }: CustomResourceDefinition, version: CustomResourceDefinitionVersion): string | undefined {
  if (version.deprecated !== true) return undefined
  if (version.deprecationWarning !== undefined) return version.deprecationWarning
  const shown = (name: string): string => `${spec.group}/${name} ${spec.names.kind}`
  const [better] = spec.versions
    .filter(({ name, served, deprecated }) => served && deprecated !== true && compareVersions(name, version.name) > 0)
    .map(({ name }) => name).sort((a, b) => compareVersions(b, a))
  return `${shown(version.name)} is deprecated${better === undefined ? '' : `; use ${shown(better)}`}`
}
