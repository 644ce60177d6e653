import type { KubeObject } from '../objects/kube-object.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Event, ObjectReference } from '../resources/generated/types.ts'
import { formatTime } from '../words/instant.ts'
import { OldestFirst } from '../words/oldest-first.ts'
import type { Clock, Log } from '../words/ports.ts'
import { sleep } from '../words/ports.ts'
import { StatusError } from '../words/status-error.ts'
import type { Client } from './client.ts'
import { EventCorrelator } from './event-correlator.ts'
import type { Occurrence } from './event-correlator.ts'

export interface EventNote {
  readonly regarding: KubeObject
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** Who reports: deployment-controller. */
  readonly component: string
  /** Of the regarding object: spec.containers{web}. */
  readonly fieldPath?: string
}

export interface RecorderParts {
  readonly client: Client
  readonly clock: Clock
  readonly log: Log
  /** The reporter's node; '' for the control plane. */
  readonly instance: string
}

/** A cluster that starts some thousand pods at once tells of each. */
const MAX_QUEUED = 10_000
/**
 * Events under way at once: few, as what they tell of goes before them, but not one, as a slow write holds up its own object only. Of a
 * long queue more go at once, so that its room suffices.
 */
const MIN_SENDING = 2
const QUEUED_PER_MORE = 1_000
const SEND_ATTEMPTS = 3
const RETRY_MS = 500

/**
 * Tells people what happened to an object, as core/v1 Events. The same happening raises the count of one Event instead of making
 * another; many alike are combined; one object gets at most 25 at once and then one each five minutes. Losing one harms nothing.
 */
export class EventRecorder {
  readonly #parts: RecorderParts
  readonly #correlator = new EventCorrelator()
  readonly #queue = new Set<Occurrence>()
  readonly #oldest = new OldestFirst(this.#queue)
  /** What is being sent, by the object it regards, and what waits behind it: one object's events keep their order. */
  readonly #lanes = new Map<string, { readonly waiting: Occurrence[]; readonly sent: Promise<void> }>()
  #unsent = 0
  #wake: () => void = () => {}
  #serial = 0
  #dropped = 0

  constructor(parts: RecorderParts) {
    this.#parts = parts
  }

  /** Events that were dropped because the queue was full or the server refused them. */
  get dropped(): number {
    return this.#dropped
  }

  record(note: EventNote): void {
    const { clock } = this.#parts
    if (this.#unsent >= MAX_QUEUED) {
      this.#dropped += 1
      return
    }
    this.#serial = (this.#serial + 1) % 1_000_000
    const occurrence = this.#correlator.correlate(note, clock.now(), eventName(note.regarding, clock.now(), this.#serial))
    if (occurrence === undefined) return
    this.#unsent += 1
    const lane = this.#lanes.get(occurrence.subject)
    if (lane !== undefined) return void lane.waiting.push(occurrence)
    this.#queue.add(occurrence)
    this.#wake()
  }

  /** Sends what is recorded, each object's events in order, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    while (!signal.aborted) {
      const recorded = this.#untilRecorded(signal)
      this.#sendQueued(signal)
      await recorded
    }
    await Promise.all(Array.from(this.#lanes.values(), ({ sent }) => sent))
  }

  #sendQueued(signal: AbortSignal): void {
    while (this.#lanes.size < MIN_SENDING + Math.floor(this.#queue.size / QUEUED_PER_MORE)) {
      const occurrence = this.#oldest.next()
      if (occurrence === undefined) return
      this.#queue.delete(occurrence)
      const lane = this.#lanes.get(occurrence.subject)
      if (lane === undefined) this.#openLane(occurrence, signal)
      else lane.waiting.push(occurrence)
    }
  }

  #openLane(first: Occurrence, signal: AbortSignal): void {
    const waiting = [first]
    const send = async (): Promise<void> => {
      for (let occurrence = waiting.shift(); occurrence !== undefined && !signal.aborted; occurrence = waiting.shift()) {
        await this.#send(occurrence, signal)
        this.#unsent -= 1
      }
      this.#lanes.delete(first.subject)
      this.#wake()
    }
    this.#lanes.set(first.subject, { waiting, sent: send() })
  }

  #untilRecorded(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      this.#wake = () => {
        this.#wake = () => {}
        resolve()
      }
    })
  }

  async #send(occurrence: Occurrence, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; attempt <= SEND_ATTEMPTS && !signal.aborted; attempt += 1) {
      try {
        return await this.#write(occurrence)
      } catch (error) {
        const code = error instanceof StatusError ? error.code : 503
        // Already there: the reply of the first attempt was lost. Other refusals (a terminating namespace) stay refusals.
        if (code === 409) return
        if (code < 500 && code !== 429) break
        await sleep(this.#parts.clock, RETRY_MS * attempt, signal)
      }
    }
    this.#dropped += 1
    this.#parts.log.debug('an event was dropped', { reason: occurrence.note.reason, dropped: this.#dropped })
  }

  async #write(occurrence: Occurrence): Promise<void> {
    const event = eventOf(occurrence, this.#parts.instance)
    if (occurrence.count === 1) return void (await this.#parts.client.create(kinds.Event, event))
    const key = { namespace: event.metadata.namespace ?? '', name: occurrence.name }
    const { count, lastTimestamp, message } = event
    try {
      await this.#parts.client.patch(kinds.Event, key, { type: 'merge', body: { count, lastTimestamp, message } })
    } catch (error) {
      // The server forgets events after an hour: begin it anew, with the count so far.
      if (!(error instanceof StatusError) || error.code !== 404) throw error
      await this.#parts.client.create(kinds.Event, event)
    }
  }
}

/** Unique without randomness: the time in nanoseconds, as upstream's recorder names events, with a serial number in its low digits. */
function eventName(regarding: KubeObject, now: number, serial: number): string {
  const nanoseconds = BigInt(Math.floor(now)) * 1_000_000n + BigInt(serial)
  return `${regarding.metadata.name ?? ''}.${nanoseconds.toString(16)}`
}

function eventOf({ note, name, count, message, first, last }: Occurrence, instance: string): Event {
  const { component } = note
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: note.regarding.metadata.namespace ?? 'default' },
    involvedObject: referenceTo(note),
    type: note.type,
    reason: note.reason,
    message,
    source: instance === '' ? { component } : { component, host: instance },
    reportingComponent: component,
    reportingInstance: instance,
    firstTimestamp: formatTime(first),
    lastTimestamp: formatTime(last),
    count,
  }
}

function referenceTo({ regarding, fieldPath }: EventNote): ObjectReference {
  const { name, namespace, uid, resourceVersion } = regarding.metadata
  return {
    apiVersion: regarding.apiVersion,
    kind: regarding.kind,
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(fieldPath === undefined ? {} : { fieldPath }),
  }
}
