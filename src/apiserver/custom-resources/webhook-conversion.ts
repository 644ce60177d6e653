import { apiVersionOf } from '../../objects/kind.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { present } from '../../words/assert.ts'
import type { Clock } from '../../words/ports.ts'
import { StatusError } from '../../words/status-error.ts'
import type { Conversion, RemoteConversion } from '../resource-set.ts'
import { ShownObject, withRevision } from '../watch-cache/cached-object.ts'
import type { CachedObject, Served } from '../watch-cache/cached-object.ts'
import type { ConversionWebhook } from './conversion-webhook.ts'
import { vanishedVersion } from './vanished-versions.ts'
import type { VersionForms } from './version-forms.ts'

/** What one call of a webhook is given at most: its answer must fit into what the server reads of one. */
const MAX_OBJECTS = 500
const MAX_BYTES = 1024 * 1024
/** So many calls of one list are under way at once. */
const CALLS_OF_A_LIST = 4
/**
 * Lists and watches ask for a conversion again after this time, as the webhook may have been replaced meanwhile. Upstream's never do: its
 * cache converts an object once, when it comes from the store. A GET that names no revision asks the webhook each time, there and here.
 */
const KEPT_MS = 30_000

interface Made {
  readonly shown: Served
  readonly atMs: number
}

export interface WebhookConversionParts {
  readonly webhook: ConversionWebhook
  readonly forms: VersionForms
  readonly served: KindRef
  readonly stored: KindRef
  readonly clock: Clock
}

interface Question {
  readonly answer: Promise<Served>
  /** Asked when this one is answered, for all who came in between. */
  next: Promise<Served> | undefined
}

/**
 * Strategy Webhook, as one version sees it. What was converted is remembered for a while with the object that it was made of, so that a
 * hundred watchers of an object are one question. An object of the cache is one resourceVersion of one uid, and each generation of a
 * definition has a conversion of its own: another object, another URL or another authority of the webhook never meets what was remembered.
 */
export class WebhookConversion implements RemoteConversion {
  readonly #parts: WebhookConversionParts
  readonly #servedVersion: string
  readonly #storedVersion: string
  readonly #made = new WeakMap<CachedObject, Made>()
  /** What shown objects were converted from: nobody has to be asked for that. */
  readonly #sources = new WeakMap<KubeObject, KubeObject>()
  /** What is being asked for now: who wants the same waits for the same answer. */
  readonly #asked = new Map<CachedObject, Promise<void>>()
  readonly #questions = new Map<CachedObject, Question>()

  constructor(parts: WebhookConversionParts) {
    this.#parts = parts
    this.#servedVersion = apiVersionOf(parts.served)
    this.#storedVersion = apiVersionOf(parts.stored)
  }

  show(objects: readonly CachedObject[]): readonly Served[] | Promise<readonly Served[]> {
    const known: Served[] = []
    const missing: CachedObject[] = []
    for (const object of objects) {
      const shown = this.#known(object)
      if (shown === undefined) missing.push(object)
      else known.push(shown)
    }
    return missing.length === 0 ? known : this.#showLater(objects, known, missing)
  }

