import { badRequest } from '../words/status-error.ts'
import { isObject, sameItems, type JsonObject } from './json.ts'
import { jsonText } from './json-text.ts'
import { mergeMap, withoutDirectives } from './patch-strategic.ts'
import type { Field, Schema } from './schema.ts'

/** Lists that merge: of maps by the value of their merge key, of primitive values as sets. */
export function mergeList(
  schema: Schema | undefined,
  field: Field,
  name: string,
  before: unknown,
  patch: readonly unknown[],
  order: unknown
): unknown {
  const target: readonly unknown[] = Array.isArray(before) ? before : []
  const merged = field.mergeKey === undefined ? mergePrimitives(target, patch) : mergeByKey(schema, field.mergeKey, name, target, patch)
  const ordered = order === undefined ? merged : setOrder(merged, target, order, field.mergeKey, name)
  if (!Array.isArray(before)) return ordered
  return sameItems(ordered, before) ? before : ordered
}

function mergePrimitives(target: readonly unknown[], patch: readonly unknown[]): readonly unknown[] {
  return [...new Set([...target, ...patch])]
}

export function deletePrimitives(before: unknown, deletions: unknown, name: string): unknown {
  if (!Array.isArray(deletions)) throw badRequest(`$deleteFromPrimitiveList/${name} must be a list`)
  if (!Array.isArray(before)) return before
  const gone = new Set<unknown>(deletions)
  const kept = before.filter((item) => !gone.has(item))
  return kept.length === before.length ? before : kept
}

function mergeByKey(
  schema: Schema | undefined,
  mergeKey: string,
  name: string,
  target: readonly unknown[],
  patch: readonly unknown[]
): readonly unknown[] {
  const items = schema?.type === 'list' ? schema.items : undefined
  const additions: JsonObject[] = []
  const deleted = new Set<string>()
  let replace = false
  for (const item of patch) {
    if (!isObject(item)) throw badRequest(`${name} merges by ${mergeKey}: its elements must be objects`)
    const directive = item['$patch']
    if (directive === 'replace') replace = true
    else if (directive === 'delete') deleted.add(keyOfItem(item, mergeKey, name))
    else if (directive === undefined || directive === 'merge') additions.push(item)
    else throw badRequest(`unknown patch type ${jsonText(directive)} in $patch`)
  }
  if (replace) return additions.map((item) => withoutDirectives(items, item))
  const kept = deleted.size === 0 ? [...target] : target.filter((item) => !deleted.has(looseKey(item, mergeKey)))
  const places = new Map<string, number>()
  for (let index = 0; index < kept.length; index++) {
    const key = looseKey(kept[index], mergeKey)
    if (!places.has(key)) places.set(key, index)
  }
  for (const item of additions) {
    const key = keyOfItem(item, mergeKey, name)
    const place = places.get(key)
    const existing = place === undefined ? undefined : kept[place]
    if (place !== undefined && isObject(existing)) kept[place] = mergeMap(items, existing, item)
    else places.set(key, kept.push(withoutDirectives(items, item)) - 1)
  }
  return kept
}

function keyOfItem(item: JsonObject, mergeKey: string, name: string): string {
  const value = item[mergeKey]
  if (value === undefined || value === null) throw badRequest(`${name}: map does not contain declared merge key: ${mergeKey}`)
  return keyText(value)
}

/** For elements of the target, which may lack the key; primitive elements stand for themselves. */
function looseKey(item: unknown, mergeKey: string | undefined): string {
  return keyText(mergeKey !== undefined && isObject(item) ? item[mergeKey] : item)
}

function keyText(value: unknown): string {
  return typeof value === 'string' ? value : (jsonText(value) ?? '')
}

/**
 * Elements that the order names come in that order. The others keep their place relative to the list as it was:
 *   was [a, x, b], order [b, a] -> [b, a] with x, which stood before b, in front: [x, b, a]
 */
function setOrder(
  merged: readonly unknown[],
  before: readonly unknown[],
  order: unknown,
  mergeKey: string | undefined,
  name: string
): readonly unknown[] {
  if (!Array.isArray(order)) throw badRequest(`$setElementOrder/${name} must be a list`)
  const rank = new Map<string, number>()
  for (const [index, item] of order.entries()) rank.set(looseKey(item, mergeKey), index)
  const liveRank = new Map<string, number>()
  for (const [index, item] of before.entries()) liveRank.set(looseKey(item, mergeKey), index)
  const place = (item: unknown): number => rank.get(looseKey(item, mergeKey)) ?? -1
  const named = merged.filter((item) => place(item) !== -1).sort((a, b) => place(a) - place(b))
  const others = merged.filter((item) => place(item) === -1)
  const result: unknown[] = []
  let other = 0
  for (const item of named) {
    const limit = liveRank.get(looseKey(item, mergeKey))
    while (other < others.length && limit !== undefined && isBefore(liveRank.get(looseKey(others[other], mergeKey)), limit)) {
      result.push(others[other++])
    }
    result.push(item)
  }
  return [...result, ...others.slice(other)]
}

function isBefore(rank: number | undefined, limit: number): boolean {
  return rank !== undefined && rank < limit
}
