import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { kinds } from '../generated/kinds.ts'
import type { Event, EventsV1Event } from '../generated/types.ts'
import { fromCoreEvent, toCoreEvent } from './events-v1-event.ts'

/** Two kinds that share one storage. */
export interface KindConversion<Served extends KubeObject = KubeObject, Stored extends KubeObject = KubeObject> {
  readonly served: KindRef<Served>
  readonly stored: KindRef<Stored>
  toStored(object: Served): Stored
  toServed(object: Stored): Served
}

/** Events are stored as core/v1 has them; events.k8s.io/v1 is another view of the same objects. */
export const eventConversion: KindConversion<EventsV1Event, Event> = {
  served: kinds.EventsV1Event, stored: kinds.Event, toStored: toCoreEvent, toServed: fromCoreEvent,
}
