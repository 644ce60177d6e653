import type { Client, WatchEvent } from '../../client/client.ts'
import { revisionOf } from '../../client/object-cache.ts'
import { resourcePrefix } from '../../apiserver/storage/keys.ts'
import { sameJson } from '../../objects/json.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { keyOf, keyText } from '../../objects/kube-object.ts'
import type { Clock } from '../../words/ports.ts'
import { sleep } from '../../words/ports.ts'
import { isStatus } from '../../words/status-error.ts'
import type { DiskLog, Logged } from '../disk-log.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { Findings } from './findings.ts'

export interface WatchReaderParts {
  readonly name: string
  readonly client: Client
  readonly clock: Clock
  readonly random: SeededRandom
  readonly log: DiskLog
  readonly end: AbortSignal
  readonly findings: Findings
}

/** The server keeps at least so many revisions for those who come back after its restart, unless they were compacted. */
const KEPT_REVISIONS = 900
const RETRY_MS = 300

/** Which objects a reader asks for, and whether one is among them. */
export interface WatchScope {
  readonly labelSelector: string
  matches(object: KubeObject): boolean
}

export const everything: WatchScope = { labelSelector: '', matches: () => true }

interface Expected {
  readonly revision: number
  readonly key: string
  readonly type: 'added' | 'modified' | 'deleted'
  readonly object: KubeObject
}

/**
 * A client that watches a kind for the whole run, comes back whenever its watch is cut, and holds every event against the disk's own
 * order: ordered, unique, reliable and atomic say that the events are exactly the changes in their order; resumable, that this holds
 * across watches; bookmarkable, that a bookmark's revision has nothing before it that was not told.
 */
export class WatchReader<T extends KubeObject> {
  readonly #kind: KindRef<T>
  readonly #scope: WatchScope
  readonly #parts: WatchReaderParts
  readonly #expected: Expected[] = []
  /** Of #expected: the first that was not told. */
  #next = 0
  #revision: number | undefined
  #events = 0

