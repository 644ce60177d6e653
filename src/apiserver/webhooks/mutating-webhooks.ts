import { copyJson, isObject, sameJson, type JsonObject } from '../../objects/json.ts'
import { jsonText, parseJson } from '../../objects/json-text.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { applyJsonPatch, patchProblem } from '../../objects/patch-json.ts'
import { oncePer } from '../../words/once-per.ts'
import { internalError } from '../../words/status-error.ts'
import type { AdmissionRequest, MutationRound, Mutator, ObjectReader } from '../access.ts'
import { isSameKind, replaceContent, toFace } from './drafts.ts'
import type { ReviewedObjects } from './admission-review.ts'
import { conditionsHold, WebhookAsking, type AskParts } from './ask-webhook.ts'
import { Reinvocation } from './reinvocation.ts'
import { configuredWebhooks, isExempt, reviewedBy, type ConfiguredWebhook, type Equivalents } from './webhooks.ts'

export interface MutatingParts extends AskParts {
  readonly equivalents: Equivalents
  /** What a webhook's patch left, as an object of the kind: types checked, unknown fields dropped, defaults filled in. Throws StatusError 400. */
  decode(kind: KindRef, object: JsonObject): { readonly object: KubeObject }
}

/**
 * MutatingAdmissionWebhook: each webhook sees what those before it made of the object. When any of them has changed it, all mutators have
 * a second round, in which only those webhooks are asked again that want to (reinvocationPolicy IfNeeded) and after which it was changed.
 */
export function mutatingWebhooks(parts: MutatingParts): Mutator {
  // Between the rounds of a request; most have one round and none of this.
  const reinvocationOf = oncePer<AdmissionRequest, Reinvocation>(() => new Reinvocation())
  return {
    name: 'MutatingAdmissionWebhook',
    matches: (request) => !isExempt(request),
    admit(request, reader, round) {
      const hooks = configuredWebhooks(reader, 'mutating')
      if (hooks.length === 0) return undefined
      return parts.metrics.waited(request, new Pass(parts, { request, reader, round, reinvocation: reinvocationOf(request) }).run(hooks))
    },
  }
}

interface PassOf {
  readonly request: AdmissionRequest
  readonly reader: ObjectReader
  readonly round: MutationRound
  readonly reinvocation: Reinvocation
}

const MUTATION = 'mutation.webhook.admission.k8s.io/'
const PATCH = 'patch.webhook.admission.k8s.io/'

/** One round over the webhooks. */
class Pass {
  readonly #parts: MutatingParts
  readonly #of: PassOf

  constructor(parts: MutatingParts, of: PassOf) {
    this.#parts = parts
    this.#of = of
  }

  async run(hooks: readonly ConfiguredWebhook[]): Promise<'changed' | void> {
    const { request, reader, round, reinvocation } = this.#of
    if (round === 'again') reinvocation.lookAt(request.object)
    let isChanged = false
    for (const [index, each] of hooks.entries()) {
      const { hook } = each
      const of = await reviewedBy(hook, request, reader, this.#parts.equivalents)
      if (of === undefined || !(await conditionsHold(this.#parts, hook, request, { of, type: 'admit' }))) continue
      const id = `${each.configuration}/${hook.name}`
      // Who was not asked in the first round is not in the second either, even if it would concern him now.
      if (round === 'again' && !reinvocation.isWanted(id)) continue
      const changed = await this.#ask(each, of, index)
      if (changed) {
        isChanged = true
        reinvocation.changed()
      }
      if (hook.reinvocationPolicy === 'IfNeeded') reinvocation.asked(id)
    }
    reinvocation.leave(request.object)
    return isChanged ? 'changed' : undefined
  }

  /** Whether it changed the object. */
  async #ask({ hook, configuration }: ConfiguredWebhook, of: ReviewedObjects, index: number): Promise<boolean> {
    const { request, round } = this.#of
    const place = `round_${round === 'first' ? 0 : 1}_index_${index}`
    const note = (isMutated: boolean): void =>
      request.audit?.annotate(`${MUTATION}${place}`, JSON.stringify({ configuration, webhook: hook.name, mutated: isMutated }))
    const asking = new WebhookAsking(this.#parts, hook, request, 'admit')
    let isChanged = false
    try {
      const asked = await asking.ask(of)
      if (asked.outcome === 'failed-open') {
        request.audit?.annotate(`failed-open.${MUTATION}${place}`, hook.name)
        return false
      }
      const patch = operationsOf(asking, asked.answer.patch)
      if (patch.length > 0) {
        isChanged = await this.#patch(asking, of, patch)
        request.audit?.annotate(
          `${PATCH}${place}`, jsonText({ configuration, webhook: hook.name, patch, patchType: 'JSONPatch' }), 'Request',
        )
      }
      asking.allowed()
      return isChanged
    } finally {
      note(isChanged)
    }
  }

  /** What cannot be applied is the server's error, whatever the webhook's failurePolicy says. */
  async #patch(asking: WebhookAsking, of: ReviewedObjects, operations: readonly unknown[]): Promise<boolean> {
    const draft = this.#of.request.object
    const refuse = (why: string): Error => asking.refused(internalError(why), 'apiserver_internal_error')
    if (draft === undefined || of.object === undefined) {
      const { name } = asking.hook
      throw refuse(`admission webhook ${JSON.stringify(name)} attempted to modify the object, which is not supported for this operation`)
    }
    try {
      const patched = applyJsonPatch(of.object, operations)
      if (!isObject(patched)) throw new Error('the patch does not leave an object')
      if (!isSameKind(of.object, patched)) throw new Error('the patch must not change the kind or apiVersion of the object')
      const isChanged = !sameJson(of.object, patched)
      const decoded = this.#parts.decode(of.kind, copyJson(patched)).object
      replaceContent(draft, await toFace(this.#parts.equivalents, { from: of.kind, to: this.#of.request.kind }, decoded))
      return isChanged
    } catch (error) {
      throw refuse(patchProblem(error))
    }
  }
}

/** What is no patch at all is the server's error too, as upstream has it. */
function operationsOf(asking: WebhookAsking, text: string | undefined): readonly unknown[] {
  if (text === undefined) return []
  try {
    const operations: unknown = parseJson(text)
    if (operations === null) return []
    if (!Array.isArray(operations)) throw new Error('the patch is not a list of operations')
    return operations
  } catch (error) {
    throw asking.refused(internalError(patchProblem(error)), 'apiserver_internal_error')
  }
}
