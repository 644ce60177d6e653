import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleEvent, sampleEventsV1Event } from '../sample-objects.testing.ts'
import { cellsOf, changed, createChecks, updateChecks } from './checking.testing.ts'
import type { Change } from './checking.testing.ts'
import { events } from './event.ts'
import { eventsV1Events, fromCoreEvent, toCoreEvent } from './events-v1-event.ts'

test('an Event of core/v1 is about its own namespace', () => {
  const check = createChecks(events, sampleEvent)
  check({})
  check({ 'involvedObject.namespace': undefined })
  check({ 'involvedObject.namespace': 'other' }, 'involvedObject.namespace: Invalid value: "other": does not match event.namespace')
  check({ 'metadata.namespace': 'web', 'involvedObject.namespace': undefined }, 'involvedObject.namespace: Invalid value: "": does not match event.namespace')
  check({ eventTime: '2026-01-01T00:00:00.000000Z', reportingComponent: 'x', reportingInstance: 'y'.repeat(129), action: 'Do' },
    'reportingInstance: Invalid value: "": can have at most 128 characters')
  assert.deepEqual([events.nameRule, eventsV1Events.nameRule], ['path-segment', 'dns-subdomain'])
})

test('both kinds of Events call the reporter by the name that events.k8s.io has for it', () => {
  const long = 'x'.repeat(64)
  createChecks(events, sampleEvent)({ eventTime: '2026-01-01T00:00:00.000000Z', reportingComponent: long, reportingInstance: 'y', action: 'Do' },
    `reportingController: Invalid value: "${long}": name part must be no more than 63 bytes`)
})

test('an Event of events.k8s.io/v1', () => {
  const check = createChecks(eventsV1Events, sampleEventsV1Event)
  check({})
  check({ action: undefined }, 'action: Required value')
  check({ type: 'Odd' }, 'type: Invalid value: "": has invalid value: Odd')
  check({ deprecatedCount: 2 }, 'count: Invalid value: "": needs to be unset')
  check({ series: { count: 1, lastObservedTime: '2026-01-01T00:00:00.000000Z' } }, 'series.count: Invalid value: "": should be at least 2')
  check({ note: '€'.repeat(341) })
  check({ note: '€'.repeat(342) }, 'message: Invalid value: "": can have at most 1024 characters')
  check({ note: 'x'.repeat(1025) }, 'message: Invalid value: "": can have at most 1024 characters')
  const checkUpdate = updateChecks(eventsV1Events, sampleEventsV1Event)
  checkUpdate({}, { series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' } })
  checkUpdate({}, { note: 'x' }, 'message: Invalid value: "x": field is immutable')
})

test('the two forms', () => {
  assert.deepEqual(toCoreEvent(sampleEventsV1Event()), {
    apiVersion: 'v1', kind: 'Event', metadata: { name: 'a', namespace: 'default' }, involvedObject: { kind: 'Pod', namespace: 'default', name: 'web' },
    eventTime: '2026-01-01T00:00:00.000000Z', reason: 'Scheduled', message: 'Assigned to worker', type: 'Normal', action: 'Binding',
    reportingComponent: 'lotse-scheduler', reportingInstance: 'lotse-scheduler-0',
  })
  assert.deepEqual(fromCoreEvent(sampleEvent()), {
    apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'a', namespace: 'default' }, regarding: { kind: 'Pod', namespace: 'default', name: 'web' },
    reason: 'Started', note: 'Started container web', type: 'Normal', deprecatedSource: { component: 'kubelet', host: 'worker' }, deprecatedCount: 1,
    deprecatedFirstTimestamp: '2026-01-01T00:00:00Z', deprecatedLastTimestamp: '2026-01-01T00:00:00Z',
  })
})

test('the table, with the name at its end', () => {
  const event = changed(sampleEvent(), { firstTimestamp: '2025-12-31T23:00:00Z', lastTimestamp: '2025-12-31T23:58:00Z', count: 4, 'involvedObject.fieldPath': 'spec.containers{web}' })
  assert.deepEqual(Object.entries(cellsOf(events, event)), Object.entries({
    'Last Seen': '2m', Type: 'Normal', Reason: 'Started', Object: 'pod/web', Subobject: 'spec.containers{web}', Source: 'kubelet, worker',
    Message: 'Started container web', 'First Seen': '60m', Count: 4, Name: 'a',
  }))
  const sourceOf = (change: Change): unknown => cellsOf(events, changed(sampleEvent(), { source: undefined, ...change }))['Source']
  assert.equal(sourceOf({ reportingComponent: 'c', 'source.component': '', 'source.host': 'h' }), 'c, h')
  assert.equal(sourceOf({ 'source.host': 'h' }), ', h')
  const single = cellsOf(eventsV1Events, changed(sampleEventsV1Event(), { eventTime: '2025-12-31T23:59:30.000000Z' }))
  assert.deepEqual([single['Last Seen'], single['First Seen'], single['Count'], single['Source']], ['30s', '30s', 1, 'lotse-scheduler, lotse-scheduler-0'])
  const series = cellsOf(eventsV1Events, changed(sampleEventsV1Event(), { series: { count: 7, lastObservedTime: '2025-12-31T23:59:50.000000Z' } }))
  assert.deepEqual([series['Last Seen'], series['Count']], ['10s', 7])
})

test('selectable fields of both groups', () => {
  assert.equal(events.selectableFields['involvedObject.name']?.(sampleEvent()), 'web')
  assert.equal(events.selectableFields['source']?.(sampleEvent()), 'kubelet')
  assert.equal(eventsV1Events.selectableFields['regarding.name']?.(sampleEventsV1Event()), 'web')
  assert.equal(eventsV1Events.selectableFields['reportingController']?.(sampleEventsV1Event()), 'lotse-scheduler')
  assert.deepEqual(Object.keys(eventsV1Events.selectableFields), [
    'regarding.kind', 'regarding.namespace', 'regarding.name', 'regarding.uid', 'regarding.apiVersion', 'regarding.resourceVersion', 'regarding.fieldPath',
    'reason', 'reportingController', 'source', 'type',
  ])
})
