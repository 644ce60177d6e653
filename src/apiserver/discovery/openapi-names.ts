import { customDefinitionName, isCustom } from './custom-schema.ts'

/** The two versions of OpenAPI in which the documents are written. */
export type OpenApiVersion = 'v2' | 'v3'

/** Names of definitions in the documents, which clients look for: apps.v1.Deployment -> io.k8s.api.apps.v1.Deployment. */
const PREFIXES: Readonly<Record<string, string>> = {
  meta: 'io.k8s.apimachinery.pkg.apis.',
  api: 'io.k8s.apimachinery.pkg.',
  runtime: 'io.k8s.apimachinery.pkg.',
  util: 'io.k8s.apimachinery.pkg.',
  version: 'io.k8s.apimachinery.pkg.',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.',
}

export function definitionName(schemaName: string): string {
  if (isCustom(schemaName)) return customDefinitionName(schemaName)
  const group = schemaName.slice(0, schemaName.indexOf('.'))
  return `${PREFIXES[group] ?? 'io.k8s.api.'}${schemaName}`
}

/** policy/v1 Eviction -> policy.v1.Eviction: the first word of the group names the package, core where there is none. */
export function schemaNameOf(
  { group, version, kind }: { readonly group: string; readonly version: string; readonly kind: string },
): string {
  return `${group === '' ? 'core' : (group.split('.')[0] ?? '')}.${version}.${kind}`
}

/** Definitions that stand for scalars with a meaning of their own. */
export const scalarNames = {
  quantity: 'api.resource.Quantity',
  'int-or-string': 'util.intstr.IntOrString',
  time: 'meta.v1.Time',
  'micro-time': 'meta.v1.MicroTime',
} as const

export const patchSchema = 'meta.v1.Patch'
export const patchName = definitionName(patchSchema)

export function referenceTo(version: OpenApiVersion, name: string): string {
  return `${version === 'v2' ? '#/definitions/' : '#/components/schemas/'}${name}`
}
