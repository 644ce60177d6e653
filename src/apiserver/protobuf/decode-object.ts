import type { JsonObject } from '../../objects/json.ts'
import type { SchemaLookup } from '../../objects/schema.ts'
import { textOf } from '../../words/bytes.ts'
import { badRequest } from '../../words/status-error.ts'
import { decodeMessage } from './decode-message.ts'
import { MAGIC, schemaNameOf } from './envelope.ts'
import { MessageLayouts } from './message-layout.ts'
import { withMetaSchemas } from './meta-schemas.ts'
import { malformed, wireFields } from './wire-reader.ts'

/** Bodies as client-go's typed clients send them (kubectl create, kubectl auth can-i); the layouts are worked out once. */
export class ProtobufDecoder {
  readonly #layouts: MessageLayouts

  constructor(schemas: SchemaLookup) {
    this.#layouts = new MessageLayouts(withMetaSchemas(schemas))
  }

  /** Throws 400 where the bytes are no object of a kind that is known. */
  decode(bytes: Uint8Array): JsonObject {
    if (!MAGIC.every((byte, index) => bytes[index] === byte)) throw malformed('it does not start with the four bytes k8s\\0')
    const { apiVersion, kind, raw } = envelope(bytes.subarray(MAGIC.length))
    const layout = this.#layouts.lookup(schemaNameOf(apiVersion, kind))
    if (layout === undefined) throw badRequest(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`)
    return { apiVersion, kind, ...decodeMessage(raw, layout, this.#layouts) }
  }
}

interface Envelope {
  apiVersion: string
  kind: string
  raw: Uint8Array
}

function envelope(bytes: Uint8Array): Envelope {
  const found: Envelope = { apiVersion: '', kind: '', raw: new Uint8Array(0) }
  for (const wire of wireFields(bytes)) {
    if (wire.type !== 'bytes') continue
    if (wire.number === 2) found.raw = wire.bytes
    if (wire.number === 3 && wire.bytes.length > 0) throw malformed('its content is encoded once more, which is not supported')
    if (wire.number !== 1) continue
    for (const member of wireFields(wire.bytes)) {
      if (member.type !== 'bytes') continue
      if (member.number === 1) found.apiVersion = textOf(member.bytes)
      if (member.number === 2) found.kind = textOf(member.bytes)
    }
  }
  return found
}
