import { invalidValue } from '../../objects/field-error.ts'
import type { FieldError } from '../../objects/field-error.ts'
import type { ServiceSpec } from '../../resources/generated/types.ts'
import { isHeadless } from './service-shape.ts'

/** Fills ipFamilies and ipFamilyPolicy in for a cluster whose services are IPv4; what it cannot give is refused. */
export function fillIpFamilies(spec: ServiceSpec): FieldError[] {
  // Without pods to select, the user writes the endpoints: then both families are possible whatever the cluster has.
  const anyFamily = isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0
  const errors = anyFamily ? [] : unsupported(spec)
  if (errors.length > 0) return errors
  spec.ipFamilyPolicy ??= anyFamily && (spec.ipFamilies?.length ?? 0) !== 1 ? 'RequireDualStack' : 'SingleStack'
  const families = (spec.ipFamilies?.length ?? 0) === 0 ? ['IPv4'] : (spec.ipFamilies ?? [])
  const other = families[0] === 'IPv4' ? 'IPv6' : 'IPv4'
  spec.ipFamilies = anyFamily && spec.ipFamilyPolicy !== 'SingleStack' && families.length === 1 ? [...families, other] : families
  return []
}

function unsupported(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  spec.ipFamilies?.forEach((family, index) => {
    if (family === 'IPv6') errors.push(invalidValue(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'))
  })
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    errors.push(invalidValue('spec.ipFamilyPolicy', spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'))
  }
  return errors
}
