import { readQuantity } from './quantity.ts'
import type { Schema } from './schema.ts'
import type { Walk } from './schema-walk.ts'

/**
 * The message for a value of the wrong type. Clients show it to people as upstream words it, for instance
 *   Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field
 *   PodSpec.spec.terminationGracePeriodSeconds of type int64
 */
export function typeMismatch(walk: Walk, key: string | number | undefined, schema: Schema, value: unknown): string {
  const { kind, version } = walk.subject
  return `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${detail(walk, key, schema, value)}`
}

function detail(walk: Walk, key: string | number | undefined, schema: Schema, value: unknown): string {
  if (schema.type === 'quantity') {
    const read = readQuantity(String(value))
    return 'error' in read ? read.error : `json: cannot unmarshal ${jsonType(value)} into a quantity`
  }
  if (schema.type === 'time' || schema.type === 'micro-time') {
    if (typeof value !== 'string') return `json: cannot unmarshal ${jsonType(value)} into Go value of type string`
    const shown = JSON.stringify(value.slice(0, 64))
    return `parsing time ${shown} as "2006-01-02T15:04:05Z07:00": cannot parse ${shown}`
  }
  if (schema.type === 'bytes' && typeof value === 'string') {
    const bad = /[^A-Za-z0-9+/\r\n]/.exec(value)
    return `illegal base64 data at input byte ${bad?.index ?? value.length}`
  }
  const found = (typeof value === 'number' || typeof value === 'bigint') && isInteger(schema) ? `number ${value}` : jsonType(value)
  if (schema.type === 'int-or-string') return `json: cannot unmarshal ${found} into Go value of type int32`
  const context = goField(walk, key)
  return `json: cannot unmarshal ${found} into Go ${context === undefined ? 'value' : `struct field ${context}`} of type ${goType(schema)}`
}

function isInteger(schema: Schema): boolean {
  return schema.type === 'int32' || schema.type === 'int64' || schema.type === 'int-or-string'
}

function jsonType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'bigint') return 'number'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function goType(schema: Schema): string {
  switch (schema.type) {
    case 'boolean': return 'bool'
    case 'double': return 'float64'
    case 'bytes': return '[]uint8'
    case 'object': return schema.name.split('.').slice(-2).join('.')
    case 'list': return `[]${goType(schema.items)}`
    case 'map': return `map[string]${goType(schema.values)}`
    default: return schema.type
  }
}

/**
 * The innermost struct and the names of the fields that lead to the value: Container.spec.containers.name. Indexes and map keys do not
 * count.
 */
function goField(walk: Walk, key: string | number | undefined): string | undefined {
  if (key === undefined) return undefined
  let schema: Schema = walk.root
  let struct = ''
  const names: string[] = []
  for (const step of [...walk.path, key]) {
    // Go's decoder of what may be something else starts anew within it.
    if (schema.type === 'any' && schema.objects !== undefined) {
      schema = schema.objects
      names.length = 0
      if (typeof step === 'number') continue
    }
    if (schema.type === 'object') {
      struct = schema.name.split('.').at(-1) ?? ''
      names.push(String(step))
      const field = schema.fields.get(String(step))
      if (field === undefined) break
      schema = field.schema
    } else if (schema.type === 'list') schema = schema.items
    else if (schema.type === 'map') schema = schema.values
  }
  return names.length === 0 ? undefined : `${struct}.${names.join('.')}`
}
