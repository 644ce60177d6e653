import type { FieldError } from '../../objects/field-error.ts'
import { invalidValue, required } from '../../objects/field-error.ts'
import type { Instant } from '../../words/instant.ts'
import { isLongerThan } from '../../words/bytes.ts'
import { ageOf } from '../age.ts'
import type { Column, ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkDnsSubdomain, checkPresent, checkQualifiedName } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { Event } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { nameColumn, textColumn, wideColumn } from '../table.ts'

const MAX_WORD_CHARACTERS = 128
const MAX_MESSAGE_CHARACTERS = 1024

/** Paths are those of events.k8s.io where the two differ, except for involvedObject: upstream checks one form of both. */
export function checkEvent(errors: Errors, event: Event): void {
  const namespace = event.metadata.namespace ?? ''
  const about = event.involvedObject?.namespace ?? ''
  if (event.eventTime === undefined) checkOldStyle(errors, namespace, about)
  else checkNewStyle(errors, event)
  checkDnsSubdomain(errors, '', 'namespace', namespace)
}

function mismatch(about: string): FieldError {
  return invalidValue('involvedObject.namespace', about, 'does not match event.namespace')
}

/** Events about cluster-scoped objects stand in default. */
function checkOldStyle(errors: Errors, namespace: string, about: string): void {
  const fits = about === '' ? namespace === '' || namespace === 'default' : namespace === about
  if (!fits) errors.push(mismatch(about))
}

function checkNewStyle(errors: Errors, event: Event): void {
  const namespace = event.metadata.namespace ?? ''
  const about = event.involvedObject?.namespace ?? ''
  if (about === '' && namespace !== 'default' && namespace !== 'kube-system') errors.push(mismatch(about))
  checkPresent(errors, '', 'reportingController', event.reportingComponent)
  checkQualifiedName(errors, '', 'reportingController', event.reportingComponent ?? '')
  checkWord(errors, 'reportingInstance', event.reportingInstance)
  checkWord(errors, 'action', event.action)
  checkWord(errors, 'reason', event.reason)
  if (isLongerThan(event.message ?? '', MAX_MESSAGE_CHARACTERS)) {
    errors.push(invalidValue('message', '', `can have at most ${MAX_MESSAGE_CHARACTERS} characters`))
  }
}

function checkWord(errors: Errors, field: string, value = ''): void {
  if (value === '') errors.push(required(field))
  if (isLongerThan(value, MAX_WORD_CHARACTERS)) errors.push(invalidValue(field, '', `can have at most ${MAX_WORD_CHARACTERS} characters`))
}

function validate(event: Event): FieldError[] {
  const errors: Errors = []
  checkEvent(errors, event)
  return errors
}

function firstSeen(event: Event, now: Instant): string {
  return ageOf(event.firstTimestamp ?? event.eventTime, now)
}

function lastSeen(event: Event, now: Instant): string {
  if (event.series !== undefined) return ageOf(event.series.lastObservedTime, now)
  return event.lastTimestamp === undefined ? firstSeen(event, now) : ageOf(event.lastTimestamp, now)
}

function objectText({ involvedObject: { kind = '', name = '' } }: Event): string {
  return name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`
}

/** kubelet, worker-1 */
function sourceText(event: Event): string {
  const [component, host] = [event.source?.component || event.reportingComponent || '', event.source?.host || event.reportingInstance || '']
  return host === '' ? component : `${component}, ${host}`
}

/** Name stands last, as only few want it. */
const columns: readonly Column<Event>[] = [
  textColumn('Last Seen', 'Time since it happened last.', lastSeen),
  textColumn('Type', 'Normal or Warning.', (event) => event.type ?? ''),
  textColumn('Reason', 'Why, in one word.', (event) => event.reason ?? ''),
  textColumn('Object', 'What it is about.', objectText),
  wideColumn('Subobject', 'The part of the object that it is about.', (event) => event.involvedObject.fieldPath ?? ''),
  wideColumn('Source', 'Who reports it.', sourceText),
  textColumn('Message', 'What happened.', (event) => (event.message ?? '').trim()),
  wideColumn('First Seen', 'Time since it happened first.', firstSeen),
  wideColumn('Count', 'How often it happened.', (event) => event.series?.count ?? (event.count || 1)),
  { ...nameColumn, priority: 1 },
]

export const events: ResourceDefinition<Event> = {
  ...plainResource,
  kind: kinds.Event,
  // As with budgets, core/v1 sets no rule of its own; events.k8s.io does.
  nameRule: 'path-segment',
  finalizerRule: 'qualified',
  defaults(draft) {
    draft.involvedObject ??= {}
  },
  validateCreate: validate,
  validateUpdate: validate,
  columns,
  selectableFields: {
    'involvedObject.kind': (event) => event.involvedObject.kind ?? '',
    'involvedObject.namespace': (event) => event.involvedObject.namespace ?? '',
    'involvedObject.name': (event) => event.involvedObject.name ?? '',
    'involvedObject.uid': (event) => event.involvedObject.uid ?? '',
    'involvedObject.apiVersion': (event) => event.involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': (event) => event.involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': (event) => event.involvedObject.fieldPath ?? '',
    reason: (event) => event.reason ?? '',
    reportingComponent: (event) => event.reportingComponent ?? '',
    source: (event) => event.source?.component || event.reportingComponent || '',
    type: (event) => event.type ?? '',
  },
}
