import type { Range } from './cost-range.ts'
import type { SizeHints } from './cost-estimate.ts'
import { escapeField } from './field-escape.ts'
import { MAX_REQUEST_BYTES } from './limits.ts'
import type { OpenApiSchema } from './openapi-schema.ts'

/** Bytes of the shortest JSON a value can have. */
function minimalBytes(schema: OpenApiSchema): number {
  if (schema['x-kubernetes-int-or-string'] === true) return 1
  switch (schema.type) {
    case 'boolean': return 4
    case 'integer':
    case 'number': return 1
    case 'string': return schema.format === 'date-time' ? 21 : schema.format === 'date' ? 12 : schema.format === 'duration' ? 3 : 2
    case 'object': {
      const required = (schema.required ?? []).flatMap((name): [string, OpenApiSchema][] => {
        const property = schema.properties?.[name]
        return property === undefined || property.default !== undefined ? [] : [[name, property]]
      })
      return required.reduce((total, [name, property]) => total + name.length + minimalBytes(property) + 4, 2)
    }
    default: return 2
  }
}

/** How many elements, entries or bytes a value can have at most. */
export function maxElements(schema: OpenApiSchema): number {
  switch (schema.type) {
    case 'array': {
      const itemBytes = schema.items === undefined ? 1 : minimalBytes(schema.items)
      return schema.maxItems ?? Math.floor((MAX_REQUEST_BYTES - 2) / (itemBytes + 1))
    }
    case 'object': {
      if (typeof schema.additionalProperties !== 'object') return 0
      return schema.maxProperties ?? Math.floor((MAX_REQUEST_BYTES - 2) / (minimalBytes(schema.additionalProperties) + 6))
    }
    case 'string': return maxTextBytes(schema)
    // Scalars have no size in estimates of Kubernetes: to compare them is free.
    default: return schema['x-kubernetes-int-or-string'] === true ? maxTextBytes({ ...schema, format: '' }) : 0
  }
}

function maxTextBytes(schema: OpenApiSchema): number {
  // A character may take four bytes; base64 does not.
  if (schema.maxLength !== undefined) return Math.max(0, schema.maxLength) * (schema.format === 'byte' ? 1 : 4)
  if (schema.enum !== undefined) return Math.max(0, ...schema.enum.map((value) => (typeof value === 'string' ? value.length : 0)))
  switch (schema.format) {
    case 'date': return 12
    case 'date-time':
    case 'duration': return 32
    default: return MAX_REQUEST_BYTES - 2
  }
}

function hasSize({ type }: OpenApiSchema): boolean {
  return type === 'string' || type === 'array' || type === 'object'
}

function step(schema: OpenApiSchema, name: string): OpenApiSchema | undefined {
  if (name === '@items') return schema.items
  if (name === '@values') return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
  // Upstream counts keys of maps as empty.
  if (name === '@keys') return typeof schema.additionalProperties === 'object' ? { type: 'string', maxLength: 0 } : undefined
  // map.key: upstream knows no size for it; here only those of scalars are not known, which then count as 1.
  if (typeof schema.additionalProperties === 'object') return hasSize(schema.additionalProperties) ? schema.additionalProperties : undefined
  const property = Object.keys(schema.properties ?? {}).find((candidate) => escapeField(candidate) === name)
  return property === undefined ? undefined : schema.properties?.[property]
}

/** Sizes of variables by their schemas: { self: schema, oldSelf: schema }. */
export function openApiSizes(variables: Readonly<Record<string, OpenApiSchema>>): SizeHints {
  return (path): Range | undefined => {
    const [variable = '', ...names] = path
    let schema: OpenApiSchema | undefined = variables[variable]
    for (const name of names) schema = schema === undefined ? undefined : step(schema, name)
    return schema === undefined ? undefined : { min: 0, max: maxElements(schema) }
  }
}
