import { isObject, type JsonObject } from '../../objects/json.ts'
import type { Field, ObjectSchema, ScalarType, Schema, SchemaLookup } from '../../objects/schema.ts'
import { customSchema, isCustom } from './custom-schema.ts'
import { fieldText } from './descriptions.ts'
import type { Descriptions } from './descriptions.ts'
import type { OpenApiForm } from './openapi-form.ts'
import { definitionName, referenceTo, scalarNames } from './openapi-names.ts'
import type { OpenApiVersion } from './openapi-names.ts'
import { enums } from './schema-enums.ts'
import { defaults, granularFields, opaqueDefinitions, opaqueFields, presentObjects, replacedFields, unions } from './schema-facts.ts'

/** JSON Schema as OpenAPI 2.0 and 3.0 write it; the two differ in how a reference may carry more than itself. */
export type OpenApiSchema = { [key: string]: unknown }

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** What definitions are made from. */
export interface SchemaSource {
  readonly lookup: SchemaLookup
  readonly descriptions: Descriptions
  /** The kinds that a definition is the schema of. */
  kindsOf(schemaName: string): readonly GroupVersionKind[]
  /** The schema of a custom resource, as its author wrote it. */
  published(schemaName: string): JsonObject | undefined
}

export interface WrittenDefinition {
  readonly schemaName: string
  /** io.k8s.api.core.v1.Pod */
  readonly name: string
  readonly bytes: Uint8Array
  /** Names of the schemas that it refers to. */
  readonly references: readonly string[]
}

const PLAIN: Partial<Record<ScalarType, OpenApiSchema>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
}

/** The definitions of scalars that have one. A quantity may come as a number, and 2.0 has no way to say so. */
function scalarDefinition(version: OpenApiVersion, name: string): OpenApiSchema | undefined {
  switch (name) {
    case scalarNames.quantity: return version === 'v2' ? { type: 'string' } : { oneOf: [{ type: 'string' }, { type: 'number' }] }
    case scalarNames['int-or-string']: {
      const either = version === 'v2' ? { type: 'string' } : { oneOf: [{ type: 'integer' }, { type: 'string' }] }
      return { format: 'int-or-string', ...either }
    }
    case scalarNames.time: case scalarNames['micro-time']: return { type: 'string', format: 'date-time' }
    default: return undefined
  }
}

/** Writes definitions, each once: the documents of many groups have the same in common. */
export class SchemaWriter {
  readonly #version: OpenApiVersion
  readonly #source: SchemaSource
  readonly #form: Pick<OpenApiForm, 'definition'>
  readonly #written = new Map<string, WrittenDefinition | undefined>()
  #references = new Set<string>()

  constructor(version: OpenApiVersion, source: SchemaSource, form: Pick<OpenApiForm, 'definition'>) {
    this.#version = version
    this.#source = source
    this.#form = form
  }

  /** The roots and all that they refer to, in the order of their names. */
  definitions(roots: Iterable<string>): readonly Uint8Array[] {
    return this.written(roots).map(({ bytes }) => bytes)
  }

  /** Not yet as bytes. */
  schema(schemaName: string): OpenApiSchema | undefined {
    return this.#named(schemaName)
  }

