import { isObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import { formatFieldPath, itemElement, missingKey } from '../../objects/apply/path-element.ts'
import type { ListSchema, ObjectSchema, Schema } from '../../objects/schema.ts'

/**
 * What stands against laying a configuration over an object: fields that the kind has not, values of another
 * type, items without their keys. As upstream's structured merge words it: .spec.replicasx: field not declared in schema
 */
export function typeProblems(schema: ObjectSchema, configuration: object): readonly string[] {
  const problems: string[] = []
  checkValue(problems, schema, configuration, [])
  return problems
}

/** Several problems as one text. */
export function problemsText(problems: readonly string[]): string {
  const [only = ''] = problems
  return problems.length === 1 ? only : `errors:\n${problems.map((problem) => `  ${problem}\n`).join('')}`
}

/** Lists and maps that a configuration would replace as a whole: who names some of their members hardly means to remove the others. */
export function atomicPaths(schema: Schema, value: unknown, path: readonly string[] = []): readonly string[] {
  const found: string[] = []
  if (Array.isArray(value)) {
    if (schema.type === 'any' || (schema.type === 'list' && schema.list === 'atomic')) found.push(formatFieldPath(path))
    if (schema.type !== 'list') return found
    for (const [index, item] of value.entries()) found.push(...atomicPaths(schema.items, item, [...path, `i:${index}`]))
  } else if (isObject(value)) {
    if (schema.type === 'any' || ((schema.type === 'object' || schema.type === 'map') && schema.atomic)) found.push(formatFieldPath(path))
    if (schema.type !== 'object') return found
    for (const key of Object.keys(value)) {
      const field = schema.fields.get(key)
      if (field !== undefined) found.push(...atomicPaths(field.schema, value[key], [...path, `f:${key}`]))
    }
  }
  return found
}

type Path = readonly string[]

function checkValue(problems: string[], schema: Schema, value: unknown, path: Path): void {
  if (value === null || schema.type === 'any') return
  if (schema.type === 'object' || schema.type === 'map') return checkMembers(problems, schema, value, path)
  if (schema.type === 'list') return checkItems(problems, schema, value, path)
  const wanted = wantedScalar(schema.type, value)
  if (wanted !== undefined) problems.push(`${formatFieldPath(path)}: expected ${wanted}, got ${shown(value)}`)
}

function checkMembers(problems: string[], schema: Extract<Schema, { type: 'object' | 'map' }>, value: unknown, path: Path): void {
  if (!isObject(value)) return void problems.push(`${formatFieldPath(path)}: expected map, got ${shown(value)}`)
  for (const key of Object.keys(value)) {
    const inner = schema.type === 'map' ? schema.values : schema.fields.get(key)?.schema
    const below = [...path, `f:${key}`]
    if (inner === undefined) problems.push(`${formatFieldPath(below)}: field not declared in schema`)
    else checkValue(problems, inner, value[key], below)
  }
}

function checkItems(problems: string[], schema: ListSchema, value: unknown, path: Path): void {
  if (!Array.isArray(value)) return void problems.push(`${formatFieldPath(path)}: expected list, got ${shown(value)}`)
  const seen = new Set<string>()
  for (const [index, item] of value.entries()) {
    const element = schema.list === 'atomic' ? `i:${index}` : itemElement(schema, item)
    if (element === undefined) {
      const key = schema.list === 'map' ? missingKey(schema, item) : undefined
      const why = key === undefined
        ? 'associative list without keys has an element that\'s no scalar'
        : `associative list with keys has an element that omits key field ${JSON.stringify(key)} (and doesn't have default value)`
      problems.push(`${formatFieldPath(path)}: element ${index}: ${why}`)
      continue
    }
    if (seen.has(element)) problems.push(`${formatFieldPath(path)}: duplicate entries for key ${formatFieldPath([element])}`)
    seen.add(element)
    checkValue(problems, schema.items, item, [...path, element])
  }
}

/** What should be there; undefined where it is. */
function wantedScalar(type: Exclude<Schema['type'], 'object' | 'map' | 'list' | 'any'>, value: unknown): string | undefined {
  const found = typeof value === 'bigint' ? 'number' : typeof value
  switch (type) {
    case 'boolean': return found === 'boolean' ? undefined : 'boolean'
    case 'int32':
    case 'int64':
    case 'double': return found === 'number' ? undefined : 'numeric (int or float)'
    case 'quantity':
    case 'int-or-string': return found === 'number' || found === 'string' ? undefined : 'any scalar'
    default: return found === 'string' ? undefined : 'string'
  }
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'list'
  return isObject(value) ? 'map' : jsonText(value)
}
