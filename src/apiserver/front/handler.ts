import type { Instant } from '../../words/instant.ts'
import type { Clock, Log, Random } from '../../words/ports.ts'
import { StatusError, internalError, serviceUnavailable } from '../../words/status-error.ts'
import { uuid } from '../../words/random.ts'
import { authenticate } from '../access/authentication.ts'
import { requireAllowed } from '../access/denial.ts'
import { impersonate } from '../access/impersonation.ts'
import type { Authenticator, Authorizer, Delays, User } from '../access.ts'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Auditor } from '../audit/auditor.ts'
import type { Handler, ServerRequest, ServerResponse, StreamResponse } from '../http.ts'
import type { RequestMetrics, RequestSummary } from '../metrics/request-metrics.ts'
import { anyJson, isAnyJson, negotiate, negotiateStatus, plainJson } from '../negotiate/accept.ts'
import type { Accepted } from '../negotiate/accept.ts'
import type { Gzip } from '../negotiate/gzip.ts'
import { wantsLines } from '../negotiate/human-reader.ts'
import { failureResponse } from '../negotiate/response.ts'
import type { ProtobufEncoder } from '../protobuf/encode-object.ts'
import { parseRequest } from '../request-info.ts'
import type { HttpCall } from './http-call.ts'
import { gated } from './gated.ts'
import type { GatedParts } from './gated.ts'
import { packed } from './packed.ts'

export interface HandlerParts extends GatedParts {
  readonly authenticators: readonly Authenticator[]
  readonly authorizer: Authorizer
  readonly encoder: ProtobufEncoder
  /** Undefined: answers are sent as they are, however long. */
  readonly gzip: Gzip | undefined
  readonly metrics: RequestMetrics
  /** Undefined: nothing is audited. */
  readonly auditor: Auditor | undefined
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Nobody changes a query. */
const NO_QUERY = new URLSearchParams()
/** A request whose path could not be read. */
const UNKNOWN: HttpCall['info'] = {
  isResource: false, verb: '', group: '', version: '', resource: '', subresource: '', namespace: '', name: '',
  path: '', rest: '', watch: false,
}

/** Who -> may they -> is there room -> do it. Whatever goes wrong becomes a Status; nothing is thrown. */
export function createHandler(parts: HandlerParts): Handler {
  return (request) => {
    const asked = new Asked(request, parts.clock.now(), parts.auditor?.begin(request))
    try {
      const response = answer(parts, asked)
      if (!(response instanceof Promise)) return measured(parts, asked, response)
      return response.then(
        (later) => measured(parts, asked, later),
        (error: unknown) => measured(parts, asked, failureOf(parts, asked, error)),
      )
    } catch (error) {
      return measured(parts, asked, failureOf(parts, asked, error))
    }
  }
}

function failureOf(parts: HandlerParts, { request, query, trail }: Asked, error: unknown): ServerResponse {
  const status = asStatus(parts, request, error)
  if (status !== error) trail?.defect(status.message)
  if (status.code === 401) parts.metrics.authentications.failure++
  return failureResponse(status, statusForm(parts, request, query))
}

/** What is known of a request before anybody has looked at it, and what its parsing adds. */
class Asked implements Delays {
  readonly request: ServerRequest
  readonly startedAt: Instant
  readonly trail: AuditTrail | undefined
  query: URLSearchParams = NO_QUERY
  info: HttpCall['info'] = UNKNOWN
  queuedMs = 0
  webhooksMs = 0
  accessMs = 0
  execution: Delays['execution'] = undefined

