import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { kinds } from '../generated/kinds.ts'
import type { Event, EventsV1Event } from '../generated/types.ts'

/** Two kinds that share one storage. */
export interface KindConversion<Served extends KubeObject = KubeObject, Stored extends KubeObject = KubeObject> {
  readonly served: KindRef<Served>
  readonly stored: KindRef<Stored>
  toStored(object: Served): Stored
  toServed(object: Stored): Served
}

/**
 * The same stored objects as core/v1 Event under other field names. core/v1 is the form that is stored.
 * [in events.k8s.io/v1, in core/v1]
 */
const RENAMED = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
] as const

const TO_CORE: ReadonlyMap<string, string> = new Map(RENAMED)
const TO_V1: ReadonlyMap<string, string> = new Map(RENAMED.map(([v1, core]) => [core, v1]))

function renamed(object: object, names: ReadonlyMap<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [names.get(key) ?? key, value]))
}

/** Shares everything below the top with the event that it is given. */
export function toCoreEvent(event: EventsV1Event): Event {
  return { involvedObject: {}, ...renamed(event, TO_CORE), apiVersion: 'v1', kind: 'Event', metadata: event.metadata }
}

export function fromCoreEvent(event: Event): EventsV1Event {
  // Events of core/v1 may have no eventTime; the type says they have one, and JSON clients read null as none.
  const { eventTime, ...rest } = renamed(event, TO_V1)
  const time = typeof eventTime === 'string' ? { eventTime } : {}
  return { ...rest, ...(time as { eventTime: string }), apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: event.metadata }
}

/** Events are stored as core/v1 has them; events.k8s.io/v1 is another view of the same objects. */
export const eventConversion: KindConversion<EventsV1Event, Event> = {
  served: kinds.EventsV1Event, stored: kinds.Event, toStored: toCoreEvent, toServed: fromCoreEvent,
}
