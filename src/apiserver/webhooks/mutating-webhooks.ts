import { copyJson, isObject, sameJson, type JsonObject } from '../../objects/json.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { applyJsonPatch } from '../../objects/patch-json.ts'
import { internalError } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { AdmissionRequest, Mutator, ObjectReader } from '../access.ts'
import type { ReviewedObjects } from './admission-review.ts'
import { askWebhook, denial, type AskParts } from './ask-webhook.ts'
import { configuredWebhooks, isExempt, reviewedBy, type ConfiguredWebhook, type Equivalents, type Webhook } from './webhooks.ts'

export interface MutatingParts extends AskParts {
  readonly equivalents: Equivalents
  /** What a webhook's patch left, as an object of the kind: types checked, unknown fields dropped. Throws StatusError 400. */
  decode(kind: KindRef, object: JsonObject): KubeObject
}

/**
 * MutatingAdmissionWebhook: each webhook sees what those before it made of the object. One whose reinvocationPolicy is IfNeeded is asked
 * once more where a later one has changed the object since.
 */
export function mutatingWebhooks(parts: MutatingParts): Mutator {
  return {
    name: 'MutatingAdmissionWebhook',
    matches: (request) => !isExempt(request),
    admit(request, reader) {
      const hooks = configuredWebhooks(reader, 'mutating')
      return hooks.length === 0 ? undefined : new Round(parts, request, reader).run(hooks)
    },
  }
}

class Round {
  readonly #parts: MutatingParts
  readonly #request: AdmissionRequest
  readonly #reader: ObjectReader
  /** What the object was after each webhook that may be asked again. */
  readonly #leftBy = new Map<ConfiguredWebhook, KubeObject | undefined>()

  constructor(parts: MutatingParts, request: AdmissionRequest, reader: ObjectReader) {
    this.#parts = parts
    this.#request = request
    this.#reader = reader
  }

  async run(hooks: readonly ConfiguredWebhook[]): Promise<void> {
    for (const each of hooks) {
      const asked = await this.#ask(each.hook)
      if (asked && each.hook.reinvocationPolicy === 'IfNeeded') this.#leftBy.set(each, copyJson(this.#request.object))
    }
    for (const [each, left] of this.#leftBy) if (!sameJson(left, this.#request.object)) await this.#ask(each.hook)
  }

  async #ask(hook: Webhook): Promise<boolean> {
    const of = reviewedBy(hook, this.#request, this.#reader, this.#parts.equivalents)
    if (of === undefined) return false
    const answer = await askWebhook(this.#parts, hook, this.#request, of, true)
    if (answer === undefined) return true
    for (const warning of answer.warnings) this.#request.warn?.(warning)
    if (!answer.allowed) throw denial(hook, answer)
    if (answer.patch !== undefined) this.#patch(hook, of, answer.patch)
    return true
  }

  #patch(hook: Webhook, of: ReviewedObjects, operations: readonly unknown[]): void {
    const draft = this.#request.object
    if (draft === undefined || of.object === undefined) return
    try {
      const patched = applyJsonPatch(of.object, operations)
      if (!isObject(patched)) throw new Error('the patch does not leave an object')
      const decoded = this.#parts.decode(of.kind, copyJson(patched))
      replaceContent(draft, of.kind === this.#request.kind ? decoded : this.#fromFace(of.kind, decoded))
    } catch (error) {
      if (hook.failurePolicy === 'Ignore') return
      throw internalError(`failed calling webhook ${JSON.stringify(hook.name)}: ${thrownMessage(error)}`)
    }
  }

  #fromFace(kind: KindRef, object: KubeObject): KubeObject {
    const face = this.#parts.equivalents(this.#request.kind).find((equivalent) => equivalent.kind === kind)
    return face === undefined ? object : face.fromThat(object)
  }
}

function replaceContent(object: KubeObject, by: KubeObject): void {
  const draft = object as KubeObject & JsonObject
  const content = by as KubeObject & JsonObject
  for (const field of Object.keys(draft)) if (content[field] === undefined) delete draft[field]
  for (const field of Object.keys(content)) draft[field] = content[field]
}
