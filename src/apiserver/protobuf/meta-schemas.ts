import type { Field, ObjectSchema, Schema, SchemaLookup } from '../../objects/schema.ts'

/** Messages that OpenAPI does not define: kinds of apimachinery, and what a JSON schema shows in one of two forms (see json-schema-forms.ts). */
export function withMetaSchemas(schemas: SchemaLookup): SchemaLookup {
  const partial = (): ObjectSchema => message('meta.v1.PartialObjectMetadata', { metadata: field(1, known('meta.v1.ObjectMeta')) })
  const partials = (name: string, numbers: { metadata: number; items: number }): ObjectSchema => message(name, {
    metadata: field(numbers.metadata, known('meta.v1.ListMeta')),
    items: field(numbers.items, { type: 'list', items: partial(), list: 'atomic', keys: [] }),
  })
  const own: Readonly<Record<string, () => ObjectSchema>> = {
    'meta.v1.PartialObjectMetadata': partial,
    'meta.v1.PartialObjectMetadataList': () => partials('meta.v1.PartialObjectMetadataList', { metadata: 1, items: 2 }),
    'meta.v1beta1.PartialObjectMetadataList': () => partials('meta.v1beta1.PartialObjectMetadataList', { metadata: 2, items: 1 }),
    'apiextensions.v1.JSONSchemaPropsOrArray': () => message('apiextensions.v1.JSONSchemaPropsOrArray', {
      schema: field(1, jsonSchema()), jSONSchemas: field(2, { type: 'list', items: jsonSchema(), list: 'atomic', keys: [] }),
    }),
    'apiextensions.v1.JSONSchemaPropsOrBool': () => message('apiextensions.v1.JSONSchemaPropsOrBool', {
      allows: field(1, { type: 'boolean' }), schema: field(2, jsonSchema()),
    }),
    'apiextensions.v1.JSONSchemaPropsOrStringArray': () => message('apiextensions.v1.JSONSchemaPropsOrStringArray', {
      schema: field(1, jsonSchema()), property: field(2, { type: 'list', items: { type: 'string' }, list: 'atomic', keys: [] }),
    }),
  }
  const jsonSchema = (): Schema => known('apiextensions.v1.JSONSchemaProps')
  const known = (name: string): Schema => schemas(name) ?? { type: 'any' }
  return (name) => schemas(name) ?? own[name]?.()
}

function message(name: string, fields: Readonly<Record<string, Field>>): ObjectSchema {
  return { type: 'object', name, atomic: false, fields: new Map(Object.entries(fields)) }
}

function field(number: number, schema: Schema): Field {
  return { schema, required: false, merge: false, mergeKey: undefined, retainKeys: false, omitsEmpty: false, number }
}
