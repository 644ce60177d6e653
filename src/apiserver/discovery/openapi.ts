import { apiVersionOf } from '../../objects/kind.ts'
import type { SchemaLookup } from '../../objects/schema.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import type { Descriptions } from './descriptions.ts'
import { patchSchema, schemaNameOf } from './openapi-names.ts'
import type { OpenApiVersion } from './openapi-names.ts'
import { pathsOf, sharedParameters } from './openapi-paths.ts'
import { SchemaWriter } from './openapi-schema.ts'
import type { GroupVersionKind, OpenApiSchema } from './openapi-schema.ts'
import { subresourcesOf } from './served-groups.ts'

export interface OpenApiV2 {
  readonly swagger: '2.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, Record<string, unknown>>>
  readonly definitions: Readonly<Record<string, OpenApiSchema>>
  readonly parameters: Readonly<Record<string, object>>
  readonly security: readonly object[]
  readonly securityDefinitions: object
}

/** What both documents are made from. */
export interface DocumentSource {
  /** All that is served, also by other documents. */
  readonly served: readonly ResourceDefinition[]
  readonly lookup: SchemaLookup
  readonly descriptions: Descriptions
  readonly gitVersion: string
}

const securitySchemes = {
  BearerToken: { description: 'a token in the Authorization header', in: 'header', name: 'authorization', type: 'apiKey' },
}

/** GET /openapi/v2: everything. */
export function openApiV2(source: DocumentSource): OpenApiV2 {
  const { served } = source
  const definitions = writerFor('v2', source).definitions([...kindsIn(served).keys(), ...answers('v2'), 'version.Info', patchSchema])
  return {
    swagger: '2.0', info: { title: 'Kubernetes', version: source.gitVersion },
    paths: pathsOf('v2', served), definitions: Object.fromEntries(definitions.map(({ name, schema }) => [name, schema])),
    parameters: sharedParameters(), security: [{ BearerToken: [] }], securityDefinitions: securitySchemes,
  }
}

/** Makes documents as GET /openapi/v3/apis/GROUP/VERSION answers them: what the definitions of one group and version need. */
export class OpenApiV3Writer {
  readonly #source: DocumentSource
  readonly #writer: SchemaWriter
  /** Text of definitions: many documents share them. */
  readonly #texts = new Map<OpenApiSchema, string>()

  constructor(source: DocumentSource) {
    this.#source = source
    this.#writer = writerFor('v3', source)
  }

  document(definitions: readonly ResourceDefinition[]): string {
    const written = this.#writer.definitions([...kindsIn(definitions).keys(), ...answers('v3'), patchSchema])
    const schemas = written.map(({ name, schema }) => `${JSON.stringify(name)}:${this.#textOf(schema)}`).join(',')
    const info = { title: 'Kubernetes', version: this.#source.gitVersion }
    const paths = JSON.stringify(pathsOf('v3', definitions))
    return `{"openapi":"3.0.0","info":${JSON.stringify(info)},"paths":${paths},` +
      `"components":{"schemas":{${schemas}},"securitySchemes":${JSON.stringify(securitySchemes)}}}`
  }

  #textOf(schema: OpenApiSchema): string {
    const known = this.#texts.get(schema)
    if (known !== undefined) return known
    const text = JSON.stringify(schema)
    this.#texts.set(schema, text)
    return text
  }
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

function writerFor(version: OpenApiVersion, { served, lookup, descriptions }: DocumentSource): SchemaWriter {
  const kinds = kindsIn(served)
  for (const kind of ANSWERS.v2) kinds.set(`meta.v1.${kind}`, [{ group: '', kind, version: 'v1' }])
  const groupVersions = [...new Map(served.map(({ kind }) => [apiVersionOf(kind), kind])).values()]
  for (const kind of IN_ALL_GROUPS) {
    kinds.set(`meta.v1.${kind}`, groupVersions.map((other) => ({ group: other.group, kind, version: other.version })))
  }
  return new SchemaWriter(version, { lookup, descriptions, kindsOf: (name) => kinds.get(name) ?? [] })
}

/** The schemas of the kinds, of their lists and of what their subresources take, each with the kind that it is of. */
function kindsIn(definitions: readonly ResourceDefinition[]): Map<string, readonly GroupVersionKind[]> {
  const kinds = new Map<string, readonly GroupVersionKind[]>()
  for (const definition of definitions) {
    const { group, version, kind, schema } = definition.kind
    kinds.set(schema, [{ group, kind, version }])
    if (definition.verbs.includes('list')) kinds.set(`${schema}List`, [{ group, kind: `${kind}List`, version }])
    for (const { kind: body } of subresourcesOf(definition)) {
      const name = schemaNameOf(body)
      if (!kinds.has(name)) kinds.set(name, [{ group: body.group, kind: body.kind, version: body.version }])
    }
  }
  return kinds
}
