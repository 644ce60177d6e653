import type { Revision } from '../../store/store.ts'
import { joinBytes, utf8 } from '../../words/bytes.ts'
import { inPassing } from './cached-object.ts'
import type { CachedObject, Served, View } from './cached-object.ts'

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** One change of one object. Its frames are serialised when the first watcher needs them, and shared by all others. */
export class CacheEvent {
  readonly key: string
  readonly revision: Revision
  readonly current: CachedObject | undefined
  readonly previous: CachedObject | undefined
  /** When the cache saw it, for deciding how long to keep it. */
  readonly seenAtMs: number
  #last: CachedObject | undefined
  #frames: Map<string, Uint8Array> | undefined

  constructor(
    change: { key: string; revision: Revision; current: CachedObject | undefined; previous: CachedObject | undefined; seenAtMs: number },
  ) {
    this.key = change.key
    this.revision = change.revision
    this.current = change.current
    this.previous = change.previous
    this.seenAtMs = change.seenAtMs
  }

  /** As its objects are stored: what is parsed of the former one, and the frames for watchers, are about as large. */
  get storedBytes(): number {
    return (this.current?.storedBytes ?? 0) + (this.previous?.storedBytes ?? 0)
  }

  /** What a watcher sees whose selection held the object before and holds it now, or not; undefined: nothing. */
  typeFor(matches: Matcher): EventType | undefined {
    const before = this.previous !== undefined && (matches === matchesAll || matches(this.previous))
    const now = this.current !== undefined && (matches === matchesAll || matches(this.current))
    if (now) return before ? 'MODIFIED' : 'ADDED'
    return before ? 'DELETED' : undefined
  }

  /** The object that goes with the type. For an object that left it is the last state that was in the selection, with this event's revision. */
  subject(type: EventType): CachedObject {
    if (type !== 'DELETED' && this.current !== undefined) return this.current
    if (this.previous === undefined) throw new Error('an event without an object')
    return (this.#last ??= this.previous.at(this.revision))
  }

  frame(type: EventType, view: View | undefined): Uint8Array {
    const name = view === undefined ? type : `${type} ${view.id}`
    let frame = this.#frames?.get(name)
    if (frame === undefined) {
      frame = frameOf(type, this.subject(type).seen(view))
      this.#frames ??= new Map()
      this.#frames.set(name, frame)
    }
    return frame
  }
}

export type Matcher = (object: Served) => boolean

export const matchesAll: Matcher = () => true

const HEADS: Readonly<Record<EventType, Uint8Array>> = {
  ADDED: utf8('{"type":"ADDED","object":'),
  MODIFIED: utf8('{"type":"MODIFIED","object":'),
  DELETED: utf8('{"type":"DELETED","object":'),
}
const TAIL = utf8('}\n')

export function frameOf(type: EventType, served: Served): Uint8Array {
  return joinBytes([HEADS[type], served.bytes, TAIL])
}

/** For the state that a watch begins with, see inPassing: as text where its bytes would be made for this alone. */
export function frameInPassing(type: EventType, served: Served): Uint8Array | string {
  const item = inPassing(served)
  return typeof item === 'string' ? `{"type":"${type}","object":${item}}\n` : joinBytes([HEADS[type], item, TAIL])
}
