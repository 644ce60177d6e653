import { isObject, sameJson } from '../../objects/json.ts'

/** x-kubernetes-list-type: how lists of a field are compared and joined. Undefined is atomic: by position. */
export type ListSemantics =
  | { readonly kind: 'set' }
  | { readonly kind: 'map'; readonly keys: readonly string[] }

function sameKey(semantics: ListSemantics, a: unknown, b: unknown): boolean {
  if (semantics.kind === 'set' || !isObject(a) || !isObject(b)) return sameJson(a, b)
  return semantics.keys.every((key) => sameJson(a[key], b[key]))
}

/** Elements of the right side take the places of those with their key, or come after all. */
export function mergeItems(semantics: ListSemantics, left: readonly unknown[], right: readonly unknown[]): unknown[] {
  const merged = [...left]
  for (const item of right) {
    const at = merged.findIndex((other) => sameKey(semantics, other, item))
    if (at === -1) merged.push(item)
    else merged[at] = item
  }
  return merged
}
