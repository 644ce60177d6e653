import type { Random } from '../../words/ports.ts'
import { uuid } from '../../words/random.ts'
import { internalError, StatusError } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { AdmissionRequest, ObjectReader } from '../access.ts'
import { answerOf, reviewOf, type ReviewAnswer, type ReviewedObjects } from './admission-review.ts'
import { webhookTarget, type WebhookCaller } from './webhook-caller.ts'
import type { MatchConditions, Webhook } from './webhooks.ts'

export interface AskParts {
  readonly caller: WebhookCaller
  readonly reader: ObjectReader
  readonly random: Random
  readonly matchConditions: MatchConditions
}

const DEFAULT_TIMEOUT_SECONDS = 10

/**
 * Asks one webhook. Undefined: it has nothing to say, because its conditions do not hold or because it failed and its failures are to be ignored.
 * Throws 500 where it failed and must not. mayPatch: it is a mutating one.
 */
export async function askWebhook(
  parts: AskParts, hook: Webhook, request: AdmissionRequest, of: ReviewedObjects, mayPatch: boolean,
): Promise<ReviewAnswer | undefined> {
  try {
    if ((hook.matchConditions?.length ?? 0) > 0 && !(await parts.matchConditions(hook.matchConditions ?? [], request, of))) return undefined
    const uid = uuid(parts.random)
    const version = hook.admissionReviewVersions.includes('v1') ? 'v1' : (hook.admissionReviewVersions[0] ?? 'v1')
    const review = await parts.caller.call({
      target: webhookTarget(hook.clientConfig, parts.reader), body: reviewOf(uid, version, request, of),
      timeoutMs: (hook.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
    })
    return answerOf(uid, review, mayPatch)
  } catch (error) {
    const why = `failed calling webhook ${JSON.stringify(hook.name)}: ${thrownMessage(error)}`
    if (hook.failurePolicy === 'Ignore') return undefined
    throw internalError(why)
  }
}

export function denial(hook: Webhook, { code, reason, message }: ReviewAnswer): StatusError {
  const said = message !== '' ? message : reason
  const denied = `admission webhook ${JSON.stringify(hook.name)} denied the request`
  return new StatusError(code, code === 403 ? 'Forbidden' : code === 422 ? 'Invalid' : 'BadRequest', said === '' ? `${denied} without explanation` : `${denied}: ${said}`)
}
