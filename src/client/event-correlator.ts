import type { Instant } from '../words/instant.ts'
import { RecentMap } from '../words/oldest-first.ts'
import type { EventNote } from './event-recorder.ts'

/** One happening, and the Event object that stands for it. */
export interface Occurrence {
  readonly note: EventNote
  /** The reporter and the object that it reports on. */
  readonly subject: string
  readonly name: string
  readonly message: string
  /** 1: create the Event; more: raise its count. */
  readonly count: number
  readonly first: Instant
  readonly last: Instant
}

interface Series {
  name: string
  count: number
  first: Instant
  last: Instant
}

interface Alike {
  messages: Set<string>
  since: Instant
}

interface Bucket {
  tokens: number
  at: Instant
}

const MAX_REMEMBERED = 4_096
/** Beyond this many different messages of one reason within the window, they are combined. */
const MAX_ALIKE = 10
const ALIKE_WINDOW_MS = 600_000
const BURST = 25
const REFILL_MS = 300_000

/** Decides what becomes of a happening: a new Event, a higher count of an old one, or nothing. Numbers as in upstream's recorder. */
export class EventCorrelator {
  readonly #series = new RecentMap<string, Series>(MAX_REMEMBERED)
  readonly #alike = new RecentMap<string, Alike>(MAX_REMEMBERED)
  readonly #buckets = new RecentMap<string, Bucket>(MAX_REMEMBERED)

  /** Undefined when this object has had its share. */
  correlate(note: EventNote, now: Instant, name: string): Occurrence | undefined {
    const { uid = '', namespace = '', name: regardingName = '' } = note.regarding.metadata
    const subject = joined(note.component, note.regarding.kind, namespace, regardingName, uid, note.fieldPath ?? '')
    const group = joined(subject, note.type, note.reason)
    const combined = this.#isOneOfMany(group, note.message, now)
    if (!this.#takeToken(subject, now)) return undefined
    const message = combined ? `(combined from similar events): ${note.message}` : note.message
    const key = combined ? group : joined(group, note.message)
    const known = this.#series.get(key)
    const series = known === undefined ? { name, count: 1, first: now, last: now } : { ...known, count: known.count + 1, last: now }
    this.#series.set(key, series)
    return { note, subject, message, ...series }
  }

  #isOneOfMany(group: string, message: string, now: Instant): boolean {
    const known = this.#alike.get(group)
    const alike = known === undefined || now - known.since > ALIKE_WINDOW_MS ? { messages: new Set<string>(), since: now } : known
    if (alike.messages.size <= MAX_ALIKE) alike.messages.add(message)
    this.#alike.set(group, alike)
    return alike.messages.size > MAX_ALIKE
  }

  #takeToken(subject: string, now: Instant): boolean {
    const known = this.#buckets.get(subject)
    const tokens = known === undefined ? BURST : Math.min(BURST, known.tokens + (now - known.at) / REFILL_MS)
    const enough = tokens >= 1
    this.#buckets.set(subject, { tokens: enough ? tokens - 1 : tokens, at: now })
    return enough
  }
}

/** No name, reason or message holds a NUL. */
function joined(...parts: readonly string[]): string {
  return parts.join('\0')
}
