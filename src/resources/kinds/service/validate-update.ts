import type { FieldError } from '../../../objects/field-error.ts'
import { forbiddenField, invalidValue } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import { IMMUTABLE } from '../../field-checks.ts'
import type { Service, ServiceSpec } from '../../generated/types.ts'
import { needsHealthCheckPort } from './prepare.ts'
import { isHeadless, validateService } from './validate.ts'

const SET_ONCE = 'may not change once set'

/** The second address and family come and go; the first ones stay for as long as the service is of a type that has them. */
export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const errors: Errors = []
  const [spec, before] = [service.spec ?? {}, old.spec ?? {}]
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName') {
    checkPair(errors, spec, before, 'clusterIPs', 'clusterIP')
    if (isHeadless(spec) === isHeadless(before)) checkPair(errors, spec, before, 'ipFamilies', 'ipFamily')
  }
  if (spec.type === 'LoadBalancer' && before.type === 'LoadBalancer' && spec.loadBalancerClass !== before.loadBalancerClass) {
    errors.push(invalidValue('spec.loadBalancerClass', spec.loadBalancerClass ?? null, SET_ONCE))
  }
  if (needsHealthCheckPort(before) && needsHealthCheckPort(spec) && spec.healthCheckNodePort !== before.healthCheckNodePort) {
    errors.push(forbiddenField('spec.healthCheckNodePort', IMMUTABLE))
  }
  errors.push(...validateService(service))
  return errors
}

function checkPair(errors: Errors, spec: ServiceSpec, before: ServiceSpec, field: 'clusterIPs' | 'ipFamilies', single: string): void {
  if (isHeadless(spec) && isHeadless(before)) return
  const [now, then] = [spec[field] ?? [], before[field] ?? []]
  const changed = (index: number): void => void errors.push(invalidValue(`spec.${field}[${index}]`, now, SET_ONCE))
  if (now.length === then.length) {
    then.forEach((value, index) => {
      if (value !== now[index]) changed(field === 'clusterIPs' ? index : 0)
    })
    return
  }
  if (now.length === 0 && then.length > 0) errors.push(invalidValue(`spec.${field}[0]`, now, `primary ${single} can not be unset`))
  else if (then.length > 0 && now[0] !== then[0]) changed(0)
  if (then.length > now.length && now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const detail = `must be set to 'SingleStack' when releasing the secondary ${single}`
    errors.push(invalidValue('spec.ipFamilyPolicy', spec.ipFamilyPolicy ?? null, detail))
  }
}
