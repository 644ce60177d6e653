import type { KeyRange } from './store.ts'

const FIRST_SURROGATE = 0xd800
/** Sorts after every key, as no valid key contains it: keys are well-formed text. */
const AFTER_ALL_KEYS = '\u{10ffff}'

/** All keys that start with the prefix; '' means all keys. */
export function prefixRange(prefix: string): KeyRange {
  return { start: prefix, end: prefix + AFTER_ALL_KEYS }
}

/** The rest of a range after the last entry of a page. */
export function rangeAfter(range: KeyRange, key: string): KeyRange {
  return { start: key + '\u0001', end: range.end }
}

export function inRange(range: KeyRange, key: string): boolean {
  return compareKeys(key, range.start) >= 0 && compareKeys(key, range.end) < 0
}

/**
 * The order of the UTF-8 bytes. JavaScript compares UTF-16 units, which differs only where a surrogate pair (U+10000 and up)
 * meets a unit from U+E000 to U+FFFF: the pair's units are smaller, its code point is greater.
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const unitA = a.charCodeAt(index)
    const unitB = b.charCodeAt(index)
    if (unitA !== unitB) return rank(unitA) - rank(unitB)
  }
  return a.length - b.length
}

function rank(unit: number): number {
  if (unit < FIRST_SURROGATE) return unit
  return unit < 0xe000 ? unit + 0x10000 : unit
}
