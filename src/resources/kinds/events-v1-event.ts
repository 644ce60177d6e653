import type { FieldError } from '../../objects/field-error.ts'
import { invalidValue, required } from '../../objects/field-error.ts'
import type { Column, FieldValue, ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkImmutable, sameValue } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { Event, EventsV1Event } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { checkEvent, events } from './event.ts'

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

function checkSeries(errors: Errors, event: Event): void {
  if (event.series === undefined) return
  if ((event.series.count ?? 0) < 2) errors.push(invalidValue('series.count', '', 'should be at least 2'))
  if (event.series.lastObservedTime === undefined) errors.push(required('series.lastObservedTime'))
}

function validateCreate(given: EventsV1Event): FieldError[] {
  const event = toCoreEvent(given)
  const errors: Errors = []
  checkEvent(errors, event)
  checkSeries(errors, event)
  if (event.eventTime === undefined) errors.push(required('eventTime'))
  if (event.type !== 'Normal' && event.type !== 'Warning') errors.push(invalidValue('type', '', `has invalid value: ${event.type ?? ''}`))
  const unset = (field: string): void => void errors.push(invalidValue(field, '', 'needs to be unset'))
  if (event.firstTimestamp !== undefined) unset('firstTimestamp')
  if (event.lastTimestamp !== undefined) unset('lastTimestamp')
  if ((event.count ?? 0) !== 0) unset('count')
  if ((event.source?.component ?? '') !== '' || (event.source?.host ?? '') !== '') unset('source')
  return errors
}

const FIXED_FIELDS = [
  'involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'type', 'eventTime', 'action', 'related',
] as const

function validateUpdate(given: EventsV1Event, givenOld: EventsV1Event): FieldError[] {
  const [event, old] = [toCoreEvent(given), toCoreEvent(givenOld)]
  const errors: Errors = []
  checkEvent(errors, event)
  if (!sameValue(event.series, old.series)) checkSeries(errors, event)
  for (const field of FIXED_FIELDS) checkImmutable(errors, field, event[field], old[field])
  checkImmutable(errors, 'reportingController', event.reportingComponent, old.reportingComponent)
  checkImmutable(errors, 'reportingInstance', event.reportingInstance, old.reportingInstance)
  return errors
}

function viaCore(column: Column<Event>): Column<EventsV1Event> {
  return { ...column, cell: (event, now) => column.cell(toCoreEvent(event), now) }
}

const selectableFields: { readonly [path: string]: FieldValue<EventsV1Event> } = Object.fromEntries(
  Object.entries(events.selectableFields).map(([path, value]) => {
    const read: FieldValue<EventsV1Event> = (event) => value(toCoreEvent(event))
    return [path.replace(/^involvedObject/, 'regarding').replace(/^reportingComponent$/, 'reportingController'), read]
  }),
)

export const eventsV1Events: ResourceDefinition<EventsV1Event> = {
  ...plainResource,
  kind: kinds.EventsV1Event,
  validateCreate,
  validateUpdate,
  columns: events.columns.map(viaCore),
  selectableFields,
}
