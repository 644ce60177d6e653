import { decodeJson, duplicateFields } from '../../objects/codec-json.ts'
import { decodeYaml } from '../../objects/codec-yaml.ts'
import type { YamlOptions } from '../../objects/codec-yaml.ts'
import { isObject } from '../../objects/json.ts'
import type { JsonObject } from '../../objects/json.ts'
import { badRequest, unsupportedMediaType } from '../../words/status-error.ts'
import type { ServerRequest } from '../http.ts'
import type { WriteOptions } from '../options/write-options.ts'
import type { ProtobufDecoder } from '../protobuf/decode-object.ts'
import { protobufType } from '../protobuf/envelope.ts'

const ACCEPTED =
  'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf'

/** What reading a body needs. */
export interface BodyParts {
  readonly bodyBytes: number
  readonly protobuf: ProtobufDecoder
}

export interface DecodedBody {
  readonly object: JsonObject
  /** Paths of fields that stand twice in JSON; looked for only where the client wants to hear of them. */
  readonly duplicates: readonly string[]
}

/** The media type without its parameters. */
export function mediaType(header: string | undefined): string {
  return (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

export type Strictness = Pick<WriteOptions, 'fieldValidation' | 'findDuplicates'>

export async function readObject(request: ServerRequest, parts: BodyParts, strictness: Strictness): Promise<DecodedBody> {
  const type = mediaType(request.headers['content-type'])
  const bytes = await request.body(parts.bodyBytes)
  if (type === protobufType) return { object: parts.protobuf.decode(bytes), duplicates: [] }
  if (type === '' || type === 'application/json') {
    const object = objectIn(decodeJson(bytes))
    return { object, duplicates: strictness.findDuplicates ? duplicateFields(bytes) : [] }
  }
  if (type === 'application/yaml') return { object: objectIn(decodeYaml(bytes, yamlOptions(strictness))), duplicates: [] }
  throw unsupportedMediaType(ACCEPTED)
}

/** Without strict validation the last of two equal keys counts, as in JSON. */
export function yamlOptions({ fieldValidation }: Strictness): YamlOptions {
  return { duplicateKeys: fieldValidation === 'Strict' ? 'refuse' : 'last' }
}

/** The body of a delete may be missing. */
export async function readOptional(request: ServerRequest, parts: BodyParts): Promise<unknown> {
  const bytes = await request.body(parts.bodyBytes)
  if (bytes.length === 0) return undefined
  const type = mediaType(request.headers['content-type'])
  if (type === '' || type === 'application/json') return decodeJson(bytes)
  if (type === 'application/yaml') return decodeYaml(bytes)
  if (type === protobufType) return parts.protobuf.decode(bytes)
  throw unsupportedMediaType(ACCEPTED)
}

function objectIn(value: unknown): JsonObject {
  if (!isObject(value)) throw badRequest('the body must be one object')
  return value
}
