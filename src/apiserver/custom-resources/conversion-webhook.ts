import type { KubeObject } from '../../objects/kube-object.ts'
import type { CustomResourceDefinition } from '../../resources/generated/types.ts'
import { present } from '../../words/assert.ts'
import type { Clock, Random } from '../../words/ports.ts'
import { uuid } from '../../words/random.ts'
import { StatusError } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { ObjectReader } from '../access.ts'
import { webhookTarget, type WebhookCaller, type WebhookTarget } from '../webhooks/webhook-caller.ts'
import { CallLane } from './call-lane.ts'
import { conversionReview, convertedObjects, reviewVersion } from './conversion-review.ts'
import { checkedConversion, type CheckedConversion } from './converted-object.ts'

export interface ConversionParts {
  readonly caller: WebhookCaller
  readonly reader: ObjectReader
  readonly clock: Clock
  readonly random: Random
}

/** Upstream's; it is no part of the API. */
const TIMEOUT_MS = 30_000
const LANE = { calls: 16, waiting: 64, waitMs: TIMEOUT_MS } as const

/** The webhook of one CustomResourceDefinition that converts between its versions. */
export class ConversionWebhook {
  readonly #parts: ConversionParts
  readonly #crd: CustomResourceDefinition
  readonly #lane: CallLane

  constructor(parts: ConversionParts, crd: CustomResourceDefinition) {
    this.#parts = parts
    this.#crd = crd
    this.#lane = new CallLane(parts.clock, LANE)
  }

  /** All at once, from one version to another, in their order. Rejects with a StatusError that says what went wrong there. */
  async convert(objects: readonly KubeObject[], apiVersion: string): Promise<readonly KubeObject[]> {
    const [first] = objects
    if (first === undefined) return []
    const hook = `conversion webhook for ${first.apiVersion}, Kind=${first.kind}`
    const answered = await this.#lane.run(hook, () => this.#ask(hook, objects, apiVersion))
    if (answered.length !== objects.length) throw failure(`${hook} returned ${answered.length} objects, expected ${objects.length}`)
    return objects.map((original, index) => {
      const checked = checkedConversion(original, answered[index], apiVersion)
      if (checked.outcome === 'object') return checked.object
      throw failure(`${hook} returned ${wordsOf(checked, objects.length === 1 ? undefined : index)}`)
    })
  }

  async #ask(hook: string, objects: readonly KubeObject[], desiredAPIVersion: string): Promise<readonly unknown[]> {
    const webhook = this.#crd.spec.conversion?.webhook
    const apiVersion = reviewVersion(webhook?.conversionReviewVersions ?? [])
    if (apiVersion === undefined) throw failure('no supported conversion review versions')
    const uid = uuid(this.#parts.random)
    try {
      const target = withTimeout(webhookTarget(present(webhook?.clientConfig, 'the client configuration of a webhook'), this.#parts.reader))
      const body = conversionReview(apiVersion, { uid, objects, desiredAPIVersion })
      return convertedObjects(await this.#parts.caller.call({ target, body, timeoutMs: TIMEOUT_MS }), { uid, apiVersion })
    } catch (error) {
      throw failure(`${hook} failed: ${thrownMessage(error).replace(/^failed to call webhook: /, '')}`)
    }
  }
}

/** Webhooks are told how long they have. */
function withTimeout(target: WebhookTarget): WebhookTarget {
  return { ...target, path: `${target.path}${target.path.includes('?') ? '&' : '?'}timeout=${TIMEOUT_MS / 1000}s` }
}

/** Upstream knows no reason for these. */
function failure(message: string): StatusError {
  return new StatusError(500, '', message)
}

/** index: undefined where only one object was asked for. */
function wordsOf({ part, message }: CheckedConversion & { outcome: 'wrong' }, index: number | undefined): string {
  if (index !== undefined) return part === 'metadata' ? `invalid metadata in object at index ${index}: ${message}` : `invalid converted object at index ${index}: ${message}`
  if (part === 'version') return `invalid object at index 0: ${message}`
  return part === 'metadata' ? `invalid metadata: ${message}` : `invalid object: ${message}`
}
