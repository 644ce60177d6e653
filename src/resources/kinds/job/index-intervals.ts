/** Lists of indexes as Jobs write them: 1,3-5,7 in rising order. A problem is given back as its text. */
export type Interval = readonly [first: number, last: number]

const INTEGER = /^[-+]?\d{1,18}$/

function parseInterval(text: string, completions: number): Interval | string {
  const limits = text.split('-')
  if (limits.length > 2) {
    const rule = "an index interval can have at most two parts separated by '-'"
    return `the fragment ${JSON.stringify(text)} violates the requirement that ${rule}`
  }
  const [first, last] = [indexOf(limits[0] ?? '', completions), indexOf(limits[1] ?? limits[0] ?? '', completions)]
  if (typeof first === 'string') return first
  if (typeof last === 'string') return last
  if (limits.length === 2 && first >= last) return orderMessage(first, last)
  return [first, last]
}

function indexOf(text: string, completions: number): number | string {
  if (!INTEGER.test(text)) return `cannot convert string to integer for index: ${JSON.stringify(text)}`
  return Number(text) >= completions ? `too large index: ${JSON.stringify(text)}` : Number(text)
}

function orderMessage(previous: number, current: number): string {
  return `non-increasing order, previous: ${previous}, current: ${current}`
}

/** How many indexes the list has, or what is wrong with it. */
export function countIndexes(text: string, completions: number): number | string {
  let total = 0
  let previous: number | undefined
  for (const part of text === '' ? [] : text.split(',')) {
    const interval = parseInterval(part, completions)
    if (typeof interval === 'string') return interval
    const [first, last] = interval
    if (previous !== undefined && previous >= first) return orderMessage(previous, first)
    total += last - first + 1
    previous = last
  }
  return total
}

/** The first index that is in both lists; parts that cannot be read are passed over. */
export function firstCommonIndex(a: string, b: string, completions: number): number | undefined {
  const [left, right] = [intervalsOf(a, completions), intervalsOf(b, completions)]
  for (let i = 0, j = 0; i < left.length && j < right.length;) {
    const [x, y] = [left[i] ?? [0, 0], right[j] ?? [0, 0]]
    if (x[0] <= y[1] && y[0] <= x[1]) return Math.max(x[0], y[0])
    if (x[0] <= y[0]) i++
    else j++
  }
  return undefined
}

function intervalsOf(text: string, completions: number): Interval[] {
  return text.split(',').map((part) => parseInterval(part, completions)).filter((interval) => typeof interval !== 'string')
}
