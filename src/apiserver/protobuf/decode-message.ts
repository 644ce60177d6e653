import type { JsonObject, Integer } from '../../objects/json.ts'
import { parseJson } from '../../objects/json-text.ts'
import type { Field, Schema } from '../../objects/schema.ts'
import { toBase64 } from '../../words/bytes.ts'
import { formatTime } from '../../words/instant.ts'
import { messageToJson } from './json-schema-forms.ts'
import type { Layout, MessageLayouts } from './message-layout.ts'
import { isScalarNumber } from './message-layout.ts'
import { malformed, packedVarints, wireFields } from './wire-reader.ts'
import type { WireField } from './wire-reader.ts'

const MAX_DEPTH = 64
const strictText = new TextDecoder('utf-8', { fatal: true })

export function decodeMessage(bytes: Uint8Array, layout: Layout, layouts: MessageLayouts, depth = 0): JsonObject {
  if (depth > MAX_DEPTH) throw malformed(`it is nested deeper than ${MAX_DEPTH} messages`)
  const object: JsonObject = {}
  fill(object, bytes, layout, { layouts, depth })
  return object
}

interface Place {
  readonly layouts: MessageLayouts
  readonly depth: number
}

/** Fields of later versions that this one does not know are passed over, as protocol buffers are meant to be read. */
function fill(object: JsonObject, bytes: Uint8Array, layout: Layout, place: Place): void {
  for (const wire of wireFields(bytes)) {
    const entry = layout.get(wire.number)
    if (entry === undefined) continue
    if (entry.type === 'inlined') fill(object, contentOf(wire), entry.layout, place)
    else add(object, entry.name, entry.field, wire, place)
  }
}

// Typed clients write the empty values of fields that nobody has set too.
function add(object: JsonObject, name: string, { schema, omitsEmpty }: Field, wire: WireField, place: Place): void {
  if (schema.type === 'list') {
    const list = (object[name] ??= []) as unknown[]
    if (wire.type === 'bytes' && isScalarNumber(schema.items)) {
      for (const value of packedVarints(wire.bytes)) list.push(numberOf(schema.items, value))
    } else {
      list.push(valueOf(schema.items, wire, place))
    }
    return
  }
  if (schema.type === 'map') {
    const map = (object[name] ??= {}) as JsonObject
    const [key, value] = mapEntry(schema.values, contentOf(wire), place)
    // Assigned as an own property, also where a client names a key like those of Object.prototype.
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true })
    return
  }
  const value = valueOf(schema, wire, place)
  if (value === undefined || (omitsEmpty && (value === false || value === 0 || value === ''))) delete object[name]
  else object[name] = value
}

/** Undefined for a time that is not set. */
function valueOf(schema: Schema, wire: WireField, place: Place): unknown {
  switch (schema.type) {
    case 'int32': case 'int64': case 'boolean': return numberOf(schema, varintOf(wire))
    case 'double': return doubleOf(wire)
    case 'string': return textIn(contentOf(wire))
    case 'bytes': return toBase64(contentOf(wire))
    case 'quantity': return textIn(firstBytes(contentOf(wire), 1))
    case 'int-or-string': return intOrString(contentOf(wire))
    case 'time': case 'micro-time': return timeIn(contentOf(wire), schema.type)
    case 'any': return anyIn(contentOf(wire))
    case 'object':
      return messageToJson(schema.name, decodeMessage(contentOf(wire), place.layouts.of(schema), place.layouts, place.depth + 1))
    // A list as a map's value is a message of its own, with the items as field 1.
    case 'list':
      return [...wireFields(contentOf(wire))].filter(({ number }) => number === 1).map((item) => valueOf(schema.items, item, place))
    case 'map': throw malformed('a map stands where none can be')
  }
}

function mapEntry(values: Schema, bytes: Uint8Array, place: Place): [string, unknown] {
  let [key, value]: [string, unknown] = ['', undefined]
  for (const wire of wireFields(bytes)) {
    if (wire.number === 1) key = textIn(contentOf(wire))
    else if (wire.number === 2) value = valueOf(values, wire, place)
  }
  return [key, value ?? emptyOf(values)]
}

function emptyOf(schema: Schema): unknown {
  if (schema.type === 'list') return []
  if (schema.type === 'object') return {}
  return schema.type === 'time' || schema.type === 'micro-time' ? null : ''
}

function contentOf(wire: WireField): Uint8Array {
  if (wire.type !== 'bytes') throw malformed(`field ${wire.number} is a number, not text or a message`)
  return wire.bytes
}

function varintOf(wire: WireField): Integer {
  if (wire.type !== 'varint') throw malformed(`field ${wire.number} is not a number`)
  return wire.value
}

function numberOf(schema: Schema, value: Integer): Integer | boolean {
  return schema.type === 'boolean' ? value !== 0 : value
}

function doubleOf(wire: WireField): number {
  if (wire.type !== 'fixed64') throw malformed(`field ${wire.number} is not a double`)
  const value = new DataView(wire.bytes.buffer, wire.bytes.byteOffset, 8).getFloat64(0, true)
  if (!Number.isFinite(value)) throw malformed(`field ${wire.number} is infinite or no number, which JSON cannot say`)
  return value
}

/** Most texts are short and ASCII: those are quicker without the decoder. */
const SHORT_BYTES = 24

function textIn(bytes: Uint8Array): string {
  if (bytes.length <= SHORT_BYTES) {
    let text = ''
    let index = 0
    for (; index < bytes.length && (bytes[index] ?? 0) < 0x80; index++) text += String.fromCharCode(bytes[index] ?? 0)
    if (index === bytes.length) return text
  }
  try {
    return strictText.decode(bytes)
  } catch {
    throw malformed('a text is not UTF-8')
  }
}

function firstBytes(bytes: Uint8Array, number: number): Uint8Array {
  for (const wire of wireFields(bytes)) if (wire.number === number) return contentOf(wire)
  return new Uint8Array(0)
}

/** Type 0: the number in field 2. Type 1: the text in field 3. */
function intOrString(bytes: Uint8Array): Integer | string {
  let [isText, number, text]: [boolean, Integer, string] = [false, 0, '']
  for (const wire of wireFields(bytes)) {
    if (wire.number === 1) isText = varintOf(wire) === 1
    else if (wire.number === 2) number = varintOf(wire)
    else if (wire.number === 3) text = textIn(contentOf(wire))
  }
  return isText ? text : number
}

function timeIn(bytes: Uint8Array, type: 'time' | 'micro-time'): string | undefined {
  let [seconds, nanos]: [number | undefined, number] = [undefined, 0]
  for (const wire of wireFields(bytes)) {
    if (wire.number === 1) seconds = Number(varintOf(wire))
    else if (wire.number === 2) nanos = Number(varintOf(wire))
  }
  if (seconds === undefined) return undefined
  if (Math.abs(seconds) > MAX_SECONDS) throw malformed('a time is out of the range of years 0 to 9999')
  const whole = formatTime(seconds * 1000)
  return type === 'time' ? whole : whole.replace('Z', `.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`)
}

const MAX_SECONDS = 253_402_300_799

/** RawExtension, FieldsV1 and JSON all carry their JSON as bytes in field 1. */
function anyIn(bytes: Uint8Array): unknown {
  const raw = firstBytes(bytes, 1)
  if (raw.length === 0) return undefined
  try {
    return parseJson(textIn(raw))
  } catch {
    throw malformed('what should be JSON inside of it is none')
  }
}
