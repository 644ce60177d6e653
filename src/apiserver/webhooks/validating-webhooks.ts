import type { AdmissionRequest, ObjectReader, Validator, Verdict } from '../access.ts'
import { askWebhook, denial, type AskParts } from './ask-webhook.ts'
import { configuredWebhooks, isExempt, reviewedBy, type ConfiguredWebhook, type Equivalents } from './webhooks.ts'

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
      return hooks.length === 0 ? ALLOWED : askAll(parts, hooks, request, reader)
    },
  }
}

const ALLOWED: Verdict = { allowed: true, warnings: [] }

async function askAll(parts: ValidatingParts, hooks: readonly ConfiguredWebhook[], request: AdmissionRequest, reader: ObjectReader): Promise<Verdict> {
  const asked = hooks.flatMap(({ hook }) => {
    const of = reviewedBy(hook, request, reader, parts.equivalents)
    return of === undefined ? [] : [askWebhook(parts, hook, request, of, false).then((answer) => ({ hook, answer }))]
  })
  const warnings: string[] = []
  // All are waited for, so that none is left behind when another fails.
  const answers = await Promise.allSettled(asked)
  for (const settled of answers) {
    if (settled.status === 'rejected') throw settled.reason
    const { hook, answer } = settled.value
    if (answer === undefined) continue
    if (!answer.allowed) throw denial(hook, answer)
    warnings.push(...answer.warnings)
  }
  return { allowed: true, warnings }
}
