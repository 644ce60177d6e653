import { isObject, sameJson, type JsonObject, type Integer } from '../json.ts'
import { jsonText, parseJson } from '../json-text.ts'
import type { ListSchema } from '../schema.ts'
import type { FieldSet } from './field-set.ts'

/**
 * How an item of a list is named: k:{"name":"web"} in a list of maps, v:"x" in a set.
 * Undefined where the item has not the keys that the list goes by: it cannot be named then.
 */
export function itemElement(schema: ListSchema, item: unknown): string | undefined {
  if (schema.list === 'set') return isObject(item) || Array.isArray(item) ? undefined : `v:${jsonText(item)}`
  if (!isObject(item)) return undefined
  const [only] = schema.keys
  if (schema.keys.length === 1 && only !== undefined) {
    const value = item[only]
    return isScalar(value) ? `k:{"${only}":${quoted(value)}}` : undefined
  }
  const parts: string[] = []
  for (const key of schema.keys.toSorted()) {
    const value = item[key] ?? keyDefault(key)
    if (!isScalar(value)) return undefined
    parts.push(`"${key}":${quoted(value)}`)
  }
  return `k:{${parts.join(',')}}`
}

/** JSON, without its cost for the texts that need no escapes. */
function quoted(value: string | Integer | boolean): string {
  return typeof value === 'string' && /^[\w./:-]*$/.test(value) ? `"${value}"` : jsonText(value)
}

function isScalar(value: unknown): value is string | Integer | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
}

/** Ports of containers and services go by port and protocol, and the API declares TCP as the default of that key. */
export function keyDefault(key: string): string | undefined {
  return key === 'protocol' ? 'TCP' : undefined
}

export function missingKey(schema: ListSchema, item: unknown): string | undefined {
  if (!isObject(item)) return schema.keys[0]
  return schema.keys.find((key) => !isScalar(item[key] ?? keyDefault(key)))
}

/** As conflicts show it: f:spec f:containers k:{"name":"web"} -> .spec.containers[name="web"] */
export function formatFieldPath(elements: readonly string[]): string {
  return elements.map(formatElement).join('')
}

function formatElement(element: string): string {
  const body = element.slice(2)
  if (element.startsWith('f:')) return `.${body}`
  if (element.startsWith('i:')) return `[${body}]`
  if (element.startsWith('v:')) return `[=${body}]`
  const keys = valueOf(body)
  if (!isObject(keys)) return `[${body}]`
  return `[${Object.keys(keys).sort().map((key) => `${key}=${jsonText(keys[key])}`).join(',')}]`
}

/**
 * A field set that a client sent, with its keys in the one order that itemElement writes; undefined when it is none.
 * What is equal to an already known set comes back as that set.
 */
export function decodeFieldSet(given: unknown): FieldSet | undefined {
  if (!isObject(given)) return undefined
  const set: { [element: string]: FieldSet } = {}
  for (const key in given) {
    const element = decodeElement(key)
    const inner = decodeFieldSet(given[key])
    if (element === undefined || inner === undefined) return undefined
    set[element] = inner
  }
  return sameJson(set, given) ? (given as FieldSet) : set
}

function decodeElement(element: string): string | undefined {
  if (element === '.' || element.startsWith('f:')) return element
  const body = element.slice(2)
  if (element.startsWith('i:')) return /^\d{1,9}$/.test(body) ? element : undefined
  const value = valueOf(body)
  if (element.startsWith('v:')) return isScalar(value) ? `v:${jsonText(value)}` : undefined
  if (!element.startsWith('k:') || !isObject(value)) return undefined
  return `k:${jsonText(sorted(value))}`
}

function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function valueOf(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
