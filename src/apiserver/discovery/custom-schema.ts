import { isObject, type JsonObject } from '../../objects/json.ts'
import type { OpenApiVersion } from './openapi-names.ts'
import type { OpenApiSchema } from './openapi-schema.ts'

/** The schema of a custom resource as its author wrote it, in the words of a version; of 3.0 nothing is lost. */
export function customSchema(version: OpenApiVersion, published: JsonObject): OpenApiSchema {
  return version === 'v3' ? published : simplified(published)
}

/** What 2.0 cannot say, or what makes clients that read it refuse valid objects. */
const NOT_IN_V2: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'default', 'not', 'nullable', 'oneOf', 'x-kubernetes-validations'])

/** An object that keeps unknown fields says nothing of its fields; a value that may be null, nothing of its type. */
function simplified(schema: JsonObject): OpenApiSchema {
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true
  const untyped = open || schema['nullable'] === true || schema['x-kubernetes-int-or-string'] === true
  const hidden = (key: string): boolean =>
    NOT_IN_V2.has(key)
    || (untyped && (key === 'type' || key === 'enum'))
    || (open && (key === 'properties' || key === 'items' || key === 'additionalProperties' || key === 'required'))
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !hidden(key)).map(([key, value]) => [key, part(key, value)]))
}

function part(key: string, value: unknown): unknown {
  if (!isObject(value)) return value
  if (key === 'items' || key === 'additionalProperties') return simplified(value)
  if (key !== 'properties') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, isObject(inner) ? simplified(inner) : inner]))
}

/** com.example.stable.v1.CronTab for custom.stable.example.com.v1.CronTab: the group is turned around, as a package is named. */
export function customDefinitionName(schemaName: string): string {
  const words = schemaName.split('.')
  return [...words.slice(1, -2).reverse(), ...words.slice(-2)].join('.')
}

export function isCustom(schemaName: string): boolean {
  return schemaName.startsWith('custom.')
}
