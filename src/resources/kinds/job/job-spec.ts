import { invalidValue, notSupported, required, tooLong } from '../../../objects/field-error.ts'
import type { KubeObject } from '../../../objects/kube-object.ts'
import { dnsSubdomainErrors } from '../../../objects/names.ts'
import { isLongerThan } from '../../../words/bytes.ts'
import type { Errors } from '../../field-checks.ts'
import { checkNotNegative, checkOneOfIfSet } from '../../field-checks.ts'
import type { JobSpec } from '../../generated/types.ts'
import { checkPodTemplate } from '../pod/pod-template.ts'
import { templateWarnings } from '../pod/pod-warnings.ts'
import { checkPodFailurePolicy } from './pod-failure-policy.ts'
import { checkSuccessPolicy } from './success-policy.ts'

const MAX_INDEXED = 100_000
const MAX_WITH_MANY_COMPLETIONS = 10_000
const MAX_MANAGER_BYTES = 63

/** What holds for a Job and for the template of a CronJob's Jobs. */
export function checkJobSpec(errors: Errors, path: string, spec: JobSpec): void {
  checkNotNegative(errors, path, 'parallelism', spec.parallelism)
  checkNotNegative(errors, path, 'completions', spec.completions)
  checkNotNegative(errors, path, 'activeDeadlineSeconds', spec.activeDeadlineSeconds)
  checkNotNegative(errors, path, 'backoffLimit', spec.backoffLimit)
  checkNotNegative(errors, path, 'ttlSecondsAfterFinished', spec.ttlSecondsAfterFinished)
  checkNotNegative(errors, path, 'backoffLimitPerIndex', spec.backoffLimitPerIndex)
  checkNotNegative(errors, path, 'maxFailedIndexes', spec.maxFailedIndexes)
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  }
  if (spec.managedBy !== undefined) checkManager(errors, `${path}.managedBy`, spec.managedBy)
  checkCompletionMode(errors, path, spec)
  if (spec.podFailurePolicy !== undefined) checkPodFailurePolicy(errors, `${path}.podFailurePolicy`, spec)
  checkReplacement(errors, `${path}.podReplacementPolicy`, spec)
  checkPodTemplate(errors, `${path}.template`, spec.template ?? {})
  checkRestartPolicy(errors, `${path}.template.spec.restartPolicy`, spec)
}

// The characters of a path: RFC 3986.
const PATH = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/

/** example.com/job-runner */
function checkManager(errors: Errors, path: string, manager: string): void {
  const slash = manager.indexOf('/')
  const [domain, rest] = [manager.slice(0, Math.max(slash, 0)), manager.slice(slash + 1)]
  if (manager === '') errors.push(required(path))
  else if (domain === '' || rest === '') {
    errors.push(invalidValue(path, manager, 'must be a domain-prefixed path (such as "acme.io/foo")'))
  } else {
    for (const problem of dnsSubdomainErrors(domain)) errors.push(invalidValue(path, domain, problem))
    if (!PATH.test(rest)) errors.push(invalidValue(path, rest, `Invalid path (regex used for validation is '${PATH.source.slice(1, -1)}')`))
  }
  if (isLongerThan(manager, MAX_MANAGER_BYTES)) errors.push(tooLong(path, MAX_MANAGER_BYTES))
}

function checkCompletionMode(errors: Errors, path: string, spec: JobSpec): void {
  const { completionMode: mode } = spec
  checkOneOfIfSet(errors, path, 'completionMode', mode, ['NonIndexed', 'Indexed'])
  if (mode === 'Indexed') {
    checkIndexed(errors, path, spec)
    if (spec.successPolicy !== undefined) checkSuccessPolicy(errors, `${path}.successPolicy`, spec)
    return
  }
  const known = mode === undefined || mode === 'NonIndexed'
  for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy'] as const) {
    if (spec[field] === undefined || (!known && field !== 'successPolicy')) continue
    errors.push(invalidValue(`${path}.${field}`, spec[field], 'requires indexed completion mode'))
  }
}

/** The bounds keep the lists of indexes in the status short. */
function checkIndexed(errors: Errors, path: string, spec: JobSpec): void {
  const { completions, parallelism = 0, maxFailedIndexes } = spec
  if (completions === undefined) errors.push(required(`${path}.completions`, 'when completion mode is Indexed'))
  const tooHigh = (field: 'parallelism' | 'maxFailedIndexes', bound: string | number): void =>
    void errors.push(invalidValue(`${path}.${field}`, spec[field], `must be less than or equal to ${bound}`))
  if (parallelism > MAX_INDEXED) tooHigh('parallelism', `${MAX_INDEXED} when completion mode is Indexed`)
  if (completions !== undefined && (maxFailedIndexes ?? 0) > completions) tooHigh('maxFailedIndexes', 'completions')
  if ((maxFailedIndexes ?? 0) > MAX_INDEXED) tooHigh('maxFailedIndexes', MAX_INDEXED)
  if ((completions ?? 0) <= MAX_INDEXED || spec.backoffLimitPerIndex === undefined) return
  const many = `${MAX_WITH_MANY_COMPLETIONS} when completions are above ${MAX_INDEXED} and used with backoff limit per index`
  if (maxFailedIndexes === undefined) {
    errors.push(required(`${path}.maxFailedIndexes`, `must be specified when completions is above ${MAX_INDEXED}`))
  }
  if (parallelism > MAX_WITH_MANY_COMPLETIONS) tooHigh('parallelism', many)
  if ((maxFailedIndexes ?? 0) > MAX_WITH_MANY_COMPLETIONS) tooHigh('maxFailedIndexes', many)
}

/** What is to be said about a Job, or the template of a CronJob's Jobs: when it is new, and when what its owner wants has changed. */
export function jobSpecWarnings(path: string, spec: JobSpec | undefined, object: KubeObject, old: KubeObject | undefined): string[] {
  const found = templateWarnings(`${path}.template`, spec?.template, object, old)
  const { completionMode, completions = 0, parallelism = 0 } = spec ?? {}
  if (completionMode !== 'Indexed' || completions <= MAX_INDEXED || parallelism <= MAX_WITH_MANY_COMPLETIONS) return found
  if (old !== undefined && old.metadata.generation === object.metadata.generation) return found
  const warning = 'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, ' +
    'Kubernetes might not be able to track completedIndexes when a big number of indexes fail'
  return [`${path}: ${warning}`, ...found]
}

function checkReplacement(errors: Errors, path: string, { podReplacementPolicy: policy, podFailurePolicy }: JobSpec): void {
  const words = podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed']
  checkOneOfIfSet(errors, path, '', policy, words)
}

/** Always is what a template gets that says nothing, hence the words of a field that is missing. */
function checkRestartPolicy(errors: Errors, path: string, { template, podFailurePolicy }: JobSpec): void {
  const policy = template?.spec?.restartPolicy ?? ''
  if (policy === '' || policy === 'Always') errors.push(required(path, 'valid values: "OnFailure", "Never"'))
  else if (policy !== 'OnFailure' && policy !== 'Never') errors.push(notSupported(path, policy, ['OnFailure', 'Never']))
  else if (podFailurePolicy !== undefined && policy !== 'Never') {
    errors.push(invalidValue(path, policy, 'only "Never" is supported when podFailurePolicy is specified'))
  }
}
