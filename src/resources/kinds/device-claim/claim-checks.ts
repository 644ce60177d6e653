import { duplicate, invalidValue, notSupported, required, tooLong, tooMany } from '../../../objects/field-error.ts'
import { isObject } from '../../../objects/json.ts'
import { jsonText } from '../../../objects/json-text.ts'
import { isLongerThan } from '../../../words/bytes.ts'
import type { Expression } from '../../expression.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsLabel, checkDnsSubdomain, NOT_POSITIVE } from '../../field-checks.ts'
import type {
  DeviceClaim, DeviceClaimConfiguration, DeviceClassConfiguration, DeviceConstraint, DeviceRequest, DeviceSelector, ResourceClaimSpec,
} from '../../generated/types.ts'
import { checkDriverName } from '../../name-checks.ts'
import { checkFullAttributeName } from './device-names.ts'

/** What claims, their templates and device classes share. */
export const MAX_LIST = 32
const MAX_EXPRESSION_BYTES = 10 * 1024
const MAX_PARAMETER_BYTES = 10 * 1024
const MODES = ['All', 'ExactCount']

export function defaultClaimSpec(spec: ResourceClaimSpec | undefined): void {
  for (const request of spec?.devices?.requests ?? []) {
    request.allocationMode ||= 'ExactCount'
    if (request.allocationMode === 'ExactCount') request.count ||= 1
  }
}

/** Administrative access is for those who may give it to themselves, which nothing decides yet: nobody gets it. */
export function withoutAdminAccess(spec: ResourceClaimSpec): ResourceClaimSpec {
  const requests = spec.devices?.requests
  if (requests?.some(({ adminAccess }) => adminAccess !== undefined) !== true) return spec
  return { ...spec, devices: { ...spec.devices, requests: requests.map(({ adminAccess: _, ...request }) => request) } }
}

export function checkClaimSpec(errors: Errors, path: string, spec: ResourceClaimSpec | undefined): void {
  const { requests = [], constraints = [], config = [] } = spec?.devices ?? {}
  const names = new Set(requestNames(spec?.devices))
  const devices = `${path}.devices`
  requests.forEach((request, index) => checkRequest(errors, `${devices}.requests[${index}]`, request))
  checkCount(errors, `${devices}.requests`, requests)
  checkDuplicates(errors, requests.map(({ name = '' }, index) => [`${devices}.requests[${index}].name`, name]))
  constraints.forEach((constraint, index) => checkConstraint(errors, `${devices}.constraints[${index}]`, constraint, names))
  checkCount(errors, `${devices}.constraints`, constraints)
  config.forEach((item, index) => checkClaimConfig(errors, `${devices}.config[${index}]`, item, names))
  checkCount(errors, `${devices}.config`, config)
}

export function requestNames(claim: DeviceClaim | undefined): string[] {
  return (claim?.requests ?? []).map(({ name }) => name)
}

export function checkCount(errors: Errors, path: string, list: readonly unknown[], max = MAX_LIST): void {
  if (list.length > max) errors.push(tooMany(path, list.length, max))
}

/** Reports the second and later uses of a key, each by the path that comes with it. */
export function checkDuplicates(errors: Errors, keys: readonly (readonly [path: string, key: string])[]): void {
  const seen = new Set<string>()
  for (const [path, key] of keys) {
    if (seen.has(key)) errors.push(duplicate(path, key))
    seen.add(key)
  }
}

function checkRequest(errors: Errors, path: string, request: DeviceRequest): void {
  const { name, deviceClassName = '', selectors = [], allocationMode = '', count = 0 } = request
  checkDnsLabel(errors, path, 'name', name)
  if (deviceClassName === '') errors.push(required(`${path}.deviceClassName`))
  else checkDnsSubdomain(errors, path, 'deviceClassName', deviceClassName)
  checkSelectors(errors, `${path}.selectors`, selectors)
  if (allocationMode === 'All') {
    if (count !== 0) errors.push(invalidValue(`${path}.count`, count, "must not be specified when allocationMode is 'All'"))
  } else if (allocationMode === 'ExactCount') {
    if (count <= 0) errors.push(invalidValue(`${path}.count`, count, NOT_POSITIVE))
  } else errors.push(notSupported(`${path}.allocationMode`, allocationMode, MODES))
}

export function checkSelectors(errors: Errors, path: string, selectors: readonly DeviceSelector[]): void {
  selectors.forEach(({ cel }, index) => {
    const expression = cel?.expression ?? ''
    if (cel === undefined) errors.push(required(`${path}[${index}].cel`))
    else if (isLongerThan(expression, MAX_EXPRESSION_BYTES)) errors.push(tooLong(`${path}[${index}].cel.expression`, MAX_EXPRESSION_BYTES))
  })
  checkCount(errors, path, selectors)
}

export function selectorExpressions(path: string, selectors: readonly DeviceSelector[] | undefined): Expression[] {
  return (selectors ?? []).flatMap(({ cel }, index): Expression[] => (cel === undefined ? [] : [
    { use: 'device-selector', path: `${path}[${index}].cel.expression`, text: cel.expression ?? '', name: '', hasParams: false },
  ]))
}

export function claimExpressions(path: string, spec: ResourceClaimSpec | undefined): Expression[] {
  return (spec?.devices?.requests ?? []).flatMap(({ selectors }, index) => (
    selectorExpressions(`${path}.devices.requests[${index}].selectors`, selectors)))
}

function checkConstraint(
  errors: Errors, path: string, { requests = [], matchAttribute }: DeviceConstraint, names: ReadonlySet<string>,
): void {
  checkRequestNames(errors, `${path}.requests`, requests, names)
  if (matchAttribute === undefined) errors.push(required(`${path}.matchAttribute`))
  else checkFullAttributeName(errors, `${path}.matchAttribute`, matchAttribute)
}

export function checkRequestNames(errors: Errors, path: string, requests: readonly string[], names: ReadonlySet<string>): void {
  requests.forEach((name, index) => checkRequestName(errors, `${path}[${index}]`, name, names))
  checkCount(errors, path, requests)
  checkDuplicates(errors, requests.map((name, index) => [`${path}[${index}]`, name]))
}

export function checkRequestName(errors: Errors, field: string, name: string, names: ReadonlySet<string>): void {
  checkDnsLabel(errors, field, '', name)
  if (!names.has(name)) errors.push(invalidValue(field, name, 'must be the name of a request in the claim'))
}

function checkClaimConfig(errors: Errors, path: string, config: DeviceClaimConfiguration, names: ReadonlySet<string>): void {
  checkRequestNames(errors, `${path}.requests`, config.requests ?? [], names)
  checkConfig(errors, path, config)
}

export function checkConfig(errors: Errors, path: string, { opaque }: DeviceClassConfiguration): void {
  if (opaque === undefined) return void errors.push(required(`${path}.opaque`))
  checkDriverName(errors, `${path}.opaque`, 'driver', opaque.driver)
  checkRawObject(errors, `${path}.opaque.parameters`, opaque.parameters, MAX_PARAMETER_BYTES)
}

/** An object that only its driver understands. */
export function checkRawObject(errors: Errors, field: string, value: unknown, maxBytes: number): void {
  if (value === undefined || value === null) errors.push(required(field))
  else if (isLongerThan(jsonText(value), maxBytes)) errors.push(tooLong(field, maxBytes))
  else if (!isObject(value)) errors.push(invalidValue(field, '<value omitted>', 'parameters must be a valid JSON object'))
}
