import type { JsonObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import type { ResponseHeaders, ServerResponse, StreamResponse } from '../http.ts'
import { encodeYaml } from '../../objects/codec-yaml.ts'
import { utf8 } from '../../words/bytes.ts'
import type { StatusError } from '../../words/status-error.ts'
import type { Served } from '../watch-cache/cached-object.ts'
import type { Accepted } from './accept.ts'
import { protobufType } from '../protobuf/envelope.ts'
import { failureBody } from './status-body.ts'

const JSON_HEADERS: ResponseHeaders = { 'content-type': 'application/json', 'cache-control': 'no-cache, private' }
const YAML_HEADERS: ResponseHeaders = { 'content-type': 'application/yaml', 'cache-control': 'no-cache, private' }
const PROTOBUF_HEADERS: ResponseHeaders = { 'content-type': protobufType, 'cache-control': 'no-cache, private' }
const HEADERS = { json: JSON_HEADERS, yaml: YAML_HEADERS, protobuf: PROTOBUF_HEADERS } as const

/** A value that has no bytes yet. What has no form in protocol buffers (what a handler of its own answers) is JSON for everybody. */
export function objectResponse(status: number, value: object, accepted: Accepted): ServerResponse {
  if (accepted.format === 'protobuf') {
    const encoded = accepted.encoder.encode(value as JsonObject)
    if (encoded !== undefined) return whole(status, PROTOBUF_HEADERS, [encoded])
  }
  if (accepted.format === 'yaml') return whole(status, YAML_HEADERS, [encodeYaml(value)])
  return whole(status, JSON_HEADERS, [utf8(accepted.pretty ? `${jsonText(value, 2)}\n` : jsonText(value))])
}

/** An object of the cache: its bytes as they are, unless another form is asked for. */
export function servedResponse(status: number, served: Served, accepted: Accepted): ServerResponse {
  if (accepted.format === 'json' && !accepted.pretty) return bytesResponse(status, [served.bytes])
  return objectResponse(status, served.object, accepted)
}

export function bytesResponse(status: number, body: readonly Uint8Array[]): ServerResponse {
  return whole(status, JSON_HEADERS, body)
}

/** A list that is encoded while it is sent. */
export function listStream({ format }: Accepted, send: StreamSend): ServerResponse {
  return { type: 'stream', status: 200, headers: HEADERS[format], isLasting: false, send }
}

type StreamSend = StreamResponse['send']

function whole(status: number, headers: ResponseHeaders, body: readonly Uint8Array[]): ServerResponse {
  return { type: 'whole', status, headers, body }
}

export function failureResponse(error: StatusError, accepted: Accepted, continueToken = ''): ServerResponse {
  const response = objectResponse(error.code, failureBody(error, continueToken), accepted)
  const seconds = error.details?.retryAfterSeconds
  return seconds === undefined ? response : withHeaders(response, { 'retry-after': String(seconds) })
}

export function withHeaders<R extends ServerResponse>(response: R, headers: ResponseHeaders): R {
  return response.type === 'tunnel' ? response : { ...response, headers: { ...response.headers, ...headers } }
}

/** As upstream: up to so many characters all are whole; of more, each is cut, and what is then beyond is left out. */
const MAX_WARNED_LENGTH = 4096
const MAX_CUT_WARNING_LENGTH = 256
const MAX_WARNINGS = 128

/** RFC 9111 has dropped them, kubectl prints them: Warning: 299 - "text". */
export function withWarnings(response: ServerResponse, warnings: readonly string[]): ServerResponse {
  if (warnings.length === 0) return response
  const texts = [...new Set(warnings)].slice(0, MAX_WARNINGS).map(oneLine).filter((text) => text !== '')
  const lines = fitting(texts).map((text) => `299 - "${text.replace(/[\\"]/g, '\\$&')}"`)
  return lines.length === 0 ? response : withHeaders(response, { warning: octets(lines.join(', ')) })
}

function oneLine(text: string): string {
  return text.toWellFormed().replace(/\p{Cc}+/gu, ' ')
}

function fitting(texts: readonly string[]): readonly string[] {
  let length = 0
  for (const text of texts) length += text.length
  if (length <= MAX_WARNED_LENGTH) return texts
  const kept: string[] = []
  for (let index = 0, written = 0; index < texts.length && written < MAX_WARNED_LENGTH; index++) {
    const cut = Array.from(texts[index] ?? '').slice(0, MAX_CUT_WARNING_LENGTH)
    written += cut.length
    kept.push(cut.join(''))
  }
  return kept
}

/** UTF-8 in a header: a character for each of its bytes, as what writes headers wants them. */
function octets(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : Array.from(utf8(text), (byte) => String.fromCharCode(byte)).join('')
}
