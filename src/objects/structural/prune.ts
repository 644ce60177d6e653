import { childPath, indexPath } from '../field-path.ts'
import { isObject, type JsonObject } from '../json.ts'
import type { Structural } from './structural-schema.ts'

const MAX_UNKNOWN = 100
const OWN_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata'])

interface Pruning {
  readonly path: (string | number)[]
  readonly unknownFields: string[]
}

/**
 * Drops, in place, what the schema of a whole object does not name, and tells the paths, at most 100 of them. A region that preserves
 * unknown fields keeps them all; what the schema names within is pruned all the same. apiVersion, kind and metadata are not looked at.
 */
export function pruneUnknown(schema: Structural, object: JsonObject): readonly string[] {
  const pruning: Pruning = { path: [], unknownFields: [] }
  pruneObject(pruning, schema, object, true)
  return pruning.unknownFields
}

function pruneValue(pruning: Pruning, schema: Structural, value: unknown): void {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === undefined) return
    for (const [index, item] of value.entries()) within(pruning, index, () => pruneValue(pruning, items, item))
  } else if (isObject(value)) pruneObject(pruning, schema, value, schema.isEmbedded)
}

function pruneObject(pruning: Pruning, schema: Structural, object: JsonObject, isWhole: boolean): void {
  for (const key of Object.keys(object)) {
    if (isWhole && OWN_FIELDS.has(key)) continue
    const known = schema.properties.get(key) ?? schema.additional
    if (known !== undefined) within(pruning, key, () => pruneValue(pruning, known, object[key]))
    else if (!schema.preservesUnknown) {
      delete object[key]
      within(pruning, key, () => note(pruning))
    }
  }
}

function within(pruning: Pruning, step: string | number, visit: () => void): void {
  pruning.path.push(step)
  visit()
  pruning.path.pop()
}

function note({ path, unknownFields }: Pruning): void {
  if (unknownFields.length < MAX_UNKNOWN) unknownFields.push(path.reduce<string>(stepPath, ''))
}

function stepPath(path: string, step: string | number): string {
  return typeof step === 'number' ? indexPath(path, step) : childPath(path, step)
}
