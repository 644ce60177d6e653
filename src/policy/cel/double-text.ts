/** A double as Go's %g with the fewest digits writes it: 1e+06, 0.0001, NaN, +Inf. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < 21) return plainDigits(value)
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** Without an exponent, which JavaScript writes from 1e21 and below 1e-6. */
export function plainDigits(value: number): string {
  const text = String(value)
  if (!text.includes('e')) return text
  const [mantissa = '', exponentText = '0'] = text.replace('-', (sign, offset: number) => (offset === 0 ? '' : sign)).split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const exponent = Number(exponentText)
  const sign = value < 0 ? '-' : ''
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${whole}${fraction}`
  return `${sign}${whole}${fraction.padEnd(exponent, '0')}`
}

const DOUBLE = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf|infinity|nan)$/i

/** As Go's ParseFloat: also Inf and NaN; undefined for what is no number or too large. */
export function parseDouble(text: string): number | undefined {
  if (!DOUBLE.test(text)) return undefined
  const bare = text.replace(/^[+-]/, '').toLowerCase()
  const sign = text.startsWith('-') ? -1 : 1
  if (bare === 'nan') return Number.NaN
  if (bare.startsWith('inf')) return sign * Number.POSITIVE_INFINITY
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}
