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
 * The elements of the configuration come in its order; those that only the live list has keep their place among them:
 *   live [a, x, b], config [b, c] -> [a, x, b, c]
 */
function mergeLists(schema: ListSchema, live: readonly unknown[], config: readonly unknown[]): readonly unknown[] {
  const liveItems = indexItems(schema, live)
  const wanted = new Set(config.map((item) => itemElement(schema, item)))
  const merged: unknown[] = []
  let next = 0
  const takeLiveOnly = (until: string | undefined): void => {
    for (; next < live.length; next++) {
      const element = itemElement(schema, live[next])
      if (element !== undefined && element === until) {
        next++
        return
      }
      if (!wanted.has(element)) merged.push(live[next])
    }
  }
  const firstPlace = new Map(live.map((item, index) => [itemElement(schema, item), index]))
  for (const item of config) {
    const element = itemElement(schema, item)
    const place = firstPlace.get(element)
    // An element that stands further on in the live list brings along those that only the live list has and that stand before it.
    if (place !== undefined && place >= next) takeLiveOnly(element)
    merged.push(mergeApplied(schema.items, element === undefined ? undefined : liveItems.get(element), item))
  }
  takeLiveOnly(undefined)
  return merged.length === live.length && merged.every((item, index) => item === live[index]) ? live : merged
}
