import type { JsonObject } from '../../objects/json.ts'
import { qualifiedNameErrors } from '../../objects/names.ts'
import type { Log, Random } from '../../words/ports.ts'
import { uuid } from '../../words/random.ts'
import { badRequest, internalError, StatusError } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { AdmissionRequest, ObjectReader } from '../access.ts'
import { forbiddenRequest } from '../forbidden-request.ts'
import { answerOf, reviewOf, type ReviewAnswer, type ReviewedObjects } from './admission-review.ts'
import { webhookTarget, type WebhookCaller } from './webhook-caller.ts'
import type { WebhookMetrics, WebhookType } from './webhook-metrics.ts'
import type { MatchConditions, Webhook } from './webhooks.ts'

export interface AskParts {
  readonly caller: WebhookCaller
  readonly reader: ObjectReader
  readonly random: Random
  readonly log: Log
  readonly matchConditions: MatchConditions
  readonly metrics: WebhookMetrics
}

export type Asked =
  | { readonly outcome: 'answered'; readonly answer: ReviewAnswer }
  /** It failed, and its failures are to be ignored. */
  | { readonly outcome: 'failed-open' }

/** A call of a webhook on its way: what of it is counted. */
export class WebhookAsking {
  readonly hook: Webhook
  readonly #type: WebhookType
  readonly #request: AdmissionRequest
  readonly #parts: AskParts
  #startedAt = 0

  constructor(parts: AskParts, hook: Webhook, request: AdmissionRequest, type: WebhookType) {
    this.hook = hook
    this.#type = type
    this.#request = request
    this.#parts = parts
  }

  /** Throws where the webhook refuses, or where it failed and must not; count says so when all is well. */
  async ask(of: ReviewedObjects): Promise<Asked> {
    this.#startedAt = this.#parts.metrics.now()
    this.#checkSideEffects()
    const answer = await this.#call(of)
    if (answer === undefined) return { outcome: 'failed-open' }
    for (const warning of answer.warnings) this.#request.warn?.(warning)
    this.#annotate(answer)
    if (!answer.allowed) throw this.refused(denial(this.hook, answer), 'no_error')
    return { outcome: 'answered', answer }
  }

  /** A request that changes nothing must not make a webhook change anything elsewhere. */
  #checkSideEffects(): void {
    const { name, sideEffects } = this.hook
    if (!this.#request.dryRun || sideEffects === 'None' || sideEffects === 'NoneOnDryRun') return
    throw this.refused(badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`), 'apiserver_internal_error')
  }

  async #call(of: ReviewedObjects): Promise<ReviewAnswer | undefined> {
    const { caller, reader, random } = this.#parts
    const { clientConfig, admissionReviewVersions, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = this.hook
    try {
      const uid = uuid(random)
      const version = admissionReviewVersions.includes('v1') ? 'v1' : (admissionReviewVersions[0] ?? 'v1')
      const target = webhookTarget(clientConfig, reader, timeoutSeconds)
      const review = await caller.call({ target, body: reviewOf(uid, version, this.#request, of), timeoutMs: timeoutSeconds * 1000 })
      return checkedAnswer({ uid, version, mayPatch: this.#type === 'admit' }, review)
    } catch (error) {
      return this.#failed(error)
    }
  }

  /** The webhook is at fault, not the request: its failurePolicy decides. */
  #failed(error: unknown): undefined {
    const { name, failurePolicy } = this.hook
    const { metrics, log } = this.#parts
    if (failurePolicy === 'Ignore') {
      this.#count(UNAVAILABLE)
      metrics.failedOpen(name, this.#type)
      log.warn('a webhook failed and was passed over, as its failurePolicy says', { webhook: name, error: thrownMessage(error) })
      return undefined
    }
    const why = `failed calling webhook ${JSON.stringify(name)}: ${thrownMessage(error)}`
    this.#count(UNAVAILABLE, 'calling_webhook_error')
    throw internalError(why)
  }

  /** The error, counted. */
  refused(error: StatusError, cause: 'no_error' | 'apiserver_internal_error'): StatusError {
    this.#count(cause === 'no_error' ? error.code : 0, cause)
    return error
  }

  /** All is well. */
  allowed(): void {
    this.#count(200)
  }

  #count(code: number, rejection?: 'calling_webhook_error' | 'no_error' | 'apiserver_internal_error'): void {
    const { operation } = this.#request
    this.#parts.metrics.called({ name: this.hook.name, type: this.#type, operation }, { startedAt: this.#startedAt, code, rejection })
  }

  #annotate({ auditAnnotations }: ReviewAnswer): void {
    if (this.#request.audit === undefined) return
    for (const [key, value] of Object.entries(auditAnnotations)) {
      const name = `${this.hook.name}/${key}`
      if (qualifiedNameErrors(name).length === 0) this.#request.audit.annotate(name, value)
    }
  }
}

const DEFAULT_TIMEOUT_SECONDS = 10
const UNAVAILABLE = 503

/** Whether the webhook's conditions hold. Where it cannot be told, its failurePolicy decides. */
export async function conditionsHold(
  { metrics, matchConditions }: AskParts, hook: Webhook, request: AdmissionRequest,
  { of, type }: { readonly of: ReviewedObjects; readonly type: 'admit' | 'validate' },
): Promise<boolean> {
  const { name, failurePolicy } = hook
  if ((hook.matchConditions?.length ?? 0) === 0) return true
  const startedAt = metrics.now()
  const found = await matchConditions(hook.matchConditions ?? [], request, of)
  metrics.conditions({ name, kind: 'webhook', type, operation: request.operation }, metrics.now() - startedAt, found.outcome)
  if (found.outcome !== 'error') return found.outcome === 'matches'
  if (failurePolicy === 'Ignore') return false
  throw forbiddenRequest(request, found.message)
}

function checkedAnswer(of: Parameters<typeof answerOf>[0], review: JsonObject): ReviewAnswer {
  try {
    return answerOf(of, review)
  } catch (error) {
    throw new Error(`received invalid webhook response: ${thrownMessage(error)}`, { cause: error })
  }
}

function denial(hook: Webhook, { code, reason, message, details }: ReviewAnswer): StatusError {
  const said = message !== '' ? message : reason
  const denied = `admission webhook ${JSON.stringify(hook.name)} denied the request`
  return new StatusError(code, reason, said === '' ? `${denied} without explanation` : `${denied}: ${said}`, details)
}
