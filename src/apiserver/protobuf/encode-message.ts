import { isObject, type JsonObject } from '../../objects/json.ts'
import type { Schema } from '../../objects/schema.ts'
import { assert } from '../../words/assert.ts'
import { fromBase64, utf8 } from '../../words/bytes.ts'
import { parseTime } from '../../words/instant.ts'
import type { RawBytes } from './raw-bytes.ts'
import { jsonToMessage } from './json-schema-forms.ts'
import type { Layout, MessageLayouts } from './message-layout.ts'
import type { WireWriter } from './wire-writer.ts'

interface Place {
  readonly writer: WireWriter
  readonly layouts: MessageLayouts
  readonly raw: RawBytes
}

/** Writes the fields of an object in front of what is written. The object has the types of its schema, as everything that is stored does. */
export function encodeMessage(object: JsonObject, layout: Layout, place: Place): void {
  for (const [number, entry] of place.layouts.descending(layout)) {
    if (entry.type === 'inlined') writeInlined(number, object, entry.layout, place)
    else {
      const value = object[entry.name]
      if (value !== undefined && value !== null) writeField(number, entry.field.schema, value, place)
    }
  }
}

function writeInlined(number: number, object: JsonObject, layout: Layout, place: Place): void {
  const before = place.writer.written
  encodeMessage(object, layout, place)
  place.writer.embedded(number, before)
}

function writeField(number: number, schema: Schema, value: unknown, place: Place): void {
  if (schema.type === 'list') {
    assert(Array.isArray(value), 'a list is an array')
    for (let index = value.length - 1; index >= 0; index--) writeValue(number, schema.items, value[index], place)
  } else if (schema.type === 'map') writeMap(number, schema.values, objectIn(value), place)
  else writeValue(number, schema, value, place)
}

/** Sorted by key, as upstream does it: the same object has the same bytes. */
function writeMap(number: number, values: Schema, map: JsonObject, place: Place): void {
  const { writer } = place
  for (const key of Object.keys(map).sort().reverse()) {
    const before = writer.written
    const value = map[key]
    if (value !== undefined && value !== null) writeValue(2, values, value, place)
    // A time that is not set is there all the same, empty.
    else if (values.type === 'time' || values.type === 'micro-time') writer.embedded(2, writer.written)
    writer.text(1, key)
    writer.embedded(number, before)
  }
}

function writeValue(number: number, schema: Schema, value: unknown, place: Place): void {
  const { writer } = place
  switch (schema.type) {
    case 'int32': case 'int64': return writer.number(number, typeof value === 'bigint' ? value : Number(value))
    case 'boolean': return writer.number(number, value === true ? 1 : 0)
    case 'double': return writer.double(number, Number(value))
    case 'string': return writer.text(number, String(value))
    case 'bytes': return writer.bytes(number, fromBase64(String(value)) ?? utf8(String(value)))
    default: return writeEmbedded(number, schema, value, place)
  }
}

function writeEmbedded(number: number, schema: Schema, value: unknown, place: Place): void {
  const { writer, layouts, raw } = place
  const before = writer.written
  switch (schema.type) {
    case 'quantity': writer.text(1, String(value)); break
    case 'int-or-string': writeIntOrString(value, writer); break
    case 'time': case 'micro-time': writeTime(value, writer); break
    case 'any': writer.bytes(1, raw.of(value)); break
    case 'object': encodeMessage(objectIn(jsonToMessage(schema.name, value)), layouts.of(schema), place); break
    // A list as a map's value is a message of its own, with the items as field 1.
    case 'list': writeField(1, schema, value, place); break
    default: throw new Error(`a ${schema.type} stands where none can be`)
  }
  writer.embedded(number, before)
}

/** Type 0: the number in field 2. Type 1: the text in field 3. The other one is there too, empty. */
function writeIntOrString(value: unknown, writer: WireWriter): void {
  const isText = typeof value === 'string'
  writer.text(3, isText ? value : '')
  writer.number(2, isText ? 0 : Number(value))
  writer.number(1, isText ? 1 : 0)
}

function writeTime(value: unknown, writer: WireWriter): void {
  const { seconds, nanos } = secondsAndNanos(value)
  writer.number(2, nanos)
  writer.number(1, seconds)
}

export function secondsAndNanos(value: unknown): { readonly seconds: number; readonly nanos: number } {
  const instant = parseTime(String(value)) ?? 0
  const seconds = Math.floor(instant / 1000)
  return { seconds, nanos: Math.round((instant - seconds * 1000) * 1000) * 1000 }
}

function objectIn(value: unknown): JsonObject {
  assert(isObject(value), 'an object is one')
  return value
}
