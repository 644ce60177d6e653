import type { Field, ObjectSchema, ScalarType, Schema, SchemaLookup } from '../../objects/schema.ts'
import { definitionName, patchName, scalarNames } from './openapi-names.ts'

/** JSON Schema as OpenAPI 2.0 and 3.0 write it; the two differ in how a reference may carry more than itself. */
export type OpenApiVersion = 'v2' | 'v3'
export type OpenApiSchema = { [key: string]: unknown }

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

const PLAIN: Partial<Record<ScalarType, OpenApiSchema>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
}

/** All definitions that the roots refer to, and the roots themselves. */
export function definitionsFor(
  version: OpenApiVersion, roots: Iterable<string>, lookup: SchemaLookup, kindsOf: (schemaName: string) => readonly GroupVersionKind[],
): Record<string, OpenApiSchema> {
  const writer = new SchemaWriter(version)
  const definitions = new Map<string, OpenApiSchema>()
  const waiting = [...roots]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const schema = lookup(name)
    if (schema === undefined || definitions.has(definitionName(name))) continue
    definitions.set(definitionName(name), writer.definition(schema, kindsOf(name)))
    waiting.push(...writer.takeReferences())
  }
  const all = [...definitions, ...scalarDefinitions(version)].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(all)
}

function scalarDefinitions(version: OpenApiVersion): [string, OpenApiSchema][] {
  const either = version === 'v2' ? { type: 'string', format: 'int-or-string' } : { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] }
  const quantity = version === 'v2' ? { type: 'string' } : { oneOf: [{ type: 'string' }, { type: 'number' }] }
  return [
    [scalarNames.quantity, quantity],
    [scalarNames['int-or-string'], either],
    [scalarNames.time, { type: 'string', format: 'date-time' }],
    [scalarNames['micro-time'], { type: 'string', format: 'date-time' }],
    [patchName, { type: 'object' }],
  ]
}

class SchemaWriter {
  readonly #version: OpenApiVersion
  #references = new Set<string>()

  constructor(version: OpenApiVersion) {
    this.#version = version
  }

  takeReferences(): readonly string[] {
    const taken = [...this.#references]
    this.#references = new Set()
    return taken
  }

  definition(schema: ObjectSchema, kinds: readonly GroupVersionKind[]): OpenApiSchema {
    const properties: Record<string, OpenApiSchema> = {}
    const required: string[] = []
    for (const [name, field] of schema.fields) {
      properties[name] = this.#field(field)
      if (field.required) required.push(name)
    }
    return {
      type: 'object',
      ...(required.length === 0 ? {} : { required }),
      ...(schema.fields.size === 0 ? {} : { properties }),
      ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      ...(kinds.length === 0 ? {} : { 'x-kubernetes-group-version-kind': kinds }),
    }
  }

  #field(field: Field): OpenApiSchema {
    const schema = this.#schema(field.schema)
    const extensions = { ...listExtensions(field.schema), ...patchExtensions(field) }
    if (Object.keys(extensions).length === 0) return schema
    // OpenAPI 3.0 ignores what stands beside a $ref.
    if (this.#version === 'v3' && '$ref' in schema) return { allOf: [schema], ...extensions }
    return { ...schema, ...extensions }
  }

  #schema(schema: Schema): OpenApiSchema {
    switch (schema.type) {
      case 'any': return {}
      case 'map': return { type: 'object', additionalProperties: this.#schema(schema.values), ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}) }
      case 'list': return { type: 'array', items: this.#schema(schema.items) }
      case 'object':
        this.#references.add(schema.name)
        return this.#reference(definitionName(schema.name))
      default: return this.#scalar(schema.type)
    }
  }

  #scalar(type: ScalarType): OpenApiSchema {
    const plain = PLAIN[type]
    if (plain !== undefined) return plain
    return this.#reference(scalarNames[type as keyof typeof scalarNames])
  }

  #reference(name: string): OpenApiSchema {
    return { $ref: `${this.#version === 'v2' ? '#/definitions/' : '#/components/schemas/'}${name}` }
  }
}

function listExtensions(schema: Schema): OpenApiSchema {
  if (schema.type !== 'list' || schema.list === 'atomic') return {}
  if (schema.list === 'set') return { 'x-kubernetes-list-type': 'set' }
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': schema.keys }
}

function patchExtensions({ merge, mergeKey, retainKeys }: Field): OpenApiSchema {
  const strategy = [...(merge ? ['merge'] : []), ...(retainKeys ? ['retainKeys'] : [])].join(',')
  return {
    ...(mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': mergeKey }),
    ...(strategy === '' ? {} : { 'x-kubernetes-patch-strategy': strategy }),
  }
}
