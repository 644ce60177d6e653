const UNITS_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, 'µs': 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const PART = /^(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/

/** Milliseconds in Go's notation: 1m30s is 90000, 0 is 0. Undefined where it is none. */
export function parseGoDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1
  let rest = text.replace(/^[-+]/, '')
  if (rest === '0') return 0
  if (rest === '') return undefined
  let total = 0
  while (rest !== '') {
    const part = PART.exec(rest)
    if (part === null) return undefined
    total += Number(part[1]) * (UNITS_MS[part[2] ?? ''] ?? 0)
    rest = rest.slice(part[0].length)
  }
  return sign * total
}
