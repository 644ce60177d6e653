import { decodeYaml } from '../../objects/codec-yaml.ts'
import { isObject, type JsonObject } from '../../objects/json.ts'
import { jsonText, parseJson } from '../../objects/json-text.ts'
import { joinBytes, textOf } from '../../words/bytes.ts'
import type { ServerResponse } from '../http.ts'
import { mediaType, type BodyParts } from '../negotiate/body.ts'
import { protobufType } from '../protobuf/envelope.ts'

type WholeResponse = Extract<ServerResponse, { type: 'whole' }>

/** Also of each item of a list and each row of a table. The given value is not changed. */
export function withoutManagedFields(value: unknown): unknown {
  if (!isObject(value)) return value
  if (Array.isArray(value['items'])) return { ...bare(value), items: value['items'].map((item) => (isObject(item) ? bare(item) : item)) }
  if (Array.isArray(value['rows'])) {
    return {
      ...value, rows: value['rows'].map((row) => (isObject(row) && isObject(row['object']) ? { ...row, object: bare(row['object']) } : row))
    }
  }
  return bare(value)
}

function bare(object: JsonObject): JsonObject {
  const { metadata } = object
  if (!isObject(metadata) || metadata['managedFields'] === undefined) return object
  const { managedFields: _, ...rest } = metadata
  return { ...object, metadata: rest }
}

/** The object that was answered, as JSON on one line. Undefined where the answer is no object (a log, nothing at all). */
export function responseObjectText(
  response: WholeResponse, protobuf: BodyParts['protobuf'], omitManagedFields: boolean
): string | undefined {
  if (response.body.length === 0) return undefined
  const bytes = joinBytes(response.body)
  switch (mediaType(response.headers['content-type'])) {
    case 'application/json': {
      const text = textOf(bytes)
      return omitManagedFields || text.includes('\n') ? reencoded(parseJson(text), omitManagedFields) : text
    }
    case 'application/yaml': return reencoded(decodeYaml(bytes), omitManagedFields)
    case protobufType: return reencoded(protobuf.decode(bytes), omitManagedFields)
    default: return undefined
  }
}

function reencoded(value: unknown, omitManagedFields: boolean): string {
  return jsonText(omitManagedFields ? withoutManagedFields(value) : value)
}

/** metav1.Status without what belongs to an object: the whole of it for a failure, the code alone otherwise. */
export function statusText(response: WholeResponse): string {
  const [head] = response.body
  if (
    head !== undefined && mediaType(response.headers['content-type']) === 'application/json' && (response.status >= 400 || isStatus(head))
  ) {
    const status = parsed(joinBytes(response.body))
    if (status?.['kind'] === 'Status') {
      const { status: outcome, message, reason, details } = status
      return jsonText({ metadata: {}, status: outcome, message, reason, details, code: response.status })
    }
  }
  return `{"metadata":{},"code":${response.status}}`
}

const STATUS_HEAD = '{"kind":"Status"'

function isStatus(bytes: Uint8Array): boolean {
  for (let index = 0; index < STATUS_HEAD.length; index++) if (bytes[index] !== STATUS_HEAD.charCodeAt(index)) return false
  return true
}

function parsed(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = parseJson(textOf(bytes))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
