/** Quotes as Go's %q does. */
export function quoteText(text: string): string {
  return `"${[...text].map((character) => (isPrintable(character) ? character : escaped(character.codePointAt(0) ?? 0))).join('')}"`
}

export function quoteBytes(bytes: Uint8Array): string {
  let text = ''
  for (let index = 0; index < bytes.length;) {
    const { character, length } = characterAt(bytes, index)
    const isWhole = character !== undefined && isPrintable(character)
    text += isWhole ? character : escaped(bytes[index] ?? 0, 'byte')
    index += isWhole ? length : 1
  }
  return `b"${text}"`
}

function characterAt(bytes: Uint8Array, index: number): { character: string | undefined; length: number } {
  const first = bytes[index] ?? 0
  const length = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (length === 0) return { character: undefined, length: 1 }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.slice(index, index + length))
    return { character: [...text].length === 1 ? text : undefined, length }
  } catch {
    return { character: undefined, length: 1 }
  }
}

function isPrintable(character: string): boolean {
  return character !== '\\' && character !== '"' && /^[\p{L}\p{M}\p{N}\p{S}\p{P} ]$/u.test(character)
}

const SHORT: ReadonlyMap<number, string> = new Map([
  [7, '\\a'], [8, '\\b'], [9, '\\t'], [10, '\\n'], [11, '\\v'], [12, '\\f'], [13, '\\r'], [34, '\\"'], [92, '\\\\'],
])

function escaped(code: number, unit: 'byte' | 'code point' = 'code point'): string {
  const short = SHORT.get(code)
  if (short !== undefined) return short
  if (code < 0x80 || unit === 'byte') return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}
