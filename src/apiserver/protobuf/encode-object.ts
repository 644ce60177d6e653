import type { JsonObject } from '../../objects/json.ts'
import type { SchemaLookup } from '../../objects/schema.ts'
import { assert, present } from '../../words/assert.ts'
import { RawBytes } from './raw-bytes.ts'
import { encodeMessage } from './encode-message.ts'
import { MessageLayouts, type Layout } from './message-layout.ts'
import { MessageSizes } from './message-size.ts'
import { withMetaSchemas } from './meta-schemas.ts'
import { MAGIC, schemaNameOf } from './envelope.ts'
import { WireWriter } from './wire-writer.ts'

type TypedHead = JsonObject & { readonly apiVersion: string; readonly kind: string }

/** Objects as typed clients read them: k8s and a zero byte, then a runtime.Unknown with the object's kind and its bytes. */
export class ProtobufEncoder {
  readonly #layouts: MessageLayouts
  readonly #sizes: MessageSizes
  readonly #writer = new WireWriter()
  readonly #raw = new RawBytes()

  constructor(schemas: SchemaLookup) {
    this.#layouts = new MessageLayouts(withMetaSchemas(schemas))
    this.#sizes = new MessageSizes(this.#layouts, this.#raw)
  }

  /** Undefined where the kind has no numbers: what custom resources define, and a Table. */
  encode(object: JsonObject): Uint8Array | undefined {
    const { apiVersion, kind } = object
    if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined
    const layout = this.#layouts.lookup(schemaNameOf(apiVersion, kind))
    if (layout === undefined || layout.size === 0) return undefined
    this.#write(object, layout, { apiVersion, kind })
    return this.#writer.take()
  }

  /** One frame of a watch: a WatchEvent with its length before it. The object's kind has a form in protocol buffers. */
  encodeEvent(type: string, object: JsonObject): Uint8Array {
    const { apiVersion, kind } = object
    assert(typeof apiVersion === 'string' && typeof kind === 'string', 'an object has a kind')
    const layout = present(this.#layouts.lookup(schemaNameOf(apiVersion, kind)), `the schema of ${kind}`)
    const writer = this.#writer
    this.#write(object, layout, { apiVersion, kind })
    // object: a RawExtension whose field 1 are the bytes.
    writer.embedded(1, 0)
    writer.embedded(2, 0)
    writer.text(1, type)
    writer.length()
    return writer.take()
  }

  /** Some of a list's items, as a part of its bytes. The list's kind has a form in protocol buffers. */
  encodeItems(list: TypedHead, items: readonly object[]): Uint8Array {
    encodeMessage({ items }, this.#layoutOf(list), { writer: this.#writer, layouts: this.#layouts, raw: this.#raw })
    return this.#writer.take()
  }

  /** How many bytes encodeItems makes of them. */
  itemsSize(list: TypedHead, items: readonly object[]): number {
    return this.#sizes.of({ items }, this.#layoutOf(list))
  }

  /** What stands around the bytes of a list's items, which have this length together. */
  listFrame(head: TypedHead, itemsSize: number): { readonly before: Uint8Array; readonly after: Uint8Array } {
    const writer = this.#writer
    writer.text(4, '')
    writer.text(3, '')
    const after = writer.take()
    encodeMessage(head, this.#layoutOf(head), { writer, layouts: this.#layouts, raw: this.#raw })
    writer.embedded(2, -itemsSize)
    this.#writeType(head)
    return { before: writer.take(), after }
  }

  #layoutOf({ apiVersion, kind }: TypedHead): Layout {
    return present(this.#layouts.lookup(schemaNameOf(apiVersion, kind)), `the schema of ${kind}`)
  }

  #writeType({ apiVersion, kind }: TypedHead): void {
    const writer = this.#writer
    const before = writer.written
    writer.text(2, kind)
    writer.text(1, apiVersion)
    writer.embedded(1, before)
    writer.raw(MAGIC)
  }

  #write(object: JsonObject, layout: Layout, { apiVersion, kind }: { apiVersion: string; kind: string }): void {
    const writer = this.#writer
    // contentEncoding and contentType, which stay empty.
    writer.text(4, '')
    writer.text(3, '')
    const beforeRaw = writer.written
    encodeMessage(object, layout, { writer, layouts: this.#layouts, raw: this.#raw })
    writer.embedded(2, beforeRaw)
    this.#writeType({ apiVersion, kind })
  }
}
