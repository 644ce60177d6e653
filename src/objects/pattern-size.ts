/** Of characters, in one pattern. */
export const MAX_PATTERN = 10_000
/** Of instructions, in one pattern. Compiling takes some 10 microseconds an instruction; no pattern that somebody wrote by hand gets near it. */
export const MAX_PATTERN_SIZE = 20_000

const ESCAPED = String.raw`\\[pPx]\{[^}]*(?:\}|$)|\\Q[^]*?(?:\\E|$)|\\[^]`
const CLASS = String.raw`\[\^?\]?(?:\\[^]|\[:\^?\w{1,9}:\]|[^\]\\])*(?:\]|\\?$)`
const TOKEN = new RegExp(String.raw`${ESCAPED}|${CLASS}|\{(\d+)(?:,(\d*))?\}|[^]`, 'g')

interface Group {
  /** Of all that stands in the group. */
  size: number
  /** Of what a repetition would repeat. */
  last: number
}

/**
 * About how many instructions a regular expression of RE2 becomes, without compiling it: RE2 spells repetitions out, so that a hundred
 * characters may ask for millions. x{3,9} is nine times x; what stands in brackets, or is escaped, is one.
 */
export function patternSize(source: string): number {
  const outer: Group[] = []
  let group: Group = { size: 0, last: 0 }
  for (const [text, from, to] of source.matchAll(TOKEN)) {
    if (from !== undefined) {
      const times = Math.max(1, Number(from), Number(to ?? 0))
      group.size += group.last * (times - 1)
      group.last *= times
    } else if (text === '(') {
      outer.push(group)
      group = { size: 2, last: 0 }
    } else if (text === ')') {
      const { size } = group
      group = outer.pop() ?? { size: 0, last: 0 }
      group.size += size
      group.last = size
    } else {
      group.last = text.startsWith('\\Q') ? text.length : 1
      group.size += group.last
    }
  }
  return outer.reduce((sum, { size }) => sum + size, group.size)
}
