import { apiVersionOf, listKindOf } from '../../objects/kind.ts'
import type { SchemaLookup } from '../../objects/schema.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import type { Descriptions } from './descriptions.ts'
import { jsonV3 } from './openapi-form.ts'
import type { OpenApiForm, OpenApiHead } from './openapi-form.ts'
import type { RemoteSpec } from '../aggregation/remote-spec.ts'
import { mergedSpecs } from './openapi-merge.ts'
import { patchSchema, schemaNameOf } from './openapi-names.ts'
import type { OpenApiVersion } from './openapi-names.ts'
import { pathItems, sharedParameters } from './openapi-paths.ts'
import { SchemaWriter } from './openapi-schema.ts'
import type { GroupVersionKind } from './openapi-schema.ts'
import { subresourcesOf } from './served-groups.ts'

/** What both documents are made from. */
export interface DocumentSource {
  /** All that is served, also by other documents. */
  readonly served: readonly ResourceDefinition[]
  readonly lookup: SchemaLookup
  readonly descriptions: Descriptions
  readonly gitVersion: string
  /** What other servers say in their documents; absent: there are none. */
  readonly remote?: readonly RemoteSpec[]
}

/** GET /openapi/v2: everything. */
export function openApiV2(source: DocumentSource, form: OpenApiForm): Uint8Array {
  const { served, remote = [] } = source
  const writer = writerFor('v2', source, form)
  const written = writer.written([...kindsIn(served).keys(), ...answers('v2'), 'version.Info', patchSchema])
  const own = written.map(({ bytes }) => bytes)
  if (remote.length === 0) return form.whole(headOf(source), pathsIn('v2', served, form), own)
  const merged = mergedSpecs(remote, {
    paths: new Set(Array.from(pathItems('v2', served), ([path]) => path)),
    schemaNames: new Map(written.map(({ name, schemaName }) => [name, schemaName])), schema: (name) => writer.schema(name),
  })
  return form.whole(
    headOf(source), [...pathsIn('v2', served, form), ...merged.paths.map(([path, item]) => form.path(path, item))],
    [...own, ...merged.definitions.map(([name, schema]) => form.definition(name, schema))],
  )
}

/** Makes documents as GET /openapi/v3/apis/GROUP/VERSION answers them: what the definitions of one group and version need. */
export class OpenApiV3Writer {
  readonly #source: DocumentSource
  readonly #writer: SchemaWriter

  constructor(source: DocumentSource) {
    this.#source = source
    this.#writer = writerFor('v3', source, jsonV3)
  }

  document(definitions: readonly ResourceDefinition[]): Uint8Array {
    const schemas = this.#writer.definitions([...kindsIn(definitions).keys(), ...answers('v3'), patchSchema])
    return jsonV3.whole(headOf(this.#source), pathsIn('v3', definitions, jsonV3), schemas)
  }
}

function headOf({ gitVersion }: DocumentSource): OpenApiHead {
  return {
    info: { title: 'Kubernetes', version: gitVersion }, parameters: sharedParameters(), security: [{ BearerToken: [] }],
    securitySchemes: {
      BearerToken: { description: 'a token in the Authorization header', in: 'header', name: 'authorization', type: 'apiKey' },
    },
  }
}

function pathsIn(version: OpenApiVersion, definitions: readonly ResourceDefinition[], form: OpenApiForm): readonly Uint8Array[] {
  return Array.from(pathItems(version, definitions), ([path, item]) => form.path(path, item))
}

/** Kinds that every group understands as its own. */
const IN_ALL_GROUPS: readonly string[] = ['DeleteOptions', 'WatchEvent']

/** What the server answers about itself; only 2.0 has the paths above the groups' versions. */
const ANSWERS: Readonly<Record<OpenApiVersion, readonly string[]>> = {
  v2: ['APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions', 'Status'],
  v3: ['APIResourceList', 'Status'],
}

function answers(version: OpenApiVersion): readonly string[] {
  return [...ANSWERS[version], ...IN_ALL_GROUPS].map((kind) => `meta.v1.${kind}`)
}

function writerFor(version: OpenApiVersion, { served, lookup, descriptions }: DocumentSource, form: OpenApiForm): SchemaWriter {
  const kinds = kindsIn(served)
  for (const kind of ANSWERS.v2) kinds.set(`meta.v1.${kind}`, [{ group: '', kind, version: 'v1' }])
  const groupVersions = [...new Map(served.map(({ kind }) => [apiVersionOf(kind), kind])).values()]
  for (const kind of IN_ALL_GROUPS) {
    kinds.set(`meta.v1.${kind}`, groupVersions.map((other) => ({ group: other.group, kind, version: other.version })))
  }
  const published = new Map(served.flatMap(({ kind, form: own }) => (own === undefined ? [] : [[kind.schema, own.published] as const])))
  return new SchemaWriter(version, {
    lookup, descriptions, kindsOf: (name) => kinds.get(name) ?? [], published: (name) => published.get(name),
  }, form)
}

/** The schemas of the kinds, of their lists and of what their subresources take, each with the kind that it is of. */
function kindsIn(definitions: readonly ResourceDefinition[]): Map<string, readonly GroupVersionKind[]> {
  const kinds = new Map<string, readonly GroupVersionKind[]>()
  for (const definition of definitions) {
    const { group, version, kind, schema } = definition.kind
    kinds.set(schema, [{ group, kind, version }])
    if (definition.verbs.includes('list')) kinds.set(`${schema}List`, [{ group, kind: listKindOf(definition.kind), version }])
    for (const { kind: body } of subresourcesOf(definition)) {
      const name = schemaNameOf(body)
      const isOwn = body.kind === kind && body.group === group
      if (!isOwn && !kinds.has(name)) kinds.set(name, [{ group: body.group, kind: body.kind, version: body.version }])
    }
  }
  return kinds
}
