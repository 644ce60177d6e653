/** What a client is told when a request fails: the fields of metav1.Status. */
export interface StatusCause {
  readonly reason: string
  readonly message: string
  readonly field?: string
}

export interface StatusDetails {
  readonly group?: string
  readonly kind?: string
  readonly name?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

export type StatusReason =
  | 'BadRequest' | 'Unauthorized' | 'Forbidden' | 'NotFound' | 'MethodNotAllowed' | 'NotAcceptable' | 'AlreadyExists' | 'Conflict'
  | 'Gone' | 'Expired' | 'RequestEntityTooLarge' | 'UnsupportedMediaType' | 'Invalid' | 'TooManyRequests' | 'InternalError'
  | 'ServerTimeout' | 'Timeout' | 'ServiceUnavailable' | 'StoreReadError' | ''

export interface ResourceName {
  readonly group: string
  /** The plural, as in the path: deployments. */
  readonly resource: string
}

/** The one error of the API: a code for machines, a sentence for people. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly code: number
  readonly reason: StatusReason
  readonly details: StatusDetails | undefined

  constructor(code: number, reason: StatusReason, message: string, details?: StatusDetails) {
    super(message)
    this.code = code
    this.reason = reason
    this.details = details
  }
}

export function isStatus(error: unknown, reason: StatusReason): error is StatusError {
  return error instanceof StatusError && error.reason === reason
}

function qualified(of: ResourceName): string {
  return of.group === '' ? of.resource : `${of.resource}.${of.group}`
}

function detailsOf(of: ResourceName, name: string): StatusDetails {
  return { ...(of.group === '' ? {} : { group: of.group }), kind: of.resource, ...(name === '' ? {} : { name }) }
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message)
}

export function unauthorized(message = 'Unauthorized'): StatusError {
  return new StatusError(401, 'Unauthorized', message)
}

export function forbidden(of: ResourceName, name: string, why: string): StatusError {
  const subject = name === '' ? qualified(of) : `${qualified(of)} "${name}"`
  return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${why}`, detailsOf(of, name))
}

export function notFound(of: ResourceName, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${qualified(of)} "${name}" not found`, detailsOf(of, name))
}

export function methodNotAllowed(
  of: ResourceName, verb: string, message = `${verb} is not supported on resources of kind "${qualified(of)}"`,
): StatusError {
  return new StatusError(405, 'MethodNotAllowed', message, detailsOf(of, ''))
}

export function alreadyExists(of: ResourceName, name: string): StatusError {
  return new StatusError(409, 'AlreadyExists', `${qualified(of)} "${name}" already exists`, detailsOf(of, name))
}

/** The server has tried several names. */
export function noNameLeft(of: ResourceName, name: string): StatusError {
  const message = `${qualified(of)} "${name}" already exists, the server was not able to generate a unique name for the object`
  return new StatusError(409, 'AlreadyExists', message, { ...detailsOf(of, name), retryAfterSeconds: 1 })
}

export function conflict(of: ResourceName, name: string, why: string): StatusError {
  return new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(of)} "${name}": ${why}`, detailsOf(of, name))
}

export function expired(message: string): StatusError {
  return new StatusError(410, 'Expired', message)
}

export function tooLarge(message: string): StatusError {
  return new StatusError(413, 'RequestEntityTooLarge', message)
}

export function unsupportedMediaType(message: string): StatusError {
  return new StatusError(415, 'UnsupportedMediaType', message)
}

export function notAcceptable(message: string): StatusError {
  return new StatusError(406, 'NotAcceptable', message)
}

/** A megabyte of wrong labels must not be answered with eighty of complaints. */
const MAX_CAUSES = 100

function moreCauses(count: number): StatusCause {
  return { reason: 'FieldValueInvalid', message: `and ${count} more` }
}

/** kind is the CamelCase kind here, as upstream writes it: Pod "x" is invalid: spec...: Required value. */
export function invalid(of: { group: string; kind: string }, name: string, all: readonly StatusCause[]): StatusError {
  const causes = all.length > MAX_CAUSES ? [...all.slice(0, MAX_CAUSES), moreCauses(all.length - MAX_CAUSES)] : all
  // The message says each thing once, however many checks have found it.
  const lines = [...new Set(causes.map((cause) => (cause.field === undefined ? cause.message : `${cause.field}: ${cause.message}`)))]
  const list = lines.length === 1 ? (lines[0] ?? '') : `[${lines.join(', ')}]`
  const qualifiedKind = of.group === '' ? of.kind : `${of.kind}.${of.group}`
  const details = { ...(of.group === '' ? {} : { group: of.group }), kind: of.kind, ...(name === '' ? {} : { name }), causes }
  return new StatusError(422, 'Invalid', `${qualifiedKind} "${name}" is invalid: ${list}`, details)
}

export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds })
}

export function internalError(message: string): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`)
}

export function serviceUnavailable(message: string): StatusError {
  return new StatusError(503, 'ServiceUnavailable', message)
}

export function timeout(message: string, retryAfterSeconds = 1): StatusError {
  return new StatusError(504, 'Timeout', message, { retryAfterSeconds })
}
