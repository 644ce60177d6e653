import { isObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import { formatMicroTime } from '../../words/instant.ts'
import type { StatusError } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { AuditNotes, Decision, RequestInfo, User } from '../access.ts'
import type { ByteSink, ServerRequest, ServerResponse } from '../http.ts'
import { withHeaders } from '../negotiate/response.ts'
import type { ObjectReference } from './audit-event.ts'
import { auditLine, callerText, MAX_EVENT_LENGTH, referenceOf } from './audit-event.ts'
import { responseObjectText, statusText, withoutManagedFields } from './audit-objects.ts'
import type { AuditRule, AuditStage } from './audit-policy.ts'
import { auditRuleFor } from './audit-rules.ts'
import type { Auditor } from './auditor.ts'

const LONG_RUNNING_SUBRESOURCES: ReadonlySet<string> = new Set(['attach', 'exec', 'proxy', 'log', 'portforward'])

/** Of a longer answer, whatever characters it is of, no event can hold the text. */
const MAX_READ_BYTES = 4 * MAX_EVENT_LENGTH

/** One request on its way through the server: what is known of it so far, and the events that were written of it. */
export class AuditTrail {
  readonly id: string
  readonly #auditor: Auditor
  readonly #request: ServerRequest
  readonly #receivedAt: number
  #info: RequestInfo | undefined
  #user: User | undefined
  #impersonated: User | undefined
  #rule: AuditRule | undefined
  #reference: ObjectReference | undefined
  #requestText: string | undefined
  #responseText: string | undefined
  /** The answer is known, or known to be longer than an event may be. */
  #answer: 'unknown' | 'text' | 'too-long' = 'unknown'
  #statusText: string | undefined
  #annotations: (readonly [string, string])[] = []
  #defect: string | undefined
  /** Made at the first event, and anew when another user is acted as. */
  #caller: string | undefined
  #receivedText: string | undefined

  constructor(auditor: Auditor, request: ServerRequest, id: string) {
    this.#auditor = auditor
    this.#request = request
    this.id = id
    this.#receivedAt = auditor.parts.clock.now()
  }

  /** The path was understood. */
  asked(info: RequestInfo): void {
    this.#info = info
  }

  /** The policy is asked about who called, not about whom they act as. */
  authenticated(user: User): void {
    this.#user = user
    this.#choose()
    this.#emit('RequestReceived', this.#receivedAt)
  }

  impersonated(user: User): void {
    if (user === this.#user) return
    this.#impersonated = user
    this.#caller = undefined
  }

  decided({ allowed, reason, error }: Decision): void {
    if (this.#rule === undefined) return
    this.#annotations.push(['authorization.k8s.io/decision', allowed ? 'allow' : 'forbid'], ['authorization.k8s.io/reason', reason])
    if (error !== undefined) this.#annotations.push(['authorization.k8s.io/error', error])
  }

  /** Where whoever decides about the request leaves notes; undefined where the policy does not want to hear of it. */
  get notes(): AuditNotes | undefined {
    return this.#rule === undefined ? undefined : this
  }

  /** What stands in the trail already stays. A note that shows contents is left out where the level does not show them. */
  annotate(key: string, value: string, level: 'Metadata' | 'Request' = 'Metadata'): void {
    if (this.#rule === undefined || (level === 'Request' && this.#rule.level === 'Metadata')) return
    if (!this.#annotations.some(([known]) => known === key)) this.#annotations.push([key, value])
  }

  /** The body of the request, before anything was changed in it. Its metadata complete what the path says. */
  requestObject(object: unknown): void {
    if (this.#rule === undefined) return
    if (isObject(object) && isObject(object['metadata']) && this.#reference !== undefined) this.#reference = completed(
      this.#reference, object['metadata']
    )
    this.requestBody(object)
  }

  /** A body that is no object of the API's: a patch, options. */
  requestBody(body: unknown): void {
    if (this.#rule === undefined || this.#rule.level === 'Metadata' || body === undefined) return
    this.#requestText = jsonText(this.#rule.omitManagedFields ? withoutManagedFields(body) : body)
  }

  /** Whether the policy wants to hear of this request. */
  get isWanted(): boolean {
    return this.#rule !== undefined
  }

  /** Whether the policy wants to hear what is answered. */
  get wantsAnswer(): boolean {
    return this.#rule?.level === 'RequestResponse' && this.#info?.isResource === true
  }

  get omitsManagedFields(): boolean {
    return this.#rule?.omitManagedFields === true
  }

  /** What is answered, as JSON on one line: who makes the answer says it, if it knows a cheaper way than to read what goes out. */
  answerIs(text: string): void {
    this.#responseText = text
    this.#answer = 'text'
  }

  answerIsTooLong(): void {
    this.#answer = 'too-long'
  }

  /** A watch that is no response over HTTP has begun. */
  started(): void {
    this.#statusText = '{"metadata":{},"code":200}'
    this.#emit('ResponseStarted')
  }

  /** A call that is no request over HTTP is over. object is what it gave, where it gave one. */
  completed(code: number, object: unknown): void {
    this.#statusText = `{"metadata":{},"code":${code}}`
    if (this.#rule?.level === 'RequestResponse' && object !== undefined) {
      this.#responseText = jsonText(this.#rule.omitManagedFields ? withoutManagedFields(object) : object)
    }
    this.#emit('ResponseComplete')
  }

  /** A call that is no request over HTTP was refused. */
  refused({ message, reason, details, code }: StatusError): void {
    this.#statusText = JSON.stringify({ metadata: {}, status: 'Failure', message, reason, details, code })
    this.#emit('ResponseComplete')
  }

  /** The request ended by a defect of the server; message is what the client is told. */
  defect(message: string): void {
    this.#defect = message
  }

  /** The response as it goes out: with the trail's id, and telling the trail of its end. */
  respond(response: ServerResponse): ServerResponse {
    if (response.type === 'tunnel') {
      this.#followTunnel()
      return response
    }
    if (this.#rule === undefined && this.#user === undefined) this.#failedAuthentication(response)
    else if (this.#rule !== undefined) {
      if (response.type === 'stream') return withHeaders(this.#followed(response), { 'audit-id': this.id })
      this.#answered(response)
    }
    return withHeaders(response, { 'audit-id': this.id })
  }

  #answered(response: Extract<ServerResponse, { type: 'whole' }>): void {
    if (this.#defect !== undefined) {
      this.#statusText = JSON.stringify(
        { metadata: {}, status: 'Failure', message: `APIServer panic'd: ${this.#defect}`, reason: 'InternalError', code: 500 }
      )
      return this.#emit('Panic')
    }
    this.#statusText = statusText(response)
    if (this.#isLongRunning()) this.#emit('ResponseStarted')
    if (this.wantsAnswer && this.#answer === 'unknown') this.#readAnswer(response)
    this.#emit('ResponseComplete')
  }

  #readAnswer(response: Extract<ServerResponse, { type: 'whole' }>): void {
    if (lengthOf(response) > MAX_READ_BYTES) return this.answerIsTooLong()
    try {
      this.#responseText = responseObjectText(response, this.#auditor.parts.protobuf, this.omitsManagedFields)
    } catch (error) {
      this.#auditor.parts.log.warn('An answer could not be written to the audit log', { auditId: this.id, error: thrownMessage(error) })
    }
  }

  #followed(response: Extract<ServerResponse, { type: 'stream' }>): ServerResponse {
    this.#statusText = `{"metadata":{},"code":${response.status}}`
    const send = async (sink: ByteSink): Promise<void> => {
      if (this.#isLongRunning()) this.#emit('ResponseStarted')
      try {
        await response.send(sink)
      } finally {
        this.#emit('ResponseComplete')
      }
    }
    return { ...response, send }
  }

  /** What goes through a tunnel (to a node) is not seen here, nor its status; it is over when the connection is. */
  #followTunnel(): void {
    if (this.#rule === undefined) return
    const { headers, signal } = this.#request
    this.#statusText = `{"metadata":{},"code":${headers['upgrade'] === undefined ? 200 : 101}}`
    this.#emit('ResponseStarted')
    if (signal.aborted) this.#emit('ResponseComplete')
    else signal.addEventListener('abort', () => this.#emit('ResponseComplete'), { once: true })
  }

  /** Nobody in particular asked: rules without users may still want it. */
  #failedAuthentication(response: Extract<ServerResponse, { type: 'whole' | 'stream' }>): void {
    if (this.#info === undefined || response.status !== 401) return
    this.#choose()
    const { headers, peer } = this.#request
    const scheme = /^(basic|bearer)\s/i.exec(headers['authorization'] ?? '')?.[1]?.toLowerCase()
    const hasCertificate = peer.certificate !== undefined || peer.validUntil !== undefined
    const tried = [...(scheme === undefined ? [] : [scheme]), ...(hasCertificate ? ['x509'] : [])]
    const message = `Authentication failed, ${tried.length === 0 ? 'no credentials provided' : `attempted: ${tried.join(', ')}`}`
    this.#statusText = JSON.stringify({ metadata: {}, status: 'Failure', message, code: 401 })
    this.#emit('ResponseStarted')
  }

  #choose(): void {
    if (this.#info === undefined) return
    this.#rule = auditRuleFor(this.#auditor.parts.policy, this.#user, this.#info)
    this.#auditor.counts.byLevel[this.#rule?.level ?? 'None']++
    if (this.#rule !== undefined) this.#reference = referenceOf(this.#info)
  }

  #isLongRunning(): boolean {
    return this.#info?.verb === 'watch' || LONG_RUNNING_SUBRESOURCES.has(this.#info?.subresource ?? '')
  }

  #callerText(): string {
    return callerText({
      request: this.#request, verb: this.#info?.verb ?? '', user: this.#user === undefined ? '{}' : this.#auditor.textOf(this.#user),
      impersonated: this.#impersonated === undefined ? undefined : this.#auditor.textOf(this.#impersonated),
    })
  }

  #emit(stage: AuditStage, at = this.#auditor.parts.clock.now()): void {
    const rule = this.#rule
    if (rule === undefined || rule.omitStages.has(stage)) return
    this.#caller ??= this.#callerText()
    this.#receivedText ??= formatMicroTime(this.#receivedAt)
    this.#auditor.emit(auditLine({
      level: rule.level, id: this.id, caller: this.#caller, reference: this.#reference, statusText: this.#statusText,
      requestText: this.#requestText, responseText: this.#responseText, isTooLong: this.#answer === 'too-long',
      receivedText: this.#receivedText, annotations: this.#annotations,
    }, stage, at))
  }
}

function lengthOf({ body }: Extract<ServerResponse, { type: 'whole' }>): number {
  return body.reduce((sum, part) => sum + part.length, 0)
}

/** The path goes first: of a create it has no name. */
function completed(reference: ObjectReference, metadata: { readonly [key: string]: unknown }): ObjectReference {
  const text = (known: string, name: string): string => {
    const given = metadata[name]
    return known === '' && typeof given === 'string' ? given : known
  }
  return {
    ...reference, namespace: text(reference.namespace, 'namespace'), name: text(reference.name, 'name'), uid: text(reference.uid, 'uid'),
    resourceVersion: text(reference.resourceVersion, 'resourceVersion'),
  }
}
