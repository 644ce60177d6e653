export type Json = null | boolean | Integer | string | readonly Json[] | { readonly [key: string]: Json }
/** A whole number of 64 bits: a bigint where a number would not be exact (beyond 2^53), and never elsewhere. */
export type Integer = number | bigint
export type JsonObject = { [key: string]: unknown }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Deep equality of JSON values; the order of keys does not matter, undefined counts as absent. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let index = 0; index < a.length; index++) if (!sameJson(a[index], b[index])) return false
    return true
  }
  if (!isObject(a) || !isObject(b)) return sameNumber(a, b)
  return sameMembers(a, b)
}

/** 1e18 may have come as a double and as an exact integer. */
function sameNumber(a: unknown, b: unknown): boolean {
  if (typeof a === 'bigint') return typeof b === 'number' && Number.isInteger(b) && BigInt(b) === a
  return typeof b === 'bigint' && typeof a === 'number' && sameNumber(b, a)
}

/** A member that is undefined is none. To ask a for each key of b would be shorter, but V8 compiles that again and again. */
function sameMembers(a: JsonObject, b: JsonObject): boolean {
  let more = 0
  for (const key in a) {
    const member = a[key]
    if (!sameJson(member, b[key])) return false
    if (member !== undefined) more++
  }
  for (const key in b) if (b[key] !== undefined) more--
  return more === 0
}

/** Whether the lists hold the very same items. */
export function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}

/** A copy that shares nothing. Only for drafts that will be changed: everything else is shared and never mutated. */
export function copyJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => copyJson(item)) as T
  if (!isObject(value)) return value
  const copy: JsonObject = {}
  for (const key in value) copy[key] = copyJson(value[key])
  return copy as T
}

/**
 * The draft with every subtree that is equal to its counterpart in old replaced by that: later comparisons end at identity.
 * Gives old itself when all is equal. The draft belongs to the caller and is changed in place.
 */
export function shareUnchanged<T>(draft: T, old: unknown): T {
  return share(draft, old) as T
}

function share(draft: unknown, old: unknown): unknown {
  if (draft === old) return old
  if (Array.isArray(draft)) {
    if (!Array.isArray(old)) return draft
    let same = draft.length === old.length
    for (let index = 0; index < draft.length && index < old.length; index++) {
      const shared = share(draft[index], old[index])
      if (shared === old[index]) draft[index] = shared
      else same = false
    }
    return same ? old : draft
  }
  if (!isObject(draft) || !isObject(old)) return sameNumber(draft, old) ? old : draft
  let kept = 0
  let same = true
  for (const key in draft) {
    const before = old[key]
    const shared = share(draft[key], before)
    if (before !== undefined && shared === before) {
      kept++
      if (draft[key] !== before) draft[key] = before
    } else same = false
  }
  if (!same) return draft
  for (const key in old) if (old[key] !== undefined) kept--
  return kept === 0 ? old : draft
}

/** Whether containers nest deeper than that. Never recurses further than the limit. */
export function isDeeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (limit === 0) return true
  for (const inner of Object.values(value)) if (isDeeperThan(inner, limit - 1)) return true
  return false
}

/** In tests: makes any later mutation of a shared object throw. */
export function freezeJson<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const child of Object.values(value)) freezeJson(child)
  }
  return value
}