  /** However many ask at once, one question about an object is under way, and one waits for it that all of them share who came meanwhile. */
  showNow(object: CachedObject): Served | Promise<Served> {
    if (object.object.apiVersion === this.#servedVersion) return present(this.#known(object), 'an object as it is stored')
    const question = this.#questions.get(object)
    if (question === undefined) return this.#askNow(object)
    const again = (): Promise<Served> => this.#askNow(object)
    question.next ??= question.answer.then(again, again)
    return question.next
  }

  #askNow(object: CachedObject): Promise<Served> {
    const answer = this.#convertAlike([object]).then(([shown]) => present(shown, 'the one object that was to be converted'))
    const question: Question = { answer, next: undefined }
    this.#questions.set(object, question)
    const forget = (): void => {
      if (this.#questions.get(object) === question && question.next === undefined) this.#questions.delete(object)
    }
    answer.then(forget, forget)
    return answer
  }

  /** known: what was there already, in the order of the objects and without those that are missing; it may be too old when the last has come. */
  async #showLater(
    objects: readonly CachedObject[], known: readonly Served[], missing: readonly CachedObject[],
  ): Promise<readonly Served[]> {
    const batches = batchesOf(missing)
    const made = new Map<CachedObject, Served | undefined>()
    for (let next = 0; next < batches.length; next += CALLS_OF_A_LIST) {
      const some = batches.slice(next, next + CALLS_OF_A_LIST)
      await Promise.all(some.map((batch) => this.#make(batch)))
      for (const batch of some) for (const object of batch) made.set(object, this.#made.get(object)?.shown)
    }
    const rest = known.values()
    return objects.map((object) => present(made.has(object) ? made.get(object) : rest.next().value, 'a converted object'))
  }

  #known(object: CachedObject): Served | undefined {
    const { clock, forms } = this.#parts
    const made = this.#made.get(object)
    if (made !== undefined) return clock.now() - made.atMs < KEPT_MS ? made.shown : undefined
    if (object.object.apiVersion !== this.#servedVersion) return undefined
    const normal = forms.normal(object.object)
    const shown = normal === object.object ? object : new ShownObject(normal)
    this.#made.set(object, { shown, atMs: Number.POSITIVE_INFINITY })
    return shown
  }

  async #make(batch: readonly CachedObject[]): Promise<void> {
    const fresh = batch.filter((object) => !this.#asked.has(object))
    const asking = fresh.length === 0 ? undefined : this.#convert(fresh)
    for (const object of fresh) if (asking !== undefined) this.#asked.set(object, asking)
    const all = new Set(batch.map((object) => this.#asked.get(object)))
    try {
      await Promise.all(all)
    } finally {
      for (const object of fresh) this.#asked.delete(object)
    }
  }

  async #convert(batch: readonly CachedObject[]): Promise<void> {
    const versions = new Map<string, CachedObject[]>()
    for (const cached of batch) {
      const { apiVersion } = cached.object
      const known = versions.get(apiVersion)
      if (known === undefined) versions.set(apiVersion, [cached])
      else known.push(cached)
    }
    await Promise.all([...versions.values()].map((some) => this.#convertAlike(some)))
  }

  /** Objects that are stored in one version. */
  async #convertAlike(some: readonly CachedObject[]): Promise<readonly Served[]> {
    const { webhook, forms, clock } = this.#parts
    const apiVersion = some[0]?.object.apiVersion ?? ''
    if (!forms.has(apiVersion)) throw vanishedVersion(apiVersion)
    const converted = await webhook.convert(some.map(({ object }) => forms.normal(object)), this.#servedVersion)
    return some.map((cached, index) => {
      const object = withRevision(forms.pruned(present(converted[index], 'a converted object')), cached.revision)
      const shown = new ShownObject(object)
      this.#sources.set(object, cached.object)
      this.#made.set(cached, { shown, atMs: clock.now() })
      return shown
    })
  }

  toStored(object: KubeObject): KubeObject | Promise<KubeObject> {
    return this.convert(object, this.#storedVersion)
  }

  convert(object: KubeObject, apiVersion: string): KubeObject | Promise<KubeObject> {
    if (object.apiVersion === apiVersion) return object
    const source = this.#sources.get(object)
    return source?.apiVersion === apiVersion ? this.#parts.forms.normal(source) : this.#converted(object, apiVersion)
  }

  async #converted(object: KubeObject, apiVersion: string): Promise<KubeObject> {
    const { webhook, forms } = this.#parts
    const [converted] = await webhook.convert([object], apiVersion)
    const { resourceVersion } = object.metadata
    const result = forms.pruned(present(converted, 'a converted object'))
    return resourceVersion === undefined ? result : { ...result, metadata: { ...result.metadata, resourceVersion } }
  }
}

function batchesOf(objects: readonly CachedObject[]): readonly (readonly CachedObject[])[] {
  const batches: CachedObject[][] = []
  let batch: CachedObject[] = []
  let bytes = 0
  for (const object of objects) {
    if (batch.length === MAX_OBJECTS || (batch.length > 0 && bytes + object.bytes.length > MAX_BYTES)) {
      batches.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(object)
    bytes += object.bytes.length
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

/**
 * For readers that cannot wait. Who reads the stored version sees each object in the version that it is stored in: the cluster's own
 * parts look at metadata only, and must go on while a webhook is down. Who reads another one hears that he would have to ask for it.
 */
export function waitlessConversion(forms: VersionForms, served: KindRef, stored: KindRef): Conversion {
  const only = (apiVersion: string) => (object: KubeObject): KubeObject => {
    if (object.apiVersion === apiVersion) return forms.normal(object)
    throw new StatusError(
      500, '',
      `${served.kind} ${JSON.stringify(object.metadata.name ?? '')} is stored as ${object.apiVersion}: only its conversion webhook can show it as ${apiVersion}`,
    )
  }
  const toServed = served === stored ? (object: KubeObject) => forms.normal(object) : only(apiVersionOf(served))
  return { served, stored, toServed, toStored: only(apiVersionOf(stored)) }
}
