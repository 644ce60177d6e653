import { forbiddenField, notSupported, required } from '../../objects/field-error.ts'
import type { FieldError } from '../../objects/field-error.ts'
import { validateFieldManager } from '../../objects/metadata.ts'
import { invalid } from '../../words/status-error.ts'
import { isTrue } from '../request-info.ts'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

/** The query of create, update and patch. */
export interface WriteOptions {
  readonly dryRun: boolean
  readonly fieldManager: string
  readonly fieldValidation: FieldValidation
  /**
   * Whether a body is searched for fields that stand twice. That costs a third of a create, so a client hears of them where it
   * asks for validation (kubectl always does), not by the mere default of Warn.
   */
  readonly findDuplicates: boolean
}

const MAX_MANAGER_LENGTH = 128

/** kind: CreateOptions, UpdateOptions or PatchOptions, as errors name it. */
export function parseWriteOptions(query: URLSearchParams, kind: string): WriteOptions {
  if (query.size === 0) return NO_OPTIONS
  const errors = [...dryRunErrors(query.getAll('dryRun')), ...validateFieldManager(query.get('fieldManager') ?? '', 'fieldManager')]
  const fieldValidation = query.get('fieldValidation') ?? ''
  if (!isFieldValidation(fieldValidation)) errors.push(notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn']))
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors)
  return {
    dryRun: query.has('dryRun'),
    fieldManager: query.get('fieldManager') ?? '',
    fieldValidation: isFieldValidation(fieldValidation) && fieldValidation !== '' ? fieldValidation : 'Warn',
    findDuplicates: fieldValidation === 'Strict' || fieldValidation === 'Warn',
  }
}

const NO_OPTIONS: WriteOptions = { dryRun: false, fieldManager: '', fieldValidation: 'Warn', findDuplicates: false }

function isFieldValidation(text: string): text is FieldValidation | '' {
  return text === '' || text === 'Ignore' || text === 'Warn' || text === 'Strict'
}

export function dryRunErrors(values: readonly string[]): FieldError[] {
  return values.every((value) => value === 'All') ? [] : [notSupported('dryRun', values, ['All'])]
}

const UNUSUAL = /[^ -~]/
const UNPRINTABLE = /\p{C}|(?! )\p{Z}/gu

/** The name under which writes without a fieldManager are recorded: kubectl/v1.35 (linux/amd64) -> kubectl. */
export function managerFromUserAgent(userAgent: string | undefined): string {
  const given = (userAgent ?? '').split('/', 1)[0] ?? ''
  const name = UNUSUAL.test(given) ? given.replaceAll(UNPRINTABLE, '') : given
  return name === '' ? 'unknown' : name.slice(0, MAX_MANAGER_LENGTH)
}

/** force: an apply may take fields over from other managers; undefined where the query does not say. */
export function parseForce(query: URLSearchParams, apply: boolean, fieldManager: string): boolean {
  const errors: FieldError[] = []
  if (apply && fieldManager === '') errors.push(required('fieldManager', 'is required for apply patch'))
  if (!apply && query.has('force')) errors.push(forbiddenField('force', 'may not be specified for non-apply patch'))
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', errors)
  return isTrue(query.get('force'))
}
