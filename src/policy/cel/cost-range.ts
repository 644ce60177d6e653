/** A cost or a size that is not known exactly. Nothing gets beyond 2^64: what is unknown is that large. */
export interface Range {
  readonly min: number
  readonly max: number
}

export const UNKNOWN_MAX = 2 ** 64

export const unknownSize: Range = { min: 0, max: UNKNOWN_MAX }

function capped(value: number): number {
  return value < UNKNOWN_MAX ? value : UNKNOWN_MAX
}

export function exactly(value: number): Range {
  return { min: value, max: value }
}

export function sum(...ranges: readonly Range[]): Range {
  return ranges.reduce((a, b) => ({ min: capped(a.min + b.min), max: capped(a.max + b.max) }), exactly(0))
}

export function times(a: Range, b: Range): Range {
  return { min: capped(a.min * b.min), max: capped(a.max * b.max) }
}

/** Rounded up. */
export function scaled(range: Range, factor: number): Range {
  return { min: capped(Math.ceil(range.min * factor)), max: capped(Math.ceil(range.max * factor)) }
}

/** The smallest range that has both in it. */
export function either(a: Range, b: Range): Range {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) }
}
