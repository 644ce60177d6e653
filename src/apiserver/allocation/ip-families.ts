import { invalidValue } from '../../objects/field-error.ts'
import type { FieldError } from '../../objects/field-error.ts'
import { parseSloppyIp } from '../../objects/ports-and-addresses.ts'
import type { ServiceSpec } from '../../resources/generated/types.ts'
import { isHeadless } from './service-shape.ts'

/** Fills ipFamilies and ipFamilyPolicy in for a cluster whose services are IPv4; what it cannot give is refused. */
export function fillIpFamilies(spec: ServiceSpec): FieldError[] {
  // Without pods to select, the user writes the endpoints: then both families are possible whatever the cluster has.
  const anyFamily = isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0
  spec.ipFamilyPolicy ??= anyFamily ? 'RequireDualStack' : 'SingleStack'
  const contradictions = [...tooManyForOne(spec), ...unknownAddresses(spec)]
  if (contradictions.length > 0) return contradictions
  const errors = anyFamily ? [] : unsupported(spec)
  if (errors.length > 0) return errors
  const families = (spec.ipFamilies?.length ?? 0) === 0 ? ['IPv4'] : (spec.ipFamilies ?? [])
  const other = families[0] === 'IPv4' ? 'IPv6' : 'IPv4'
  spec.ipFamilies = anyFamily && spec.ipFamilyPolicy !== 'SingleStack' && families.length === 1 ? [...families, other] : families
  return []
}

/** A Service of a single family has one of each. */
function tooManyForOne({ ipFamilyPolicy, clusterIPs = [], ipFamilies = [] }: ServiceSpec): FieldError[] {
  if (ipFamilyPolicy !== 'SingleStack') return []
  const refuse = (what: string): FieldError => {
    const detail = `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`
    return invalidValue('spec.ipFamilyPolicy', ipFamilyPolicy, detail)
  }
  return [...(clusterIPs.length === 2 ? [refuse('cluster IPs')] : []), ...(ipFamilies.length === 2 ? [refuse('IP families')] : [])]
}

/** An address tells the family where that is not said. */
function unknownAddresses({ clusterIPs = [], ipFamilies = [] }: ServiceSpec): FieldError[] {
  return clusterIPs.flatMap((address, index) => {
    if (index < ipFamilies.length || parseSloppyIp(address)?.family !== 6) return []
    return [invalidValue(`spec.clusterIPs[${index}]`, clusterIPs, 'IPv6 is not configured on this cluster')]
  })
}

function unsupported(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    errors.push(invalidValue('spec.ipFamilyPolicy', spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'))
  }
  spec.ipFamilies?.forEach((family, index) => {
    if (family === 'IPv6') errors.push(invalidValue(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'))
  })
  return errors
}
