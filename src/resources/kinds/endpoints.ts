import type { FieldError } from '../../objects/field-error.ts'
import { required } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import {
  checkDnsLabel, checkDnsSubdomain, checkIp, checkNotSpecialIp, checkOneOf, checkPortNumber, checkQualifiedName, PROTOCOLS,
} from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { EndpointAddress, EndpointPort, Endpoints, EndpointSubset } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'

function defaults(draft: Endpoints): void {
  for (const subset of draft.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP'
}

function validate(endpoints: Endpoints): FieldError[] {
  const errors: Errors = []
  endpoints.subsets?.forEach((subset, index) => checkSubset(errors, `subsets[${index}]`, subset))
  return errors
}

function checkSubset(errors: Errors, path: string, { addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset): void {
  if (addresses.length === 0 && notReadyAddresses.length === 0) {
    errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'))
  }
  addresses.forEach((address, index) => checkAddress(errors, `${path}.addresses[${index}]`, address))
  notReadyAddresses.forEach((address, index) => checkAddress(errors, `${path}.notReadyAddresses[${index}]`, address))
  ports.forEach((port, index) => checkEndpointPort(errors, `${path}.ports[${index}]`, port, { nameRequired: ports.length > 1 }))
}

function checkAddress(errors: Errors, path: string, address: EndpointAddress): void {
  checkIp(errors, path, 'ip', address.ip)
  if (address.hostname !== undefined && address.hostname !== '') checkDnsLabel(errors, path, 'hostname', address.hostname)
  if (address.nodeName !== undefined) checkDnsSubdomain(errors, path, 'nodeName', address.nodeName)
  checkNotSpecialIp(errors, path, 'ip', address.ip)
}

function checkEndpointPort(errors: Errors, path: string, port: EndpointPort, options: { nameRequired: boolean }): void {
  if (port.name !== undefined && port.name !== '') checkDnsLabel(errors, path, 'name', port.name)
  else if (options.nameRequired) errors.push(required(`${path}.name`))
  checkPortNumber(errors, path, 'port', port.port)
  checkOneOf(errors, path, 'protocol', port.protocol, PROTOCOLS)
  if (port.appProtocol !== undefined) checkQualifiedName(errors, path, 'appProtocol', port.appProtocol)
}

/** 10.0.0.1:80,10.0.0.2:80 + 3 more... */
function endpointsText(endpoints: Endpoints): string {
  if (endpoints.subsets === undefined || endpoints.subsets.length === 0) return '<none>'
  const shown: string[] = []
  let count = 0
  const add = (ip: string, port: number | undefined): void => {
    count++
    if (shown.length < 3) shown.push(port === undefined ? ip : ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)
  }
  for (const { addresses = [], ports = [] } of endpoints.subsets) {
    if (ports.length === 0) for (const { ip } of addresses) add(ip, undefined)
    for (const { port } of ports) for (const { ip } of addresses) add(ip, port)
  }
  return count > 3 ? `${shown.join(',')} + ${count - 3} more...` : shown.join(',')
}

export const endpoints: ResourceDefinition<Endpoints> = {
  ...plainResource,
  kind: kinds.Endpoints,
  defaults,
  validateCreate: validate,
  validateUpdate: validate,
  columns: [textColumn('Endpoints', 'Addresses and ports that are ready.', endpointsText), ageColumn],
}
