import assert from 'node:assert/strict'
import type { KubeObject } from '../objects/kube-object.ts'

/** What a client saw on a watch, in its order. */
export interface SeenEvent {
  readonly type: string
  readonly object: KubeObject
}

/** What was really committed, in its order. */
export interface TrueChange {
  readonly revision: number
  readonly name: string
  /** Undefined: deleted. */
  readonly object: KubeObject | undefined
}

const revisionOf = ({ object }: SeenEvent): number => Number(object.metadata.resourceVersion)
const changes = (events: readonly SeenEvent[]): readonly SeenEvent[] => events.filter(({ type }) => type !== 'BOOKMARK')

/** Revisions never go back. */
export function ordered(events: readonly SeenEvent[]): void {
  for (let index = 1; index < events.length; index++) {
    const [before, after] = [events[index - 1], events[index]]
    if (before !== undefined && after !== undefined) assert(revisionOf(before) <= revisionOf(after), `event ${index} goes back in time`)
  }
}

/** No change is told twice. */
export function unique(events: readonly SeenEvent[]): void {
  const seen = changes(events).map((event) => `${event.object.metadata.name}@${revisionOf(event)}`)
  assert.equal(new Set(seen).size, seen.length, 'an event came twice')
}

/** From the first to the last revision that was told, none is missing. */
export function reliable(events: readonly SeenEvent[], truth: readonly TrueChange[], after: number): void {
  const last = events.reduce((highest, event) => Math.max(highest, revisionOf(event)), after)
  const expected = truth.filter(({ revision }) => revision > after && revision <= last).map(({ revision, name }) => `${name}@${revision}`)
  assert.deepEqual(changes(events).map((event) => `${event.object.metadata.name}@${revisionOf(event)}`), expected)
}

/** What is told is what was committed. */
export function truthful(events: readonly SeenEvent[], truth: readonly TrueChange[]): void {
  const byRevision = new Map(truth.map((change) => [change.revision, change]))
  for (const event of changes(events)) {
    const change = byRevision.get(revisionOf(event))
    assert(change !== undefined, `revision ${revisionOf(event)} never was`)
    assert.equal(event.type === 'DELETED', change.object === undefined)
    if (change.object !== undefined) assert.deepEqual(event.object, change.object)
  }
}

/** After a bookmark nothing older comes. */
export function bookmarkable(events: readonly SeenEvent[]): void {
  let promised = 0
  for (const event of events) {
    if (event.type === 'BOOKMARK') promised = revisionOf(event)
    else assert(revisionOf(event) > promised, `revision ${revisionOf(event)} came after the bookmark ${promised}`)
  }
}

/** A list and the events after it make the same state as a later list. */
export function equivalent(list: readonly KubeObject[], events: readonly SeenEvent[], later: readonly KubeObject[]): void {
  const state = new Map(list.map((object) => [object.metadata.name, object]))
  for (const { type, object } of changes(events)) {
    if (type === 'DELETED') state.delete(object.metadata.name)
    else state.set(object.metadata.name, object)
  }
  const names = [...state.keys()].sort()
  assert.deepEqual(names.map((name) => state.get(name)), later)
}