  constructor(kind: KindRef<T>, scope: WatchScope, parts: WatchReaderParts) {
    this.#kind = kind
    this.#scope = scope
    this.#parts = parts
    parts.log.listen(kind, (change) => this.#expect(change))
  }

  get name(): string {
    return this.#parts.name
  }

  /** How many events were compared. */
  get events(): number {
    return this.#events
  }

  /** Everything that happened was told. */
  get isUpToDate(): boolean {
    return this.#revision !== undefined && this.#next === this.#expected.length
  }

  async run(): Promise<void> {
    const { clock } = this.#parts
    while (!this.#parts.end.aborted) {
      // To a server 0 means any state at all: nobody can come back to the revision of an empty store.
      if (this.#revision === 0) this.#revision = undefined
      try {
        if (this.#revision === undefined && this.#parts.random.chance(0.5)) await this.#list()
        await this.#follow()
      } catch (error) {
        if (isStatus(error, 'Expired') || isStatus(error, 'Gone')) this.#onExpired()
      }
      await sleep(clock, RETRY_MS)
    }
  }

  async #follow(): Promise<void> {
    const { client } = this.#parts
    const { labelSelector } = this.#scope
    const start = this.#revision === undefined ? { sendInitialEvents: true } : { resourceVersion: String(this.#revision) }
    const initial = this.#revision === undefined ? new Map<string, T>() : undefined
    for await (const event of client.watch(this.#kind, { labelSelector, ...start, signal: this.#parts.end })) {
      if (this.#revision === undefined && initial !== undefined) this.#collect(initial, event)
      else if (event.type === 'bookmark') this.#onBookmark(revisionOf(event.resourceVersion))
      else this.#onEvent(event.type, event.object)
    }
  }

  /** In pages, which together show one revision. */
  async #list(): Promise<void> {
    const { client, random } = this.#parts
    const objects: T[] = []
    let continueToken = ''
    do {
      const page = await client.list(this.#kind, { labelSelector: this.#scope.labelSelector, limit: random.between(2, 20), continueToken })
      objects.push(...page.items)
      continueToken = page.continueToken
      if (continueToken === '') this.#begin(objects, revisionOf(page.resourceVersion), 'a list')
    } while (continueToken !== '')
  }

  #collect(initial: Map<string, T>, event: WatchEvent<T>): void {
    if (event.type === 'added') initial.set(keyText(keyOf(event.object)), event.object)
    else if (event.type !== 'bookmark') this.#report('bookmarkable', `${event.type} comes before the end of the initial state`)
    else if (event.initialEventsEnd) this.#begin([...initial.values()], revisionOf(event.resourceVersion), 'the initial state')
  }

  #begin(objects: readonly T[], revision: number, what: string): void {
    const wanted = new Map<string, string>()
    for (const { key, type, revision: at } of this.#expected) {
      if (at > revision) break
      if (type === 'deleted') wanted.delete(key)
      else wanted.set(key, String(at))
    }
    const shown = new Map(objects.map((object) => [keyText(keyOf(object)), object.metadata.resourceVersion ?? '']))
    for (const [key, at] of wanted)
      if (shown.get(key) !== at) this.#report('reliable', `${what} of revision ${revision} shows ${key} at ${shown.get(key)}, not at ${at}`)
    for (const key of shown.keys())
      if (!wanted.has(key)) this.#report('reliable', `${what} of revision ${revision} shows ${key}, which was not there`)
    this.#revision = revision
    this.#next = this.#expected.findIndex((each) => each.revision > revision)
    if (this.#next === -1) this.#next = this.#expected.length
  }

  #onEvent(type: 'added' | 'modified' | 'deleted', object: T): void {
    const revision = revisionOf(object.metadata.resourceVersion)
    const told = `${type} ${keyText(keyOf(object))} at ${revision}`
    const expected = this.#expected[this.#next]
    const last = this.#expected[this.#next - 1]
    this.#events++
    if (expected?.revision === revision && expected.key === keyText(keyOf(object)) && expected.type === type) {
      this.#next++
      this.#revision = revision
      if (!sameJson(withoutRevision(expected.object), withoutRevision(object)))
        this.#report('reliable', `${told} has not the content that was written`)
    } else if (last !== undefined && revision < last.revision) this.#report('ordered', `${told} comes after revision ${last.revision}`)
    else if (last?.revision === revision) this.#report('unique', `${told} comes again`)
    else
      this.#report(
        'reliable',
        `${told} comes where ${expected === undefined ? 'nothing' : `${expected.type} ${expected.key} at ${expected.revision}`} must come`,
      )
  }

  #onBookmark(revision: number): void {
    const expected = this.#expected[this.#next]
    if (expected !== undefined && expected.revision <= revision)
      this.#report('bookmarkable', `a bookmark of ${revision} comes before ${expected.key} at ${expected.revision}`)
    if (revision < (this.#revision ?? 0)) this.#report('bookmarkable', `a bookmark of ${revision} comes after revision ${this.#revision}`)
    if (revision > this.#parts.log.revision)
      this.#report('bookmarkable', `a bookmark of ${revision} comes where the disk is at ${this.#parts.log.revision}`)
    this.#revision = revision
  }

  #onExpired(): void {
    const { log } = this.#parts
    const from = this.#revision
    this.#revision = undefined
    if (from === undefined || from < log.compacted || log.revision - from > KEPT_REVISIONS) return
    this.#report('resumable', `revision ${from} is refused at ${log.revision}, where all since ${log.compacted} must be known`)
  }

  #expect({ revision, key, prefix, bytes, previous }: Logged): void {
    const { log } = this.#parts
    if (prefix !== resourcePrefix(this.#kind)) return
    const before = previous === undefined ? undefined : log.decode(previous)
    const after = bytes === undefined ? undefined : log.decode(bytes)
    const was = before !== undefined && this.#scope.matches(before)
    const is = after !== undefined && this.#scope.matches(after)
    if (!was && !is) return
    const type = was && is ? 'modified' : is ? 'added' : 'deleted'
    const object = type === 'deleted' ? before : after
    if (object !== undefined) this.#expected.push({ revision, key: key.slice(prefix.length), type, object })
  }

  #report(guarantee: string, message: string): void {
    this.#parts.findings.report(`watch: ${guarantee}`, `${this.#parts.name}, ${this.#kind.plural}: ${message}`)
  }
}

function withoutRevision({ metadata, ...rest }: KubeObject): object {
  const { resourceVersion: _, ...named } = metadata
  return { ...rest, metadata: named }
}
