import { invalidValue, notSupported } from '../../objects/field-error.ts'
import type { FieldError } from '../../objects/field-error.ts'
import { isObject, type Integer } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import { badRequest, invalid } from '../../words/status-error.ts'
import { isTrue } from '../request-info.ts'
import { integer } from './list-options.ts'
import { dryRunErrors } from './write-options.ts'

export type PropagationPolicy = 'Foreground' | 'Background' | 'Orphan'

/** metav1.DeleteOptions as the delete stage needs it. */
export interface DeleteOptions {
  readonly dryRun: boolean
  readonly gracePeriodSeconds: Integer | undefined
  readonly propagationPolicy: PropagationPolicy | undefined
  readonly orphanDependents: boolean | undefined
  readonly uid: string | undefined
  readonly resourceVersion: string | undefined
}

/** The body where there is one, else the query. */
export function parseDeleteOptions(query: URLSearchParams, body: unknown): DeleteOptions {
  const fields = body === undefined ? fromQuery(query) : fromBody(body)
  const errors = errorsOf(fields)
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors)
  return {
    dryRun: fields.dryRun.length > 0,
    // Less than none is taken for the shortest.
    gracePeriodSeconds: fields.gracePeriodSeconds !== undefined && fields.gracePeriodSeconds < 0 ? 1 : fields.gracePeriodSeconds,
    propagationPolicy: isPolicy(fields.propagationPolicy) ? fields.propagationPolicy : undefined,
    orphanDependents: fields.orphanDependents,
    uid: fields.uid,
    resourceVersion: fields.resourceVersion,
  }
}

interface Fields {
  readonly dryRun: readonly string[]
  readonly gracePeriodSeconds: Integer | undefined
  readonly propagationPolicy: string | undefined
  readonly orphanDependents: boolean | undefined
  readonly uid: string | undefined
  readonly resourceVersion: string | undefined
}

function fromQuery(query: URLSearchParams): Fields {
  const policy = query.get('propagationPolicy') ?? ''
  return {
    dryRun: query.getAll('dryRun'),
    gracePeriodSeconds: integer(query, 'gracePeriodSeconds'),
    propagationPolicy: policy === '' ? undefined : policy,
    orphanDependents: query.has('orphanDependents') ? isTrue(query.get('orphanDependents')) : undefined,
    uid: undefined,
    resourceVersion: undefined,
  }
}

function fromBody(body: unknown): Fields {
  if (!isObject(body)) throw badRequest('the body of a delete must be a DeleteOptions object')
  const kind = body['kind']
  if (kind !== undefined && kind !== 'DeleteOptions') {
    throw badRequest(`the body of a delete must be a DeleteOptions object, not ${jsonText(kind)}`)
  }
  const preconditions = body['preconditions'] ?? {}
  if (!isObject(preconditions)) throw badRequest('DeleteOptions: preconditions must be an object')
  const dryRun = body['dryRun'] ?? []
  if (!Array.isArray(dryRun) || !dryRun.every((value) => typeof value === 'string')) {
    throw badRequest('DeleteOptions: dryRun must be a list of strings')
  }
  return {
    dryRun,
    gracePeriodSeconds: field(body, 'gracePeriodSeconds', isInteger, 'an integer'),
    propagationPolicy: field(body, 'propagationPolicy', isString, 'a string'),
    orphanDependents: field(body, 'orphanDependents', isBoolean, 'a boolean'),
    uid: field(preconditions, 'uid', isString, 'a string'),
    resourceVersion: field(preconditions, 'resourceVersion', isString, 'a string'),
  }
}

function field<T>(of: { readonly [key: string]: unknown }, name: string, is: (value: unknown) => value is T, what: string): T | undefined {
  const value = of[name]
  if (value === undefined || value === null) return undefined
  if (!is(value)) throw badRequest(`DeleteOptions: ${name} must be ${what}`)
  return value
}

const isInteger = (value: unknown): value is Integer => typeof value === 'bigint' || Number.isSafeInteger(value)
const isString = (value: unknown): value is string => typeof value === 'string'
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'

function isPolicy(text: string | undefined): text is PropagationPolicy {
  return text === 'Foreground' || text === 'Background' || text === 'Orphan'
}

function errorsOf(fields: Fields): FieldError[] {
  const errors = dryRunErrors(fields.dryRun)
  const { propagationPolicy: policy, orphanDependents } = fields
  if (policy !== undefined && orphanDependents !== undefined) {
    errors.push(invalidValue('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'))
  }
  if (policy !== undefined && !isPolicy(policy)) {
    errors.push(notSupported('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan', 'nil']))
  }
  return errors
}
