/**
 * Reads JSON text without building values: finds where it is wrong, too deep or has a key twice.
 * Only used when something is suspicious or when strict validation asks; JSON.parse does the ordinary work.
 */
export interface ScanResult {
  readonly duplicates: readonly string[]
  readonly problem: { readonly what: string; readonly position: number } | undefined
}

const MAX_DUPLICATES = 100

class ScanProblem extends Error {
  override readonly name = 'ScanProblem'
  readonly position: number

  constructor(what: string, position: number) {
    super(what)
    this.position = position
  }
}

interface Scan {
  readonly text: string
  readonly maxDepth: number
  readonly duplicates: string[]
  readonly path: (string | number)[]
  readonly literal: RegExp
  at: number
}

export function scanJson(text: string, maxDepth: number): ScanResult {
  const scan: Scan = { text, maxDepth, duplicates: [], path: [], literal: new RegExp(LITERAL), at: 0 }
  try {
    scanValue(scan)
    skipBlanks(scan)
    if (scan.at < text.length) throw new ScanProblem('unexpected text after the value', scan.at)
    return { duplicates: scan.duplicates, problem: undefined }
  } catch (error) {
    if (error instanceof ScanProblem) return { duplicates: scan.duplicates, problem: { what: error.message, position: error.position } }
    throw error
  }
}

function skipBlanks(scan: Scan): void {
  for (;;) {
    const code = scan.text.charCodeAt(scan.at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
    scan.at++
  }
}

const LITERAL = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y

function scanValue(scan: Scan): void {
  skipBlanks(scan)
  const character = scan.text.charAt(scan.at)
  if (character === '{') return scanObject(scan)
  if (character === '[') return scanArray(scan)
  if (character === '"') return void scanString(scan)
  scan.literal.lastIndex = scan.at
  const match = scan.literal.exec(scan.text)
  if (match === null) {
    throw new ScanProblem(character === '' ? 'unexpected end' : 'unexpected character where a value should begin', scan.at)
  }
  scan.at += match[0].length
}

/** The string without its quotes; escapes are undone only where there are any. */
function scanString(scan: Scan): string {
  const start = scan.at + 1
  let escaped = false
  for (let at = start; ; at++) {
    const code = scan.text.charCodeAt(at)
    if (code === 0x22) {
      scan.at = at + 1
      return escaped ? undoEscapes(scan.text.slice(start - 1, at + 1), start) : scan.text.slice(start, at)
    }
    if (code === 0x5c) {
      escaped = true
      at++
    } else if (Number.isNaN(code)) throw new ScanProblem('a string does not end', start - 1)
    else if (code < 0x20) throw new ScanProblem('a control character stands in a string', at)
  }
}

function undoEscapes(quoted: string, position: number): string {
  try {
    return String(JSON.parse(quoted))
  } catch {
    throw new ScanProblem('a string has a wrong escape', position)
  }
}

function enter(scan: Scan): void {
  if (scan.path.length >= scan.maxDepth) throw new ScanProblem(`more than ${scan.maxDepth} levels`, scan.at)
  scan.at++
  skipBlanks(scan)
}

function scanObject(scan: Scan): void {
  enter(scan)
  const seen = new Set<string>()
  const level = scan.path.length
  if (scan.text[scan.at] === '}') return void scan.at++
  for (;;) {
    skipBlanks(scan)
    if (scan.text[scan.at] !== '"') throw new ScanProblem('unexpected character where a key should begin', scan.at)
    const keyAt = scan.at
    const key = scanString(scan)
    if (key === '__proto__') throw new ScanProblem('the key __proto__ is not supported', keyAt)
    scan.path[level] = key
    if (seen.has(key) && scan.duplicates.length < MAX_DUPLICATES) scan.duplicates.push(pathText(scan.path))
    seen.add(key)
    skipBlanks(scan)
    if (scan.text[scan.at] !== ':') throw new ScanProblem("expected ':' after the key", scan.at)
    scan.at++
    scanValue(scan)
    scan.path.length = level
    if (!scanSeparator(scan, '}')) return
  }
}

function scanArray(scan: Scan): void {
  enter(scan)
  const level = scan.path.length
  if (scan.text[scan.at] === ']') return void scan.at++
  for (let index = 0; ; index++) {
    scan.path[level] = index
    scanValue(scan)
    scan.path.length = level
    if (!scanSeparator(scan, ']')) return
  }
}

/** True after a comma, false after the closing bracket. */
function scanSeparator(scan: Scan, close: '}' | ']'): boolean {
  skipBlanks(scan)
  const character = scan.text[scan.at]
  if (character !== ',' && character !== close) throw new ScanProblem(`expected ',' or '${close}'`, scan.at)
  scan.at++
  return character === ','
}

function pathText(path: readonly (string | number)[]): string {
  let text = ''
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`
  return text
}
