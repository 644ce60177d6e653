import { apiVersionOf } from '../../objects/kind.ts'
import type { SchemaLookup } from '../../objects/schema.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import { pathsOf, schemaNameOf } from './openapi-paths.ts'
import { definitionsFor } from './openapi-schema.ts'
import type { GroupVersionKind, OpenApiSchema, OpenApiVersion } from './openapi-schema.ts'
import { subresourcesOf } from './served-groups.ts'

export interface OpenApiV2 {
  readonly swagger: '2.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, Record<string, unknown>>>
  readonly definitions: Readonly<Record<string, OpenApiSchema>>
}

/** GET /openapi/v2: everything. */
export function openApiV2(definitions: readonly ResourceDefinition[], lookup: SchemaLookup, gitVersion: string): OpenApiV2 {
  return {
    swagger: '2.0', info: { title: 'Kubernetes', version: gitVersion },
    paths: allPaths('v2', definitions), definitions: schemas('v2', definitions, lookup),
  }
}

/** GET /openapi/v3/apis/GROUP/VERSION: what the definitions of one group and version need. */
export function openApiV3(definitions: readonly ResourceDefinition[], lookup: SchemaLookup, gitVersion: string): object {
  return {
    openapi: '3.0.0', info: { title: 'Kubernetes', version: gitVersion },
    paths: allPaths('v3', definitions), components: { schemas: schemas('v3', definitions, lookup) },
  }
}

function allPaths(version: OpenApiVersion, definitions: readonly ResourceDefinition[]): Record<string, Record<string, unknown>> {
  return Object.assign({}, ...definitions.map((definition) => pathsOf(version, definition))) as Record<string, Record<string, unknown>>
}

/** Kinds that every group understands as its own. */
const IN_ALL_GROUPS: readonly string[] = ['DeleteOptions', 'WatchEvent']

function schemas(version: OpenApiVersion, definitions: readonly ResourceDefinition[], lookup: SchemaLookup): Record<string, OpenApiSchema> {
  const kinds = new Map<string, GroupVersionKind>([
    ['meta.v1.Status', { group: '', version: 'v1', kind: 'Status' }],
    ...IN_ALL_GROUPS.map((kind): [string, GroupVersionKind] => [`meta.v1.${kind}`, { group: '', version: 'v1', kind }]),
  ])
  const groupVersions = new Map(definitions.map(({ kind }) => [apiVersionOf(kind), kind]))
  for (const definition of definitions) {
    const { group, version: apiVersion, kind, schema } = definition.kind
    kinds.set(schema, { group, version: apiVersion, kind })
    if (definition.verbs.includes('list')) kinds.set(`${schema}List`, { group, version: apiVersion, kind: `${kind}List` })
    for (const subresource of subresourcesOf(definition)) {
      const name = schemaNameOf(subresource.kind)
      if (!kinds.has(name)) kinds.set(name, { group: subresource.kind.group, version: subresource.kind.version, kind: subresource.kind.kind })
    }
  }
  const gvksOf = (name: string): readonly GroupVersionKind[] => {
    const gvk = kinds.get(name)
    if (gvk === undefined) return []
    if (!IN_ALL_GROUPS.includes(gvk.kind)) return [{ group: gvk.group, kind: gvk.kind, version: gvk.version }]
    return [...groupVersions.values()].map(({ group, version: apiVersion }) => ({ group, kind: gvk.kind, version: apiVersion }))
  }
  return definitionsFor(version, kinds.keys(), lookup, gvksOf)
}
