import type { JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { CustomResourceDefinition } from '../../resources/generated/types.ts'
import { present } from '../../words/assert.ts'
import type { Clock, Random } from '../../words/ports.ts'
import { uuid } from '../../words/random.ts'
import { StatusError } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { ObjectReader } from '../access.ts'
import { webhookTarget, type WebhookCaller } from '../webhooks/webhook-caller.ts'
import { CallLane } from './call-lane.ts'
import type { ConversionFailure, ConversionMetrics } from './conversion-metrics.ts'
import { conversionReview, convertedObjects, reviewVersion } from './conversion-review.ts'
import { checkedConversion, type CheckedConversion } from './converted-object.ts'

export interface ConversionParts {
  readonly caller: WebhookCaller
  readonly reader: ObjectReader
  readonly clock: Clock
  readonly random: Random
  readonly metrics: ConversionMetrics
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
    return this.#lane.run(hook, () => this.#counted(hook, objects, { from: first.apiVersion, to: apiVersion }))
  }

  async #counted(
    hook: string, objects: readonly KubeObject[], versions: { readonly from: string; readonly to: string },
  ): Promise<readonly KubeObject[]> {
    const { metrics } = this.#parts
    const startedAt = metrics.now()
    const short = (apiVersion: string): string => apiVersion.slice(apiVersion.indexOf('/') + 1)
    const of = { crd: this.#crd.metadata.name ?? '', from: short(versions.from), to: short(versions.to) }
    try {
      const converted = checked(hook, objects, await this.#ask(hook, objects, versions.to), versions.to)
      metrics.called(of, startedAt, undefined)
      return converted
    } catch (error) {
      metrics.called(of, startedAt, error instanceof Failure ? error.type : 'conversion_webhook_call_failure')
      throw error instanceof Failure ? new StatusError(500, '', error.message) : error
    }
  }

  async #ask(hook: string, objects: readonly KubeObject[], desiredAPIVersion: string): Promise<readonly unknown[]> {
    const webhook = this.#crd.spec.conversion?.webhook
    const apiVersion = reviewVersion(webhook?.conversionReviewVersions ?? [])
    if (apiVersion === undefined) throw new Failure('conversion_webhook_call_failure', 'no supported conversion review versions')
    const uid = uuid(this.#parts.random)
    const body = conversionReview(apiVersion, { uid, objects, desiredAPIVersion })
    const review = await this.#call(hook, body)
    try {
      return convertedObjects(review, { uid, apiVersion })
    } catch (error) {
      throw new Failure('conversion_webhook_malformed_response_failure', `${hook} failed: ${thrownMessage(error)}`)
    }
  }

  async #call(hook: string, body: JsonObject): Promise<JsonObject> {
    const { caller, reader } = this.#parts
    try {
      const clientConfig = present(this.#crd.spec.conversion?.webhook?.clientConfig, 'the client configuration of a webhook')
      return await caller.call({ target: webhookTarget(clientConfig, reader, TIMEOUT_MS / 1000), body, timeoutMs: TIMEOUT_MS })
    } catch (error) {
      throw new Failure(
        'conversion_webhook_call_failure', `${hook} failed: ${thrownMessage(error).replace(/^failed to call webhook: /, '')}`,
      )
    }
  }
}

/** Upstream knows no reason for what clients are told of these. */
class Failure extends Error {
  readonly type: ConversionFailure

  constructor(type: ConversionFailure, message: string) {
    super(message)
    this.type = type
  }
}

function checked(hook: string, objects: readonly KubeObject[], answered: readonly unknown[], apiVersion: string): readonly KubeObject[] {
  if (answered.length !== objects.length) {
    throw new Failure(
      'conversion_webhook_partial_response_failure', `${hook} returned ${answered.length} objects, expected ${objects.length}`,
    )
  }
  return objects.map((original, index) => {
    const one = checkedConversion(original, answered[index], apiVersion)
    if (one.outcome === 'object') return one.object
    const words = wordsOf(one, objects.length === 1 ? undefined : index)
    throw new Failure('conversion_webhook_invalid_converted_object_failure', `${hook} returned ${words}`)
  })
}

/** index: undefined where only one object was asked for. */
function wordsOf({ part, message }: CheckedConversion & { outcome: 'wrong' }, index: number | undefined): string {
  if (index !== undefined) {
    return part === 'metadata'
      ? `invalid metadata in object at index ${index}: ${message}`
      : `invalid converted object at index ${index}: ${message}`
  }
  if (part === 'version') return `invalid object at index 0: ${message}`
  return part === 'metadata' ? `invalid metadata: ${message}` : `invalid object: ${message}`
}
