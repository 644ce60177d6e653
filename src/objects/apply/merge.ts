import { isObject, sameJson, type JsonObject } from '../json.ts'
import type { ListSchema, Schema } from '../schema.ts'
import { indexItems, isDescended, schemaOf } from './ownership.ts'
import { itemElement } from './path-element.ts'

/** The configuration laid over the live value. What it does not change is shared with the live value, down to that itself. */
export function mergeApplied(schema: Schema, live: unknown, config: unknown): unknown {
  if (config === undefined || live === config) return live
  if (live === undefined) return config
  if (!isDescended(schema, config) || !isDescended(schema, live)) return sameJson(live, config) ? live : config
  if (schema.type === 'list') return Array.isArray(live) && Array.isArray(config) ? mergeLists(schema, live, config) : config
  return isObject(live) && isObject(config) ? mergeMembers(schema, live, config) : config
}

function mergeMembers(schema: Schema, live: JsonObject, config: JsonObject): JsonObject {
  let merged: JsonObject | undefined
  for (const key in config) {
    const value = mergeApplied(schemaOf(schema, key), live[key], config[key])
    if (value !== live[key]) (merged ??= { ...live })[key] = value
  }
  return merged ?? live
}

/**
 * The elements of the configuration come in its order; those that only the live list has stay after the elements that they follow now:
 *   live [a, x, b, y], config [b, c] -> [a, x, b, y, c]
 */
function mergeLists(schema: ListSchema, live: readonly unknown[], config: readonly unknown[]): readonly unknown[] {
  const elements = live.map((item) => itemElement(schema, item))
  const places = new Map(elements.map((element, index) => [element, index]))
  const wanted = new Set(config.map((item) => itemElement(schema, item)))
  const liveItems = indexItems(schema, live)
  const merged: unknown[] = []
  let next = 0
  for (const item of config) {
    const element = itemElement(schema, item)
    const place = places.get(element) ?? -1
    for (; next < live.length; next++) {
      const current = elements[next]
      if (!wanted.has(current)) merged.push(live[next])
      else if (place < next || current === element) break
    }
    if (place === next) next++
    merged.push(mergeApplied(schema.items, element === undefined ? undefined : liveItems.get(element), item))
  }
  for (; next < live.length; next++) if (!wanted.has(elements[next])) merged.push(live[next])
  return merged.length === live.length && merged.every((item, index) => item === live[index]) ? live : merged
}