  written(roots: Iterable<string>): readonly WrittenDefinition[] {
    const found = new Map<string, WrittenDefinition>()
    const waiting = [...roots]
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const written = found.has(name) ? undefined : this.#once(name)
      if (written === undefined) continue
      found.set(name, written)
      waiting.push(...written.references)
    }
    return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #once(name: string): WrittenDefinition | undefined {
    if (this.#written.has(name)) return this.#written.get(name)
    this.#references = new Set()
    const schema = this.#named(name)
    const fullName = definitionName(name)
    const written = schema === undefined
      ? undefined
      : { schemaName: name, name: fullName, bytes: this.#form.definition(fullName, schema), references: [...this.#references] }
    this.#written.set(name, written)
    return written
  }

  #named(name: string): OpenApiSchema | undefined {
    const own = described(this.#source.descriptions(name)?.[''])
    const fixed = opaqueDefinitions[name] ?? scalarDefinition(this.#version, name)
    if (fixed !== undefined) return { ...own, ...fixed }
    if (isCustom(name)) return this.#custom(name)
    const schema = this.#source.lookup(name)
    return schema === undefined ? undefined : { ...own, ...this.#definition(schema, this.#source.kindsOf(name)) }
  }

  /** The fields that all kinds have are described alike, whatever the author wrote. */
  #custom(name: string): OpenApiSchema | undefined {
    const kinds = { 'x-kubernetes-group-version-kind': this.#source.kindsOf(name) }
    const common = (field: string): OpenApiSchema => described(fieldText(this.#source.descriptions, name, field, true))
    const typeFields = { apiVersion: { ...common('apiVersion'), type: 'string' }, kind: { ...common('kind'), type: 'string' } }
    const own = this.#source.published(name)
    if (own !== undefined) {
      const schema = customSchema(this.#version, own)
      const metadata = { ...common('metadata'), ...this.#alone(this.#reference('meta.v1.ObjectMeta')) }
      const properties = { ...(isObject(schema['properties']) ? schema['properties'] : {}), ...typeFields, metadata }
      return { ...schema, type: 'object', properties, ...kinds }
    }
    const item = name.replace(/List$/, '')
    if (this.#source.published(item) === undefined) return undefined
    const metadata = { ...common('metadata'), ...this.#alone(this.#reference('meta.v1.ListMeta')) }
    const items = { type: 'array', items: this.#reference(item) }
    return { type: 'object', required: ['items'], properties: { ...typeFields, items, metadata }, ...kinds }
  }

  /** A reference that something stands beside. */
  #alone(reference: OpenApiSchema): OpenApiSchema {
    return this.#version === 'v3' ? { allOf: [reference] } : reference
  }

  #definition(schema: ObjectSchema, kinds: readonly GroupVersionKind[]): OpenApiSchema {
    const properties: Record<string, OpenApiSchema> = {}
    const required: string[] = []
    for (const [name, field] of schema.fields) {
      const text = fieldText(this.#source.descriptions, schema.name, name, kinds.length > 0)
      properties[name] = this.#field(`${schema.name} ${name}`, field, text)
      if (field.required) required.push(name)
    }
    const union = unions[schema.name]
    return {
      type: 'object',
      ...(required.length === 0 ? {} : { required }),
      ...(schema.fields.size === 0 ? {} : { properties }),
      ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      ...(kinds.length === 0 ? {} : { 'x-kubernetes-group-version-kind': kinds }),
      ...(union === undefined ? {} : {
        'x-kubernetes-unions': [{ discriminator: union.discriminator, 'fields-to-discriminateBy': union.fields }],
      }),
    }
  }

  /** place is DEFINITION FIELD. */
  #field(place: string, field: Field, text: string | undefined): OpenApiSchema {
    const schema = this.#schema(field.schema, opaqueFields[place])
    const isListOfKind = place.endsWith('List items')
    const extensions = {
      ...(isListOfKind ? {} : listExtensions(field.schema)), ...patchExtensions(field),
      ...(replacedFields.has(place) ? { 'x-kubernetes-patch-strategy': 'replace' } : {}),
      ...(granularFields.has(place) ? { 'x-kubernetes-map-type': 'granular' } : {}),
    }
    const all = { ...described(text), ...this.#default(place, field), ...this.#enum(place), ...extensions }
    // OpenAPI 3.0 ignores what stands beside a $ref.
    if (this.#version === 'v3' && '$ref' in schema && Object.keys(all).length > 0) return { ...all, allOf: [schema] }
    return { ...all, ...schema }
  }

  /** OpenAPI 2.0 has none, as upstream. A required scalar has its zero, and so have the parts that every kind has. */
  #default(place: string, { schema, required }: Field): OpenApiSchema {
    if (this.#version === 'v2') return {}
    const stated = defaults[place]
    if (stated !== undefined) return { default: stated }
    if (schema.type !== 'object') return required ? zero(schema) : {}
    if (presentObjects.has(place)) return zero(schema)
    const [definition = '', name = ''] = place.split(' ')
    const isOfAllKinds = name === 'metadata' || name === 'spec' || name === 'status'
    return isOfAllKinds && this.#source.kindsOf(definition).length > 0 ? zero(schema) : {}
  }

  /** kubectl explain lists them. They are in no document of 2.0. */
  #enum(place: string): OpenApiSchema {
    const values = enums.get(place)
    return this.#version === 'v2' || values === undefined ? {} : { enum: values }
  }

  /** opaque is the definition of what the field, or each of its values, holds where that may be anything. */
  #schema(schema: Schema, opaque?: string): OpenApiSchema {
    switch (schema.type) {
      case 'any': return opaque === undefined ? {} : this.#reference(opaque)
      case 'map': {
        const atomic = schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}
        return { type: 'object', additionalProperties: this.#member(schema.values, opaque), ...atomic }
      }
      case 'list': return { type: 'array', items: this.#member(schema.items, opaque) }
      case 'object': return this.#reference(schema.name)
      default: return PLAIN[schema.type] ?? this.#reference(scalarNames[schema.type as keyof typeof scalarNames])
    }
  }

  #member(schema: Schema, opaque: string | undefined): OpenApiSchema {
    const written = this.#schema(schema, opaque)
    if (this.#version === 'v2' || Object.keys(zero(schema)).length === 0) return written
    return '$ref' in written ? { ...zero(schema), allOf: [written] } : { ...zero(schema), ...written }
  }

  #reference(name: string): OpenApiSchema {
    this.#references.add(name)
    return { $ref: referenceTo(this.#version, definitionName(name)) }
  }
}

function described(text: string | undefined): OpenApiSchema {
  return text === undefined ? {} : { description: text }
}

/** The value that a member has which is there and says nothing. */
function zero(schema: Schema): OpenApiSchema {
  switch (schema.type) {
    case 'string': return { default: '' }
    case 'boolean': return { default: false }
    case 'int32': case 'int64': case 'double': return { default: 0 }
    case 'object': return { default: {} }
    default: return {}
  }
}

function listExtensions(schema: Schema): OpenApiSchema {
  if (schema.type !== 'list') return {}
  if (schema.list === 'map') return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': schema.keys }
  return { 'x-kubernetes-list-type': schema.list }
}

function patchExtensions({ merge, mergeKey, retainKeys }: Field): OpenApiSchema {
  const strategy = [...(merge ? ['merge'] : []), ...(retainKeys ? ['retainKeys'] : [])].join(',')
  return {
    ...(mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': mergeKey }),
    ...(strategy === '' ? {} : { 'x-kubernetes-patch-strategy': strategy }),
  }
}
