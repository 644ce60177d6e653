import type { Client, DeleteOptions, ListOptions, ObjectList, Patch, UpdateOptions, WatchEvent, WatchOptions } from '../client/client.ts'
import { isObject, sameJson } from '../objects/json.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../objects/kube-object.ts'
import { keyOf, keyText } from '../objects/kube-object.ts'
import { formatTime } from '../words/instant.ts'
import { sleep } from '../words/ports.ts'
import { alreadyExists, conflict, expired, notFound, serviceUnavailable } from '../words/status-error.ts'
import type { ManualClock, SeededRandom } from '../words/manual-clock.testing.ts'

/** Shares of requests, and times drawn evenly between 0 and the bound. */
export interface Faults {
  readonly lostRequests: number
  readonly lostReplies: number
  /** The reply is lost and the request takes effect only later. */
  readonly lateRequests: number
  readonly maxLatencyMs: number
  readonly maxWatchLagMs: number
  readonly brokenWatches: number
}

export const noFaults: Faults = { lostRequests: 0, lostReplies: 0, lateRequests: 0, maxLatencyMs: 0, maxWatchLagMs: 0, brokenWatches: 0 }

type Change = Exclude<WatchEvent<KubeObject>, { readonly type: 'bookmark' }>

interface Logged {
  readonly revision: number
  readonly resource: string
  readonly change: Change
}

/** A server in memory, small but with revisions, conditional writes, finalizers, watches that lag and replies that get lost. */
export class MemoryClient implements Client {
  faults: Faults
  readonly #clock: ManualClock
  readonly #random: SeededRandom
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  readonly #log: Logged[] = []
  readonly #watchers = new Set<() => void>()
  readonly refusals: ((verb: string, kind: KindRef, object: KubeObject | undefined) => Error | undefined)[] = []
  readonly requests: string[] = []
  #revision = 0
  #oldest = 0

  constructor(clock: ManualClock, random: SeededRandom, faults: Faults = noFaults) {
    this.#clock = clock
    this.#random = random
    this.faults = faults
  }

  /** What is stored now, without faults or delay: the truth for a test's checks. */
  stored<T extends KubeObject>(kind: KindRef<T>): readonly T[] {
    return [...this.#table(kind).values()] as T[]
  }

  /** Watches that want an older revision get 410 from now on. */
  compact(): void {
    this.#oldest = this.#revision
  }

  get<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey): Promise<T> {
    return this.#request('get', kind, undefined, () => this.#find(kind, key))
  }

  list<T extends KubeObject>(kind: KindRef<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    return this.#request('list', kind, undefined, () => {
      const name = options.fieldSelector?.replace('metadata.name=', '')
      const items = this.stored(kind).filter(({ metadata }) => {
        return (
          (options.namespace === undefined || metadata.namespace === options.namespace) && (name === undefined || metadata.name === name)
        )
      })
      return { items: items.slice(0, options.limit ?? items.length), resourceVersion: String(this.#revision), continueToken: '' }
    })
  }

