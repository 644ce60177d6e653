import { isObject, type Integer, type JsonObject } from '../../objects/json.ts'
import type { Schema } from '../../objects/schema.ts'
import { assert } from '../../words/assert.ts'
import { fromBase64, utf8 } from '../../words/bytes.ts'
import type { RawBytes } from './raw-bytes.ts'
import { secondsAndNanos } from './encode-message.ts'
import { jsonToMessage } from './json-schema-forms.ts'
import type { Layout, MessageLayouts } from './message-layout.ts'

/** A layout as sizes need it: fields are found by their names, as an object has few of those that it could have. */
interface SizePlan {
  readonly fields: ReadonlyMap<string, SizedField>
  readonly inlined: readonly { readonly tagBytes: number; readonly layout: Layout }[]
}

interface SizedField {
  readonly tagBytes: number
  readonly schema: Schema
}

/** Tells how many bytes encodeMessage makes of an object, in a fraction of its time: what is sent with its length before it must be measured. */
export class MessageSizes {
  readonly #layouts: MessageLayouts
  readonly #raw: RawBytes
  readonly #plans = new WeakMap<Layout, SizePlan>()
  #lastTime: { readonly text: string; readonly bytes: number } | undefined

  constructor(layouts: MessageLayouts, raw: RawBytes) {
    this.#layouts = layouts
    this.#raw = raw
  }

  of(object: JsonObject, layout: Layout): number {
    const { fields, inlined } = this.#plan(layout)
    let size = 0
    for (const name in object) {
      const field = fields.get(name)
      const value = object[name]
      if (field !== undefined && value !== undefined && value !== null) size += this.#field(field.tagBytes, field.schema, value)
    }
    for (const part of inlined) size += embeddedBytes(part.tagBytes, this.of(object, part.layout))
    return size
  }

  #plan(layout: Layout): SizePlan {
    const known = this.#plans.get(layout)
    if (known !== undefined) return known
    const fields = new Map<string, SizedField>()
    const inlined: { tagBytes: number; layout: Layout }[] = []
    for (const [number, entry] of layout) {
      const tagBytes = varintBytes(number * 8)
      if (entry.type === 'inlined') inlined.push({ tagBytes, layout: entry.layout })
      else {
        assert(!fields.has(entry.name), `the field ${entry.name} has one number`)
        fields.set(entry.name, { tagBytes, schema: entry.field.schema })
      }
    }
    const plan = { fields, inlined }
    this.#plans.set(layout, plan)
    return plan
  }

  #field(tagBytes: number, schema: Schema, value: unknown): number {
    if (schema.type === 'map') return this.#map(tagBytes, schema.values, value)
    if (schema.type !== 'list') return this.#value(tagBytes, schema, value)
    assert(Array.isArray(value), 'a list is an array')
    let size = 0
    for (const item of value) size += this.#value(tagBytes, schema.items, item)
    return size
  }

  #map(tagBytes: number, values: Schema, map: unknown): number {
    assert(isObject(map), 'a map is an object')
    let size = 0
    for (const key in map) {
      const value = map[key]
      let entry = textBytes(1, key)
      if (value !== undefined && value !== null) entry += this.#value(1, values, value)
      else if (values.type === 'time' || values.type === 'micro-time') entry += 2
      size += embeddedBytes(tagBytes, entry)
    }
    return size
  }

  #value(tagBytes: number, schema: Schema, value: unknown): number {
    switch (schema.type) {
      case 'string': return textBytes(tagBytes, String(value))
      case 'int32': case 'int64': return tagBytes + varintBytes(typeof value === 'bigint' ? value : Number(value))
      case 'boolean': return tagBytes + 1
      case 'double': return tagBytes + 8
      case 'bytes': return embeddedBytes(tagBytes, (fromBase64(String(value)) ?? utf8(String(value))).length)
      default: return embeddedBytes(tagBytes, this.#content(schema, value))
    }
  }

  /** Most times of an object are equal, and to read one takes longer than all else here. */
  #time(text: string): number {
    if (text === this.#lastTime?.text) return this.#lastTime.bytes
    const { seconds, nanos } = secondsAndNanos(text)
    const bytes = 2 + varintBytes(seconds) + varintBytes(nanos)
    this.#lastTime = { text, bytes }
    return bytes
  }

  #content(schema: Schema, value: unknown): number {
    switch (schema.type) {
      case 'quantity': return textBytes(1, String(value))
      case 'int-or-string':
        return typeof value === 'string' ? textBytes(1, value) + 4 : 2 + 1 + varintBytes(Number(value)) + 2
      case 'time': case 'micro-time': return this.#time(String(value))
      case 'any': return embeddedBytes(1, this.#raw.of(value).length)
      case 'object': {
        const message = jsonToMessage(schema.name, value)
        assert(isObject(message), 'an object is one')
        return this.of(message, this.#layouts.of(schema))
      }
      case 'list': return this.#field(1, schema, value)
      default: throw new Error(`a ${schema.type} stands where none can be`)
    }
  }
}

function embeddedBytes(tagBytes: number, length: number): number {
  return tagBytes + varintBytes(length) + length
}

function textBytes(tagBytes: number, text: string): number {
  return embeddedBytes(tagBytes, utf8Bytes(text))
}

/** Seven bits to a byte; what is below zero is two's complement of 64 bits. */
function varintBytes(value: Integer): number {
  if (value < 0) return 10
  if (typeof value === 'bigint') return Math.ceil(value.toString(2).length / 7)
  let length = 1
  for (let rest = value; rest >= 0x80; rest /= 0x80) length++
  return length
}

function utf8Bytes(text: string): number {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) >= 0x80) return utf8(text).length
  return text.length
}
