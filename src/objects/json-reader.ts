import type { Integer, JsonObject } from './json.ts'

/**
 * Builds the value of a JSON text number by number, for texts in which JSON.parse would round some: its reviver could tell, but takes
 * seconds for a body of 3 MiB. The text must be valid, as JSON.parse finds it: nothing is checked here. Nesting is followed by recursion.
 */
interface Cursor {
  readonly text: string
  readonly numberOf: (text: string) => Integer
  at: number
}

export function readJson(text: string, numberOf: (text: string) => Integer): unknown {
  return readValue({ text, numberOf, at: 0 })
}

const [QUOTE, COMMA, MINUS, OPEN_LIST, BACKSLASH, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x2c, 0x2d, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d]
const [SPACE, ZERO, NINE] = [0x20, 0x30, 0x39]
const TRUE = 0x74
const FALSE = 0x66

/** The character after blanks; the cursor stands on it. */
function next(cursor: Cursor): number {
  let code = cursor.text.charCodeAt(cursor.at)
  while (code <= SPACE) code = cursor.text.charCodeAt(++cursor.at)
  return code
}

function readValue(cursor: Cursor): unknown {
  const code = next(cursor)
  switch (code) {
    case QUOTE: return readText(cursor)
    case OPEN_OBJECT: return readObject(cursor)
    case OPEN_LIST: return readList(cursor)
    default: return code === MINUS || (code >= ZERO && code <= NINE) ? readNumber(cursor) : readWord(cursor, code)
  }
}

function readWord(cursor: Cursor, code: number): boolean | null {
  cursor.at += code === FALSE ? 5 : 4
  return code === TRUE ? true : code === FALSE ? false : null
}

/** Up to what cannot stand in a number: a comma, a bracket, a blank, the end. Letters and signs of exponents are greater or handled alike. */
function readNumber(cursor: Cursor): Integer {
  const start = cursor.at
  let code = cursor.text.charCodeAt(++cursor.at)
  while (code > SPACE && code !== COMMA && code !== CLOSE_LIST && code !== CLOSE_OBJECT) code = cursor.text.charCodeAt(++cursor.at)
  return cursor.numberOf(cursor.text.slice(start, cursor.at))
}

function readText(cursor: Cursor): string {
  const start = cursor.at
  let hasEscapes = false
  for (let code = cursor.text.charCodeAt(++cursor.at); code !== QUOTE; code = cursor.text.charCodeAt(++cursor.at)) {
    if (code === BACKSLASH) {
      hasEscapes = true
      cursor.at++
    }
  }
  cursor.at++
  return hasEscapes ? (JSON.parse(cursor.text.slice(start, cursor.at)) as string) : cursor.text.slice(start + 1, cursor.at - 1)
}

function readList(cursor: Cursor): unknown[] {
  const list: unknown[] = []
  cursor.at++
  if (next(cursor) === CLOSE_LIST) cursor.at++
  else {
    do list.push(readValue(cursor))
    while (goesOn(cursor))
  }
  return list
}

function readObject(cursor: Cursor): JsonObject {
  const object: JsonObject = {}
  cursor.at++
  if (next(cursor) === CLOSE_OBJECT) cursor.at++
  else {
    do {
      next(cursor)
      const key = readText(cursor)
      next(cursor)
      cursor.at++
      const value = readValue(cursor)
      // As JSON.parse has it: a member like any other, not the prototype.
      if (key === '__proto__') Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true })
      else object[key] = value
    } while (goesOn(cursor))
  }
  return object
}

/** True after a comma, false after the closing bracket. */
function goesOn(cursor: Cursor): boolean {
  const code = next(cursor)
  cursor.at++
  return code === COMMA
}
