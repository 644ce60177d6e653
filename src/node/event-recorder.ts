import type { Client } from '../client/client.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import { apiVersionOf } from '../objects/kind.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Event, ObjectReference } from '../resources/generated/types.ts'
import { formatTime } from '../words/instant.ts'
import type { Clock, Log, Random } from '../words/ports.ts'

export interface EventRecorderParts {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly nodeName: string
}

export interface NewEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** spec.containers{web}: the part of the object that it is about. */
  readonly fieldPath?: string
}

interface Told {
  readonly name: string
  readonly namespace: string
  readonly firstTimestamp: string
  count: number
}

interface Job {
  readonly key: string
  readonly event: Event
}

const MAX_QUEUE = 1000
const MAX_TOLD = 1024
/** Per object: a burst, then one every five minutes. */
const BURST = 25
const REFILL_MS = 300_000

/**
 * Writes events in the background, one after the other. The same event again raises the count of the one that was written. Losing one harms
 * nothing: a full queue drops the new one, and an API server that is away costs those that could not be written.
 */
export class EventRecorder {
  readonly #parts: EventRecorderParts
  readonly #queue: Job[] = []
  readonly #told = new Map<string, Told>()
  readonly #buckets = new Map<string, { tokens: number; at: number }>()
  #isWriting = false

  constructor(parts: EventRecorderParts) {
    this.#parts = parts
  }

  record(regarding: KubeObject, event: NewEvent): void {
    const { clock, nodeName, log } = this.#parts
    const reference = referenceTo(regarding, event.fieldPath)
    const source = reference.uid ?? reference.name ?? ''
    if (this.#queue.length >= MAX_QUEUE || !this.#mayTell(source)) {
      log.debug('an event was dropped', { reason: event.reason, object: reference.name })
      return
    }
    const time = formatTime(clock.now())
    const namespace = reference.namespace === undefined || reference.namespace === '' ? 'default' : reference.namespace
    const key = [source, event.fieldPath ?? '', event.type, event.reason, event.message].join('\n')
    this.#queue.push({
      key,
      event: {
        apiVersion: 'v1', kind: 'Event',
        metadata: { name: `${reference.name ?? 'unknown'}.${this.#suffix()}`, namespace },
        involvedObject: reference, reason: event.reason, message: event.message.slice(0, 1024), type: event.type, count: 1,
        firstTimestamp: time, lastTimestamp: time, source: { component: 'kubelet', host: nodeName },
        reportingComponent: 'kubelet', reportingInstance: nodeName,
      },
    })
    if (!this.#isWriting) void this.#drain()
  }

  /** Sixteen hex digits, as in the names of upstream's events. */
  #suffix(): string {
    return Array.from(this.#parts.random.bytes(8), (byte) => byte.toString(16).padStart(2, '0')).join('')
  }

  #mayTell(source: string): boolean {
    const now = this.#parts.clock.now()
    const bucket = this.#buckets.get(source) ?? { tokens: BURST, at: now }
    const refilled = Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL_MS)
    this.#buckets.delete(source)
    this.#buckets.set(source, { tokens: Math.max(0, refilled - 1), at: now })
    forgetOldest(this.#buckets, MAX_TOLD)
    return refilled >= 1
  }

  async #drain(): Promise<void> {
    this.#isWriting = true
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      try {
        await this.#write(job)
      } catch (error) {
        this.#parts.log.debug('an event could not be written', { reason: job.event.reason, problem: error instanceof Error ? error.message : String(error) })
      }
    }
    this.#isWriting = false
  }

  async #write({ key, event }: Job): Promise<void> {
    const { client } = this.#parts
    const told = this.#told.get(key)
    if (told === undefined) return this.#create(key, event)
    told.count++
    try {
      const body = { count: told.count, lastTimestamp: event.lastTimestamp }
      await client.patch(kinds.Event, { namespace: told.namespace, name: told.name }, { type: 'merge', body })
    } catch {
      // The old one may have expired: tell it anew.
      await this.#create(key, event)
    }
  }

  async #create(key: string, event: Event): Promise<void> {
    await this.#parts.client.create(kinds.Event, event)
    const { name = '', namespace = '' } = event.metadata
    this.#told.delete(key)
    this.#told.set(key, { name, namespace, firstTimestamp: event.firstTimestamp ?? '', count: 1 })
    forgetOldest(this.#told, MAX_TOLD)
  }
}

function forgetOldest(map: Map<string, unknown>, limit: number): void {
  for (const key of map.keys()) {
    if (map.size <= limit) return
    map.delete(key)
  }
}

function referenceTo(object: KubeObject, fieldPath: string | undefined): ObjectReference {
  const { name, namespace, uid, resourceVersion } = object.metadata
  const isPod = object.kind === 'Pod'
  return {
    apiVersion: isPod ? apiVersionOf(kinds.Pod) : object.apiVersion,
    kind: object.kind,
    ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(fieldPath === undefined ? {} : { fieldPath }),
  }
}
