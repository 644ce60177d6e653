import { isObject, type JsonObject } from './json.ts'

/**
 * RFC 7386. The target is never changed; what the patch does not touch is shared with it.
 * { a: 1, b: { c: 2 } } patched by { b: { c: null, d: 3 } } is { a: 1, b: { d: 3 } }.
 */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const base: JsonObject = isObject(target) ? target : {}
  const merged: JsonObject = {}
  for (const key in base) {
    if (!Object.hasOwn(patch, key)) merged[key] = base[key]
    else if (patch[key] !== null) merged[key] = applyMergePatch(base[key], patch[key])
  }
  for (const key in patch) {
    if (patch[key] !== null && !Object.hasOwn(base, key)) merged[key] = applyMergePatch(undefined, patch[key])
  }
  return merged
}
