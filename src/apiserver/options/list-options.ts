import { forbiddenField, notSupported } from '../../objects/field-error.ts'
import type { FieldError } from '../../objects/field-error.ts'
import { badRequest, invalid } from '../../words/status-error.ts'
import { isTrue } from '../request-info.ts'

/** The query of a list or watch: metav1.ListOptions. */
export interface ListOptions {
  readonly labelSelector: string
  readonly fieldSelector: string
  readonly resourceVersion: string
  readonly resourceVersionMatch: string
  readonly limit: number
  readonly continueToken: string
  readonly allowWatchBookmarks: boolean
  readonly sendInitialEvents: boolean | undefined
  readonly timeoutSeconds: number | undefined
}

export function parseListOptions(query: URLSearchParams, watch: boolean): ListOptions {
  const options = {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
    limit: Math.max(integer(query, 'limit') ?? 0, 0),
    continueToken: query.get('continue') ?? '',
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: query.has('sendInitialEvents') ? isTrue(query.get('sendInitialEvents')) : undefined,
    timeoutSeconds: integer(query, 'timeoutSeconds'),
  }
  const errors = watch ? watchErrors(options) : listErrors(options)
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)
  return watch && beginsWithState(options) ? { ...options, sendInitialEvents: true } : options
}

/** Watches from nowhere have always begun with the state: they are taken for such as ask for it. */
function beginsWithState({ sendInitialEvents, resourceVersion }: ListOptions): boolean {
  return sendInitialEvents === undefined && (resourceVersion === '' || resourceVersion === '0')
}

const MATCH = 'resourceVersionMatch'

/** The combinations that make no sense (KEP-1904, KEP-3157). */
function listErrors(options: ListOptions): FieldError[] {
  const errors: FieldError[] = []
  const { resourceVersionMatch: match, resourceVersion, continueToken } = options
  if (match !== '') {
    if (resourceVersion === '') errors.push(forbiddenField(MATCH, 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
    if (continueToken !== '') errors.push(forbiddenField(MATCH, 'resourceVersionMatch is forbidden when continue is provided'))
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(notSupported(MATCH, match, ['Exact', 'NotOlderThan', '']))
    if (match === 'Exact' && resourceVersion === '0') {
      errors.push(forbiddenField(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    }
  }
  if (options.sendInitialEvents !== undefined) errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  return errors
}

function watchErrors(options: ListOptions): FieldError[] {
  const errors: FieldError[] = []
  const { resourceVersionMatch: match, sendInitialEvents } = options
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(forbiddenField(MATCH, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
  }
  if (match === '') return errors
  if (sendInitialEvents === undefined) {
    errors.push(forbiddenField(MATCH, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'))
  }
  if (match !== 'NotOlderThan') errors.push(notSupported(MATCH, match, ['NotOlderThan']))
  if (options.continueToken !== '') errors.push(forbiddenField(MATCH, 'resourceVersionMatch is forbidden when continue is provided'))
  return errors
}

export function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const refuse = (why: string): Error => badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why} in the parameter ${name}`)
  if (!/^[-+]?\d+$/.test(text)) throw refuse('invalid syntax')
  const value = Number(text)
  if (Math.abs(value) > MAX_INT64) throw refuse('value out of range')
  // More than can be counted here is as much as anybody can mean.
  return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
}

const MAX_INT64 = 2 ** 63
