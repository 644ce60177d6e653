import type { Clock, Log, Random } from '../../words/ports.ts'
import { StatusError, internalError, serviceUnavailable } from '../../words/status-error.ts'
import { uuid } from '../../words/random.ts'
import { authenticate } from '../access/authentication.ts'
import { requireAllowed } from '../access/denial.ts'
import { impersonate } from '../access/impersonation.ts'
import type { Authenticator, Authorizer, User } from '../access.ts'
import type { Handler, ServerRequest, ServerResponse } from '../http.ts'
import { negotiate, plainJson } from '../negotiate/accept.ts'
import type { Accepted } from '../negotiate/accept.ts'
import { failureResponse, withWarnings } from '../negotiate/response.ts'
import type { ProtobufEncoder } from '../protobuf/encode-object.ts'
import { isTrue, parseRequest } from '../request-info.ts'
import { dispatch } from './dispatch.ts'
import type { DispatchParts } from './dispatch.ts'
import type { HttpCall } from './http-call.ts'
import type { RequestGate } from './request-gate.ts'

export interface HandlerParts extends DispatchParts {
  readonly authenticators: readonly Authenticator[]
  readonly authorizer: Authorizer
  readonly gate: RequestGate
  readonly encoder: ProtobufEncoder
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Who -> may they -> is there room -> do it. Whatever goes wrong becomes a Status; nothing is thrown. */
export function createHandler(parts: HandlerParts): Handler {
  return (request) => {
    const failure = (error: unknown): ServerResponse => failureResponse(asStatus(parts, request, error), acceptedForErrors(parts, request))
    try {
      const response = answer(parts, request)
      return response instanceof Promise ? response.catch(failure) : response
    } catch (error) {
      return failure(error)
    }
  }
}

/** Nobody changes a query. */
const NO_QUERY = new URLSearchParams()

function answer(parts: HandlerParts, request: ServerRequest): ServerResponse | Promise<ServerResponse> {
  const query = request.query === '' ? NO_QUERY : new URLSearchParams(request.query)
  const info = parseRequest(request.method, request.path, query)
  const caller = authenticate(parts.authenticators, request)
  const asked = { request, query, info }
  return caller instanceof Promise ? caller.then((user) => answerTo(parts, asked, user)) : answerTo(parts, asked, caller)
}

function answerTo(
  parts: HandlerParts, { request, query, info }: Pick<HttpCall, 'request' | 'query' | 'info'>, caller: User,
): ServerResponse | Promise<ServerResponse> {
  const user = impersonate(caller, request.headers, parts.authorizer)
  const asked = { request, query, info }
  return user instanceof Promise ? user.then((later) => answerAs(parts, asked, later)) : answerAs(parts, asked, user)
}

function answerAs(parts: HandlerParts, asked: Pick<HttpCall, 'request' | 'query' | 'info'>, user: User): ServerResponse | Promise<ServerResponse> {
  const pending = requireAllowed(parts.authorizer, user, asked.info)
  return pending === undefined ? answerAllowed(parts, asked, user) : pending.then(() => answerAllowed(parts, asked, user))
}

function answerAllowed(
  parts: HandlerParts, { request, query, info }: Pick<HttpCall, 'request' | 'query' | 'info'>, user: User,
): ServerResponse | Promise<ServerResponse> {
  if (info.isResource && !parts.feed.ready) throw serviceUnavailable('the server is still reading its store')
  const call: HttpCall = { request, query, info, user, accepted: acceptedFor(parts, request, query, info), warnings: [] }
  if (info.watch || !info.isResource) return dispatch(parts, call)
  const response = parts.gate.run(isRead(info.verb) ? 'read' : 'write', () => dispatch(parts, call))
  return response instanceof Promise ? response.then((later) => finished(call, later)) : finished(call, response)
}

function finished({ request, warnings }: HttpCall, response: ServerResponse): ServerResponse {
  const warned = withWarnings(response, warnings)
  return request.method === 'HEAD' && warned.type === 'whole' ? { ...warned, body: [] } : warned
}

function isRead(verb: string): boolean {
  return verb === 'get' || verb === 'list'
}

/** Handlers of other paths and of most subresources negotiate themselves: OpenAPI has types of its own, logs are text. */
const NEGOTIATED_SUBRESOURCES: ReadonlySet<string> = new Set(['', 'status', 'scale'])

function acceptedFor(parts: HandlerParts, request: ServerRequest, query: URLSearchParams, info: HttpCall['info']): Accepted {
  const { accept } = request.headers
  if (!info.isResource) return plainJson
  if (!NEGOTIATED_SUBRESOURCES.has(info.subresource)) return acceptedForErrors(parts, request)
  const pretty = query.has('pretty') && isTrue(query.get('pretty'))
  return negotiate(accept, { transforms: true, pretty, encoder: hasMessages(parts, request, info) ? parts.encoder : undefined })
}

/** Looked up only where somebody asks for protocol buffers. */
function hasMessages(parts: HandlerParts, request: ServerRequest, { group, version, resource }: HttpCall['info']): boolean {
  if (request.headers.accept?.includes('protobuf') !== true) return false
  return parts.resources.find(group, version, resource)?.definition.form === undefined
}

/** An error must come through even where the Accept header itself is what is wrong. */
function acceptedForErrors({ encoder }: Pick<HandlerParts, 'encoder'>, request: ServerRequest): Accepted {
  try {
    return { ...negotiate(request.headers.accept, { transforms: true, pretty: false, encoder }), as: 'object' }
  } catch {
    return plainJson
  }
}

function asStatus(parts: HandlerParts, request: ServerRequest, error: unknown): StatusError {
  if (error instanceof StatusError) return error
  const id = uuid(parts.random)
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  parts.log.error('a request failed for a reason that is a defect of the server', { id, method: request.method, path: request.path, error: stack })
  return internalError(`the request failed by a defect of the server, which its log describes under the id ${id}`)
}
