import { invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { envVarNameErrors, qualifiedNameErrors } from '../../../objects/names.ts'
import { milliUnits } from '../../../objects/quantity.ts'
import type { Errors } from '../../field-checks.ts'
import { checkConfigKey, checkDnsSubdomain, checkNames } from '../../field-checks.ts'
import type { EnvFromSource, EnvVar, EnvVarSource, ObjectFieldSelector, ResourceFieldSelector } from '../../generated/types.ts'

const ENVIRONMENT_FIELDS: readonly string[] = [
  'metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs',
  'status.podIP', 'status.podIPs',
]
export const VOLUME_FIELDS: readonly string[] = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
]

/** The fields that have a label name: what the downward API can refer to at all. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...ENVIRONMENT_FIELDS, ...VOLUME_FIELDS, 'spec.restartPolicy', 'spec.schedulerName', 'status.phase',
])
const SUBSCRIPT = /^([^]+?)\['([^]*)'\]$/
const SUBSCRIPTED: readonly string[] = ['metadata.annotations', 'metadata.labels']

export function checkEnvironment(errors: Errors, path: string, variables: readonly EnvVar[]): void {
  variables.forEach((variable, index) => {
    const name = variable.name ?? ''
    if (name === '') errors.push(required(`${path}[${index}].name`))
    else checkNames(errors, path, `[${index}].name`, name, envVarNameErrors)
    if (variable.valueFrom !== undefined) checkSource(errors, `${path}[${index}].valueFrom`, variable.valueFrom, variable.value ?? '')
  })
}

function checkSource(errors: Errors, path: string, source: EnvVarSource, value: string): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source
  let count = 0
  if (fieldRef !== undefined) {
    count++
    checkFieldRef(errors, `${path}.fieldRef`, fieldRef, ENVIRONMENT_FIELDS)
  }
  if (resourceFieldRef !== undefined) {
    count++
    checkResourceFieldRef(errors, `${path}.resourceFieldRef`, resourceFieldRef, { containerNameRequired: false })
  }
  for (const [field, reference] of [['configMapKeyRef', configMapKeyRef], ['secretKeyRef', secretKeyRef]] as const) {
    if (reference === undefined) continue
    count++
    const here = `${path}.${field}`
    checkDnsSubdomain(errors, here, 'name', reference.name)
    if ((reference.key ?? '') === '') errors.push(required(`${here}.key`))
    else checkConfigKey(errors, here, 'key', reference.key)
  }
  if (count === 0) {
    errors.push(invalidValue(path, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'))
  } else if (value !== '') errors.push(invalidValue(path, '', 'may not be specified when `value` is not empty'))
  else if (count > 1) errors.push(invalidValue(path, '', 'may not have more than one field specified at a time'))
}

export function checkFieldRef(
  errors: Errors,
  path: string,
  { apiVersion = '', fieldPath = '' }: ObjectFieldSelector,
  fields: readonly string[]
): void {
  if (apiVersion === '') {
    errors.push(required(`${path}.apiVersion`))
    return
  }
  if (fieldPath === '') {
    errors.push(required(`${path}.fieldPath`))
    return
  }
  const match = SUBSCRIPT.exec(fieldPath)
  // The node's name had another name once.
  const field = fieldPath === 'spec.host' ? 'spec.nodeName' : (match?.[1] ?? fieldPath)
  const why = apiVersion !== 'v1' ? `unsupported pod version: ${apiVersion}`
    : match !== null && !SUBSCRIPTED.includes(field) ? `field label does not support subscript: ${fieldPath}`
      : KNOWN_FIELDS.has(field) ? undefined : `field label not supported: ${fieldPath}`
  if (why !== undefined) errors.push(invalidValue(`${path}.fieldPath`, fieldPath, `error converting fieldPath: ${why}`))
  else if (match !== null) checkSubscript(errors, path, field, match[2] ?? '')
  else if (!fields.includes(field)) errors.push(notSupported(`${path}.fieldPath`, field, fields))
}

function checkSubscript(errors: Errors, path: string, field: string, key: string): void {
  const name = field === 'metadata.labels' ? key : key.toLowerCase()
  for (const problem of qualifiedNameErrors(name)) errors.push(invalidValue(path, name, problem))
}

const RESOURCE_FIELDS: readonly string[] = [
  'limits.cpu', 'limits.ephemeral-storage', 'limits.memory', 'requests.cpu', 'requests.ephemeral-storage', 'requests.memory',
]
const HUGE_PAGES_FIELD = /^(limits|requests)\.hugepages-/
const BYTE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']

export function checkResourceFieldRef(
  errors: Errors, path: string, { containerName = '', resource = '', divisor = '0' }: ResourceFieldSelector,
  options: { containerNameRequired: boolean },
): void {
  if (options.containerNameRequired && containerName === '') errors.push(required(`${path}.containerName`))
  else if (resource === '') errors.push(required(`${path}.resource`))
  else if (!RESOURCE_FIELDS.includes(resource) && !HUGE_PAGES_FIELD.test(resource)) {
    errors.push(notSupported(`${path}.resource`, resource, RESOURCE_FIELDS))
  }
  if (milliUnits(divisor) === 0) return
  const [, name = ''] = /^(?:limits|requests)\.(cpu|memory|ephemeral-storage|hugepages)/.exec(resource) ?? []
  if (name === '') return
  const allowed = name === 'cpu' ? ['1m', '1'] : BYTE_DIVISORS
  if (allowed.includes(divisor)) return
  const what = name === 'ephemeral-storage' ? 'local ephemeral storage' : name
  const list = name === 'cpu' ? '1m and 1' : BYTE_DIVISORS.join(', ')
  errors.push(invalidValue(`${path}.divisor`, resource, `only divisor's values ${list} are supported with the ${what} resource`))
}

export function checkEnvironmentFrom(errors: Errors, path: string, sources: readonly EnvFromSource[]): void {
  sources.forEach(({ prefix = '', configMapRef, secretRef }, index) => {
    if (prefix !== '') checkNames(errors, path, `[${index}].prefix`, prefix, envVarNameErrors)
    for (const [field, reference] of [['configMapRef', configMapRef], ['secretRef', secretRef]] as const) {
      if (reference === undefined) continue
      if ((reference.name ?? '') === '') errors.push(required(`${path}[${index}].${field}.name`))
      // A name that may still be completed: a dash at its end is let through.
      else checkDnsSubdomain(errors, path, `[${index}].${field}.name`, reference.name?.replace(/-$/, 'a'))
    }
    if (configMapRef === undefined && secretRef === undefined) {
      errors.push(invalidValue(path, '', 'must specify one of: `configMapRef` or `secretRef`'))
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      errors.push(invalidValue(path, '', 'may not have more than one field specified at a time'))
    }
  })
}
