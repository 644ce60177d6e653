import type { FieldError } from '../../objects/field-error.ts'
import { duplicate, forbiddenField, invalidValue, required } from '../../objects/field-error.ts'
import { milliUnits } from '../../objects/quantity.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkQualifiedName } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { LimitRange, LimitRangeItem } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { canonicalizeResources, compareAmounts } from '../resource-list.ts'
import { checkContainerResourceName, checkResourceName, isOvercommitAllowed } from '../resource-names.ts'

const TYPES = ['Container', 'Pod', 'PersistentVolumeClaim']
const LISTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const

/** For containers: what has a limit has a default limit, what has a default limit has that as its default request. */
function defaults(draft: LimitRange): void {
  for (const limit of draft.spec?.limits ?? []) {
    for (const list of LISTS) canonicalizeResources(limit[list])
    if (limit.type !== 'Container') continue
    fill(limit, 'default', limit.max)
    fill(limit, 'defaultRequest', limit.default)
    fill(limit, 'defaultRequest', limit.min)
  }
}

function fill(limit: LimitRangeItem, list: 'default' | 'defaultRequest', source: Record<string, string> | undefined): void {
  for (const name in source) {
    const values = (limit[list] ??= {})
    values[name] ??= source[name] ?? '0'
  }
}

function validate(limitRange: LimitRange): FieldError[] {
  const errors: Errors = []
  const types = new Set<string>()
  limitRange.spec?.limits?.forEach((limit, index) => {
    const path = `spec.limits[${index}]`
    checkType(errors, `${path}.type`, limit.type ?? '')
    if (types.has(limit.type)) errors.push(duplicate(`${path}.type`, limit.type))
    types.add(limit.type)
    checkItem(errors, path, limit)
  })
  return errors
}

function checkType(errors: Errors, path: string, type: string): void {
  const before = errors.length
  checkQualifiedName(errors, path, '', type)
  if (errors.length === before && !type.includes('/') && !TYPES.includes(type)) {
    errors.push(invalidValue(path, type, 'must be a standard limit type or fully qualified'))
  }
}

function checkItem(errors: Errors, path: string, limit: LimitRangeItem): void {
  const names = new Set<string>()
  for (const list of LISTS) {
    if (limit.type === 'Pod' && (list === 'default' || list === 'defaultRequest')) {
      if (Object.keys(limit[list] ?? {}).length > 0) {
        errors.push(forbiddenField(`${path}.${list}`, "may not be specified when `type` is 'Pod'"))
      }
      continue
    }
    for (const name in limit[list]) {
      names.add(name)
      const here = `${path}.${list}[${name}]`
      if (limit.type === 'Pod' || limit.type === 'Container') checkContainerResourceName(errors, here, name)
      else checkResourceName(errors, here, name)
    }
  }
  if (limit.type === 'PersistentVolumeClaim' && limit.min?.['storage'] === undefined && limit.max?.['storage'] === undefined) {
    errors.push(required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided'))
  }
  for (const name of names) checkAmounts(errors, path, name, limit)
}

/** min <= defaultRequest <= default <= max, for those that are there; their ratio at most max/min. */
function checkAmounts(errors: Errors, path: string, name: string, limit: LimitRangeItem): void {
  const isPod = limit.type === 'Pod'
  const [min, max] = [limit.min?.[name], limit.max?.[name]]
  const [usual, request] = isPod ? [] : [limit.default?.[name], limit.defaultRequest?.[name]]
  const order = (
    list: string,
    low: string | undefined,
    high: string | undefined,
    shown: string | undefined,
    words: (l: string, h: string) => string
  ): void => {
    if (low !== undefined && high !== undefined && compareAmounts(low, high) > 0) {
      errors.push(invalidValue(`${path}.${list}[${name}]`, shown, words(low, high)))
    }
  }
  order('min', min, max, min, (l, h) => `min value ${l} is greater than max value ${h}`)
  order('defaultRequest', min, request, request, (l, h) => `min value ${l} is greater than default request value ${h}`)
  order('defaultRequest', request, max, request, (l, h) => `default request value ${l} is greater than max value ${h}`)
  order('defaultRequest', request, usual, request, (l, h) => `default request value ${l} is greater than default limit value ${h}`)
  order('default', min, usual, min, (l, h) => `min value ${l} is greater than default value ${h}`)
  order('default', usual, max, max, (l, h) => `default value ${l} is greater than max value ${h}`)
  checkRatio(errors, `${path}.maxLimitRequestRatio[${name}]`, limit.maxLimitRequestRatio?.[name], min, max)
  if (!isOvercommitAllowed(name) && usual !== undefined && request !== undefined && compareAmounts(usual, request) !== 0) {
    const detail = `default value ${usual} must equal to defaultRequest value ${request} in ${name}`
    errors.push(invalidValue(`${path}.defaultRequest[${name}]`, request, detail))
  }
}

function checkRatio(errors: Errors, path: string, ratio: string | undefined, min: string | undefined, max: string | undefined): void {
  if (ratio === undefined) return
  const milli = milliUnits(ratio) ?? 0
  if (milli < 1000) errors.push(invalidValue(path, ratio, `ratio ${ratio} is less than 1`))
  if (min === undefined || max === undefined) return
  const bound = (milliUnits(max) ?? 0) / (milliUnits(min) ?? 0)
  if (milli / 1000 > bound) errors.push(invalidValue(path, ratio, `ratio ${ratio} is greater than max/min = ${bound.toFixed(6)}`))
}

export const limitRanges: ResourceDefinition<LimitRange> = {
  ...plainResource, kind: kinds.LimitRange, defaults, validateCreate: validate, validateUpdate: validate,
}
