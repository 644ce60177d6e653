import type { Field, ObjectSchema, Schema, SchemaLookup } from '../schema.ts'
import type { Structural } from './structural-schema.ts'

/**
 * The schema of a custom resource in the form that patches and server-side apply read: lists that merge, maps that are owned as a whole.
 * Of an object that the structural schema leaves open, each field is owned as a whole.
 */
export function mergeSchemaOf(name: string, root: Structural, known: SchemaLookup): ObjectSchema {
  const own: [string, Field][] = [
    ['apiVersion', field({ type: 'string' })],
    ['kind', field({ type: 'string' })],
    ['metadata', field(known('meta.v1.ObjectMeta') ?? { type: 'any' })],
  ]
  return { type: 'object', name, atomic: false, fields: new Map([...fieldsOf(name, root), ...own]) }
}

function schemaFor(name: string, part: Structural): Schema {
  if (part.intOrString) return { type: 'int-or-string' }
  switch (part.type) {
    case 'object': return objectFor(name, part)
    case 'array': return listFor(name, part)
    case 'string': return { type: 'string' }
    case 'boolean': return { type: 'boolean' }
    case 'integer': return { type: 'int64' }
    case 'number': return { type: 'double' }
    case undefined: return { type: 'any' }
  }
}

function objectFor(name: string, part: Structural): Schema {
  if (part.properties.size > 0) {
    return { type: 'object', name, atomic: part.isAtomicMap, fields: new Map(fieldsOf(name, part)) }
  }
  if (part.additional !== undefined) return { type: 'map', values: schemaFor(`${name}.*`, part.additional), atomic: part.isAtomicMap }
  return part.preservesUnknown ? { type: 'map', values: { type: 'any' }, atomic: part.isAtomicMap } : { type: 'any' }
}

function fieldsOf(name: string, part: Structural): [string, Field][] {
  return [...part.properties].map(([key, inner]) => [key, field(schemaFor(`${name}.${key}`, inner))])
}

function listFor(name: string, part: Structural): Schema {
  const items: Schema = part.items === undefined ? { type: 'any' } : schemaFor(`${name}[]`, part.items)
  return { type: 'list', items, list: part.list, keys: part.listKeys }
}

function field(schema: Schema): Field {
  return { schema, required: false, merge: false, mergeKey: undefined, retainKeys: false, omitsEmpty: false, number: 0 }
}