  create<T extends KubeObject>(kind: KindRef<T>, object: T): Promise<T> {
    return this.#request('create', kind, object, () => {
      if (this.#table(kind).has(keyText(keyOf(object)))) {
        throw alreadyExists({ group: kind.group, resource: kind.plural }, object.metadata.name ?? '')
      }
      const metadata = {
        ...object.metadata,
        uid: `uid-${this.#revision + 1}`,
        generation: 1,
        creationTimestamp: formatTime(this.#clock.now()),
      }
      return this.#store(kind, { ...object, metadata }, 'added')
    })
  }

  update<T extends KubeObject>(kind: KindRef<T>, object: T, options: UpdateOptions = {}): Promise<T> {
    return this.#request('update', kind, object, () => this.#replace(kind, object, options.subresource))
  }

  patch<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, patch: Patch, options: UpdateOptions = {}): Promise<T> {
    return this.#request('patch', kind, undefined, () => {
      const body = patch.type === 'json' ? {} : patch.body
      return this.#replace(kind, merged(this.#find(kind, key), body) as T, options.subresource)
    })
  }

  delete<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, options: DeleteOptions = {}): Promise<T | undefined> {
    return this.#request('delete', kind, undefined, () => {
      const found = this.#find(kind, key)
      if (options.uid !== undefined && options.uid !== found.metadata.uid) {
        throw conflict({ group: kind.group, resource: kind.plural }, key.name, 'uid differs')
      }
      const added =
        options.propagationPolicy === 'Foreground' ? ['foregroundDeletion'] : options.propagationPolicy === 'Orphan' ? ['orphan'] : []
      const finalizers = [...new Set([...(found.metadata.finalizers ?? []), ...added])]
      if (finalizers.length === 0) return this.#remove(kind, found)
      if (found.metadata.deletionTimestamp !== undefined) return found
      return this.#store(
        kind,
        { ...found, metadata: { ...found.metadata, finalizers, deletionTimestamp: formatTime(this.#clock.now()) } },
        'modified'
      )
    })
  }

  async deleteCollection(): Promise<void> {
    throw new Error('not needed here')
  }

  /** A test that needs one puts its own here. */
  createSubresource: Client['createSubresource'] = () => Promise.reject(new Error('not needed here'))

  async *watch<T extends KubeObject>(kind: KindRef<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    let revision = this.#revision
    if (options.resourceVersion !== undefined) {
      revision = Number(options.resourceVersion)
      if (revision < this.#oldest) throw expired(`revision ${revision} is compacted`)
    } else {
      for (const object of this.stored(kind)) yield { type: 'added', object }
      yield { type: 'bookmark', resourceVersion: String(revision), initialEventsEnd: true }
    }
    while (!options.signal.aborted) {
      const batch = this.#log.filter((entry) => entry.revision > revision && entry.resource === resourceOf(kind))
      if (batch.length === 0) await this.#nextChange(options.signal)
      for (const entry of batch) {
        await this.#pause(this.faults.maxWatchLagMs)
        if (options.signal.aborted) return
        if (this.#random.next() < this.faults.brokenWatches) throw serviceUnavailable('the watch broke')
        revision = entry.revision
        yield entry.change as WatchEvent<T>
      }
    }
  }

  async #request<R>(verb: string, kind: KindRef, object: KubeObject | undefined, perform: () => R): Promise<R> {
    this.requests.push(`${verb} ${kind.plural} ${object?.metadata.name ?? ''}`.trim())
    await this.#pause(this.faults.maxLatencyMs)
    const { lostRequests, lostReplies, lateRequests, maxLatencyMs } = this.faults
    if (this.#random.next() < lostRequests) throw serviceUnavailable('the request was lost')
    for (const refuse of this.refusals) {
      const error = refuse(verb, kind, object)
      if (error !== undefined) throw error
    }
    if (this.#random.next() < lateRequests) {
      this.#clock.after(this.#random.next() * maxLatencyMs * 5, () => ignoreErrors(perform))
      throw serviceUnavailable('no reply in time')
    }
    const result = perform()
    if (this.#random.next() < lostReplies) throw serviceUnavailable('the reply was lost')
    await this.#pause(maxLatencyMs)
    return result
  }

  #replace<T extends KubeObject>(kind: KindRef<T>, object: T, subresource: string | undefined): T {
    const found = this.#find(kind, keyOf(object))
    const { resourceVersion, uid } = object.metadata
    const stale =
      (resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion)
      || (uid !== undefined && uid !== found.metadata.uid)
    if (stale) throw conflict({ group: kind.group, resource: kind.plural }, object.metadata.name ?? '', 'the object has been modified')
    const [from, status] = subresource === 'status' ? [found, object] : [object, found]
    const next = { ...from, metadata: subresource === 'status' ? annotated(found, object) : metadataAfter(found, object) }
    const whole = { ...next, ...('status' in status ? { status: status.status } : {}) }
    if (
      sameJson(
        { ...whole, metadata: { ...whole.metadata, resourceVersion: '' } },
        { ...found, metadata: { ...found.metadata, resourceVersion: '' } }
      )
    )
      return found
    const held = (whole.metadata.finalizers ?? []).length > 0 || subresource === 'finalize'
    return whole.metadata.deletionTimestamp !== undefined && !held ? this.#remove(kind, whole) : this.#store(kind, whole, 'modified')
  }

  #find<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey): T {
    const found = this.#table(kind).get(keyText(key))
    if (found === undefined) throw notFound({ group: kind.group, resource: kind.plural }, key.name)
    return found as T
  }

  #store<T extends KubeObject>(kind: KindRef<T>, object: T, type: Change['type']): T {
    const written = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision + 1) } }
    this.#table(kind).set(keyText(keyOf(written)), written)
    return this.#tell(kind, type, written)
  }

  #remove<T extends KubeObject>(kind: KindRef<T>, object: T): T {
    this.#table(kind).delete(keyText(keyOf(object)))
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision + 1) } }
    return this.#tell(kind, 'deleted', last)
  }

  #tell<T extends KubeObject>(kind: KindRef<T>, type: Change['type'], object: T): T {
    this.#revision += 1
    this.#log.push({ revision: this.#revision, resource: resourceOf(kind), change: { type, object } })
    for (const wake of this.#watchers) wake()
    return object
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#watchers.delete(wake)
        resolve()
      }
      this.#watchers.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  async #pause(maxMs: number): Promise<void> {
    if (maxMs > 0) await sleep(this.#clock, this.#random.next() * maxMs)
  }

  #table(kind: KindRef): Map<string, KubeObject> {
    const table = this.#objects.get(resourceOf(kind)) ?? new Map<string, KubeObject>()
    this.#objects.set(resourceOf(kind), table)
    return table
  }
}

function resourceOf(kind: KindRef): string {
  return `${kind.group}/${kind.plural}`
}

/** What only the server sets stays; a new spec is a new generation. */
function metadataAfter(before: KubeObject, after: KubeObject): KubeObject['metadata'] {
  const spec = (object: KubeObject): unknown => ('spec' in object ? object.spec : undefined)
  const { uid, creationTimestamp, deletionTimestamp, resourceVersion, generation = 0 } = before.metadata
  const kept = Object.fromEntries(
    Object.entries({ uid, creationTimestamp, deletionTimestamp, resourceVersion }).filter(([, value]) => value !== undefined)
  )
  return { ...after.metadata, ...kept, generation: generation + Number(!sameJson(spec(before), spec(after))) }
}

/** RFC 7396; lists of conditions merge by type as strategic patches do. */
function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else if (value !== undefined) result[key] = merged(result[key], value)
  }
  return result
}

function ignoreErrors(perform: () => unknown): void {
  try {
    perform()
  } catch {
    // A late request that is refused then changes nothing.
  }
}

/** A status comes with annotations, as those of Deployments do; other metadata stays. */
function annotated({ metadata }: KubeObject, { metadata: { annotations } }: KubeObject): KubeObject['metadata'] {
  return annotations === undefined ? metadata : { ...metadata, annotations }
}
