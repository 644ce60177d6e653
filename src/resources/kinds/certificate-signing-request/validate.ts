import type { FieldError } from '../../../objects/field-error.ts'
import { duplicate, forbiddenField, invalidBytes, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { DerError } from '../../../objects/der-reader.ts'
import { fromBase64, textOf } from '../../../words/bytes.ts'
import type { Errors } from '../../field-checks.ts'
import { sameValue } from '../../field-checks.ts'
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../generated/types.ts'
import { checkSignerName } from '../../name-checks.ts'
import { certificatesProblem, parseCertificateRequest } from './certificate-request.ts'

export const APPROVED = 'Approved'
export const DENIED = 'Denied'
export const FAILED = 'Failed'
const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown'
const MIN_SECONDS = 600
const STATUSES = ['False', 'True', 'Unknown']
const USAGES = [
  'any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment', 'decipher only',
  'digital signature', 'email protection', 'encipher only', 'ipsec end system', 'ipsec tunnel', 'ipsec user', 'key agreement',
  'key encipherment', 'microsoft sgc', 'netscape sgc', 'ocsp signing', 's/mime', 'server auth', 'signing', 'timestamping',
]

export function validateRequest(request: CertificateSigningRequest): FieldError[] {
  const errors: Errors = []
  const spec = request.spec ?? { request: '', signerName: '' }
  const bytes = fromBase64(spec.request ?? '') ?? new Uint8Array()
  const problem = requestProblem(bytes)
  if (problem !== undefined) errors.push(invalidBytes('spec.request', bytes, problem))
  checkUsages(errors, spec.usages ?? [])
  if (spec.signerName === LEGACY_SIGNER) {
    errors.push(invalidValue('spec.signerName', spec.signerName, 'the legacy signerName is not allowed via this API version'))
  } else checkSignerName(errors, 'spec.signerName', spec.signerName)
  const seconds = spec.expirationSeconds
  if (seconds !== undefined && seconds < MIN_SECONDS) {
    const detail = 'may not specify a duration less than 600 seconds (10 minutes)'
    errors.push(invalidValue('spec.expirationSeconds', seconds, detail))
  }
  checkConditions(errors, 'status.conditions', request.status?.conditions ?? [])
  return errors
}

/** Its signature is checked when it is admitted: that needs the machine's cryptography. */
function requestProblem(bytes: Uint8Array): string | undefined {
  try {
    parseCertificateRequest(textOf(bytes))
    return undefined
  } catch (error) {
    if (error instanceof DerError) return error.message
    throw error
  }
}

function checkUsages(errors: Errors, usages: readonly string[]): void {
  if (usages.length === 0) errors.push(required('spec.usages', 'usages must be provided'))
  usages.forEach((usage, index) => {
    if (!USAGES.includes(usage)) errors.push(notSupported(`spec.usages[${index}]`, usage, USAGES))
  })
  usages.forEach((usage, index) => {
    if (usages.indexOf(usage) < index) errors.push(duplicate(`spec.usages[${index}]`, usage))
  })
}

function checkConditions(errors: Errors, path: string, conditions: readonly CertificateSigningRequestCondition[]): void {
  const seen = new Set<string>()
  conditions.forEach(({ type = '', status = '' }, index) => {
    const here = `${path}[${index}]`
    if (type === '') errors.push(required(`${here}.type`))
    const allowed = [APPROVED, DENIED, FAILED].includes(type) ? ['True'] : STATUSES
    if (status === '') errors.push(required(`${here}.status`))
    else if (!allowed.includes(status)) errors.push(notSupported(`${here}.status`, status, allowed))
    const opposite = type === APPROVED ? DENIED : type === DENIED ? APPROVED : undefined
    if (opposite !== undefined && seen.has(opposite)) {
      errors.push(invalidValue(`${here}.type`, type, 'Approved and Denied conditions are mutually exclusive'))
    }
    if (seen.has(type)) errors.push(duplicate(`${here}.type`, type))
    seen.add(type)
  })
}

/** By which door an update comes: each may change something else. */
export type Door = 'object' | 'status' | 'approval'

export function validateUpdate(request: CertificateSigningRequest, old: CertificateSigningRequest, door: Door): FieldError[] {
  const errors = validateRequest(request)
  for (const type of [APPROVED, DENIED, FAILED]) {
    const [before, after] = [conditionsOf(old, type), conditionsOf(request, type)]
    const forbid = (what: string): void => void errors.push(
      forbiddenField('status.conditions', `updates may not ${what} a condition of type ${JSON.stringify(type)}`))
    if (after.length < before.length) forbid('remove')
    else if (door === 'approval' || type === FAILED) continue
    else if (after.length > before.length) forbid('add')
    else if (!sameValue(before, after)) forbid('modify')
  }
  checkCertificate(errors, request.status?.certificate ?? '', old.status?.certificate ?? '', door)
  return errors
}

function conditionsOf({ status }: CertificateSigningRequest, type: string): CertificateSigningRequestCondition[] {
  return (status?.conditions ?? []).filter((condition) => condition.type === type)
}

function checkCertificate(errors: Errors, certificate: string, old: string, door: Door): void {
  if (certificate === old) return
  const field = 'status.certificate'
  const problem = certificate === '' ? undefined : certificatesProblem(textOf(fromBase64(certificate) ?? new Uint8Array()))
  if (problem !== undefined) errors.push(invalidValue(field, '<certificate data>', problem))
  if (door !== 'status') errors.push(forbiddenField(field, 'updates may not set certificate content'))
  else if (old !== '') errors.push(forbiddenField(field, 'updates may not modify existing certificate content'))
}
