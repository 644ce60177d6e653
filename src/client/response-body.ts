import { isObject } from '../objects/json.ts'
import { parseJson } from '../objects/json-text.ts'
import { joinBytes, textOf } from '../words/bytes.ts'
import { StatusError, type StatusCause, type StatusDetails, type StatusReason } from '../words/status-error.ts'
import type { TransportResponse } from './transport.ts'

/** A list of all pods of a large cluster has some ten megabytes; more than this is no answer to any request. */
const MAX_BODY_BYTES = 512 * 1024 * 1024
const MAX_ERROR_BYTES = 1024 * 1024
/** One event of a watch: objects have at most 3 MiB, and a little more as an event. */
const MAX_LINE_BYTES = 16 * 1024 * 1024
const NEWLINE = 0x0a

/** The whole body as JSON. Throws a StatusError when it is too long or no JSON. */
export async function readJson(response: TransportResponse): Promise<unknown> {
  return valueOf(await readBytes(response, MAX_BODY_BYTES))
}

async function readBytes(response: TransportResponse, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body) {
    length += chunk.length
    if (length > maxBytes) throw new StatusError(500, 'InternalError', `the answer has more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : joinBytes(chunks)
}

function valueOf(bytes: Uint8Array): unknown {
  try {
    return parseJson(textOf(bytes))
  } catch {
    throw new StatusError(500, 'InternalError', 'the answer is not valid JSON: is this the address of a Kubernetes API?')
  }
}

/** The lines of a stream, whatever its chunks are; an unfinished last line is dropped, as it ends a broken stream. */
export async function* jsonLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  let pending: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = chunk.subarray(start, end)
      start = end + 1
      const whole = pending.length === 0 ? line : joinBytes([...pending, line])
      pending = []
      length = 0
      if (whole.length > 0) yield valueOf(whole)
    }
    if (start === chunk.length) continue
    length += chunk.length - start
    if (length > MAX_LINE_BYTES) throw new StatusError(500, 'InternalError', `a watch event has more than ${MAX_LINE_BYTES} bytes`)
    pending.push(chunk.subarray(start))
  }
}

/** What an answer with an error code says, as the StatusError that the server threw. */
export async function readError(response: TransportResponse): Promise<StatusError> {
  const bytes = await readBytes(response, MAX_ERROR_BYTES)
  let body: unknown
  try {
    body = parseJson(textOf(bytes))
  } catch {
    body = undefined
  }
  if (isObject(body) && body['kind'] === 'Status') return statusError(body, response.status)
  const retryAfter = Number(response.headers['retry-after'])
  const details = Number.isFinite(retryAfter) ? { retryAfterSeconds: retryAfter } : undefined
  const text = textOf(bytes.subarray(0, 200)).trim()
  return new StatusError(
    response.status,
    REASONS.get(response.status) ?? '',
    text === '' ? `the server answered with code ${response.status}` : text,
    details
  )
}

const REASONS: ReadonlyMap<number, StatusReason> = new Map([
  [400, 'BadRequest'], [401, 'Unauthorized'], [403, 'Forbidden'], [404, 'NotFound'], [405, 'MethodNotAllowed'], [406, 'NotAcceptable'],
  [409, 'Conflict'], [410, 'Gone'],
  [413, 'RequestEntityTooLarge'], [415, 'UnsupportedMediaType'], [422, 'Invalid'], [429, 'TooManyRequests'], [500, 'InternalError'],
  [503, 'ServiceUnavailable'], [504, 'Timeout'],
])

/** metav1.Status, as an answer or as the object of a watch's ERROR event. */
export function statusError(status: unknown, fallbackCode: number): StatusError {
  const body = isObject(status) ? status : {}
  const code = typeof body['code'] === 'number' ? body['code'] : fallbackCode
  const reason = typeof body['reason'] === 'string' ? (body['reason'] as StatusReason) : (REASONS.get(code) ?? '')
  const message = typeof body['message'] === 'string' ? body['message'] : `the server answered with code ${code}`
  return new StatusError(code, reason, message, readDetails(body['details']))
}

function readDetails(given: unknown): StatusDetails | undefined {
  if (!isObject(given)) return undefined
  const { causes, retryAfterSeconds, ...names } = given
  const texts = ['group', 'kind', 'name', 'uid'].flatMap((field) => {
    const value = names[field]
    return typeof value === 'string' ? [[field, value] as const] : []
  })
  return {
    ...Object.fromEntries(texts),
    ...(Array.isArray(causes) ? { causes: causes.filter(isObject).map(readCause) } : {}),
    ...(typeof retryAfterSeconds === 'number' ? { retryAfterSeconds } : {}),
  }
}

function readCause(cause: Record<string, unknown>): StatusCause {
  const { reason, message, field } = cause
  return { reason: String(reason ?? ''), message: String(message ?? ''), ...(typeof field === 'string' ? { field } : {}) }
}