  constructor(request: ServerRequest, startedAt: Instant, trail: AuditTrail | undefined) {
    this.request = request
    this.startedAt = startedAt
    this.trail = trail
  }
}

/** A stream is measured when it ends, and counted as going on until then. */
function measured({ metrics, clock, gzip }: HandlerParts, asked: Asked, answered: ServerResponse): ServerResponse {
  const { request, query, info, startedAt, trail, execution, queuedMs, webhooksMs } = asked
  const delayMs = queuedMs + webhooksMs
  const beforeMs = queuedMs + asked.accessMs
  const response = trail === undefined ? answered : trail.respond(answered)
  const summary = { info, method: request.method, isApply: isApply(request), isDryRun: query !== NO_QUERY && query.has('dryRun') }
  if (response.type !== 'stream') {
    const elapsedMs = clock.now() - startedAt
    metrics.answered(summary, response, elapsedMs, delayMs)
    executed(execution, elapsedMs - beforeMs)
    return packed(gzip, request, response)
  }
  const measuring = measuredSend({ metrics, clock, summary, response, startedAt, delayMs, execution, beforeMs })
  return packed(gzip, request, { ...response, send: measuring })
}

interface MeasuredStream extends Pick<HandlerParts, 'metrics' | 'clock'> {
  readonly summary: RequestSummary
  readonly response: StreamResponse
  readonly startedAt: Instant
  readonly delayMs: number
  readonly execution: Asked['execution']
  readonly beforeMs: number
}

/** Knows nothing else of the request, which may be forgotten while a watch goes on. */
function measuredSend(
  { metrics, clock, summary, response, startedAt, delayMs, execution, beforeMs }: MeasuredStream,
): StreamResponse['send'] {
  return (sink) => {
    const series = metrics.seriesOf(summary)
    const ended = (): void => {
      const elapsedMs = clock.now() - startedAt
      series.longRunning--
      metrics.answered(summary, response, elapsedMs, delayMs)
      executed(execution, elapsedMs - beforeMs)
    }
    series.longRunning++
    return response.send(sink).finally(ended)
  }
}

/** What comes before a request is let in takes no time worth telling, but where others were asked. */
function executed(execution: Asked['execution'], elapsedMs: number): void {
  execution?.observe(Math.max(0, elapsedMs) / 1_000)
}

function isApply({ method, headers }: ServerRequest): boolean {
  return method === 'PATCH' && headers['content-type']?.startsWith('application/apply-patch+') === true
}

function answer(parts: HandlerParts, asked: Asked): ServerResponse | Promise<ServerResponse> {
  const { request } = asked
  if (request.query !== '') asked.query = new URLSearchParams(request.query)
  asked.info = parseRequest(request.method, request.path, asked.query)
  asked.trail?.asked(asked.info)
  const caller = authenticate(parts.authenticators, request)
  return caller instanceof Promise ? caller.then((user) => answerTo(parts, accessed(parts, asked), user)) : answerTo(parts, asked, caller)
}

function answerTo(parts: HandlerParts, asked: Asked, caller: User): ServerResponse | Promise<ServerResponse> {
  asked.trail?.authenticated(caller)
  parts.metrics.authentications.success++
  const user = impersonate(caller, asked.request.headers, parts.authorizer)
  return user instanceof Promise ? user.then((later) => answerAs(parts, accessed(parts, asked), later)) : answerAs(parts, asked, user)
}

function answerAs(parts: HandlerParts, asked: Asked, user: User): ServerResponse | Promise<ServerResponse> {
  asked.trail?.impersonated(user)
  const pending = requireAllowed(parts.authorizer, user, asked.info, asked.trail)
  return pending === undefined ? answerAllowed(parts, asked, user) : pending.then(() => answerAllowed(parts, accessed(parts, asked), user))
}

/** Somebody else had to be asked about who asks, or what they may. */
function accessed({ clock }: HandlerParts, asked: Asked): Asked {
  asked.accessMs = clock.now() - asked.startedAt
  return asked
}

function answerAllowed(parts: HandlerParts, asked: Asked, user: User): ServerResponse | Promise<ServerResponse> {
  const { request, query, info, trail } = asked
  if (info.isResource && !parts.feed.ready) throw serviceUnavailable('the server is still reading its store')
  const call: HttpCall = {
    request, query, info, user, accepted: acceptedFor(parts, request, query, info),
    warnings: [], trail, delays: asked, begun: nothing,
  }
  return gated(parts, call, (error) => failureOf(parts, asked, error))
}

function nothing(): void {}

/** Upgrades, and logs, which are text: their Accept header says nothing about objects. */
const OTHER_CONTENT: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy'])
/** What a Table can be made of beside the object itself. */
const WITH_TABLES: ReadonlySet<string> = new Set(['', 'status', 'scale'])

function statusForm({ encoder }: HandlerParts, request: ServerRequest, query: URLSearchParams): Accepted {
  return negotiateStatus(request.headers.accept, { encoder, pretty: wantsLines(request, query) })
}

/** The kind is looked up only where somebody asks for more than plain JSON. Other paths negotiate themselves, as other servers do. */
function acceptedFor(parts: HandlerParts, request: ServerRequest, query: URLSearchParams, info: HttpCall['info']): Accepted {
  const { accept } = request.headers
  if (!info.isResource) return plainJson
  const pretty = wantsLines(request, query)
  if (isAnyJson(accept)) return anyJson({ pretty })
  const { group, version, resource, subresource } = info
  const definition = parts.resources.find(group, version, resource)?.definition
  if (definition === undefined || OTHER_CONTENT.has(subresource)) return statusForm(parts, request, query)
  // What is only asked (a review, a binding) and never shown has none.
  const tables = WITH_TABLES.has(subresource) && definition.verbs.includes('get')
  return negotiate(accept, { tables, pretty, messages: definition.form === undefined, encoder: parts.encoder })
}

function asStatus(parts: HandlerParts, request: ServerRequest, error: unknown): StatusError {
  if (error instanceof StatusError) return error
  const id = uuid(parts.random)
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  parts.log.error('a request failed for a reason that is a defect of the server', {
    id, method: request.method, path: request.path, error: stack,
  })
  return internalError(`the request failed by a defect of the server, which its log describes under the id ${id}`)
}
