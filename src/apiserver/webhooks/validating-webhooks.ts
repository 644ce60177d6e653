import type { AdmissionRequest, ObjectReader, Validator, Verdict } from '../access.ts'
import type { ReviewedObjects } from './admission-review.ts'
import { conditionsHold, WebhookAsking, type AskParts } from './ask-webhook.ts'
import { configuredWebhooks, isExempt, reviewedBy, type ConfiguredWebhook, type Equivalents, type Webhook } from './webhooks.ts'

export interface ValidatingParts extends AskParts {
  readonly equivalents: Equivalents
}

/** ValidatingAdmissionWebhook: all webhooks that are concerned are asked at the same time; the first refusal in their order is told. */
export function validatingWebhooks(parts: ValidatingParts): Validator {
  return {
    name: 'ValidatingAdmissionWebhook',
    matches: (request) => !isExempt(request),
    review(request, reader) {
      const hooks = configuredWebhooks(reader, 'validating')
      return hooks.length === 0 ? ALLOWED : parts.metrics.waited(request, askAll(parts, hooks, request, reader))
    },
  }
}

const ALLOWED: Verdict = { allowed: true, warnings: [] }
const FAILED_OPEN = 'failed-open.validating.webhook.admission.k8s.io/'

async function askAll(
  parts: ValidatingParts, hooks: readonly ConfiguredWebhook[], request: AdmissionRequest, reader: ObjectReader,
): Promise<Verdict> {
  const concerned: { readonly hook: Webhook; readonly of: ReviewedObjects }[] = []
  for (const { hook } of hooks) {
    const of = await reviewedBy(hook, request, reader, parts.equivalents)
    if (of !== undefined && await conditionsHold(parts, hook, request, { of, type: 'validate' })) concerned.push({ hook, of })
  }
  // All are waited for, so that none is left behind when another fails.
  const asked = await Promise.allSettled(concerned.map(({ hook, of }, index) => askOne(parts, hook, request, { of, index })))
  for (const settled of asked) if (settled.status === 'rejected') throw settled.reason
  return ALLOWED
}

async function askOne(
  parts: ValidatingParts, hook: Webhook, request: AdmissionRequest, { of, index }: { readonly of: ReviewedObjects; readonly index: number },
): Promise<void> {
  const asking = new WebhookAsking(parts, hook, request, 'validating')
  const asked = await asking.ask(of)
  if (asked.outcome === 'answered') return asking.allowed()
  request.audit?.annotate(`${FAILED_OPEN}round_0_index_${index}`, hook.name)
}
