import type { FieldError } from '../../objects/field-error.ts'
import { duplicate, invalidValue, required, tooMany } from '../../objects/field-error.ts'
import { dnsLabelErrors, dnsSubdomainErrors } from '../../objects/names.ts'
import { parseSloppyIp } from '../../objects/ports-and-addresses.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import {
  checkDnsLabel, checkDnsSubdomain, checkImmutable, checkNotSpecialIp, checkOneOf, checkPortNumber, checkQualifiedName,
  checkLabelValue, PROTOCOLS,
} from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { DiscoveryV1EndpointPort, Endpoint, EndpointSlice } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { ageColumn, shortList, textColumn } from '../table.ts'

const MAX_ENDPOINTS = 1000
const MAX_ADDRESSES = 100
const MAX_PORTS = 20000
const MAX_ZONE_HINTS = 8
const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6']

function defaults(draft: EndpointSlice): void {
  for (const port of draft.ports ?? []) {
    port.name ??= ''
    port.protocol ??= 'TCP'
  }
}

function validate(slice: EndpointSlice): FieldError[] {
  const errors: Errors = []
  checkOneOf(errors, '', 'addressType', slice.addressType, ADDRESS_TYPES)
  const endpoints = slice.endpoints ?? []
  if (endpoints.length > MAX_ENDPOINTS) errors.push(tooMany('endpoints', endpoints.length, MAX_ENDPOINTS))
  else endpoints.forEach((endpoint, index) => checkEndpoint(errors, `endpoints[${index}]`, slice.addressType, endpoint))
  checkPorts(errors, slice.ports ?? [])
  return errors
}

function checkEndpoint(errors: Errors, path: string, addressType: string, endpoint: Endpoint): void {
  const addresses = endpoint.addresses ?? []
  if (addresses.length === 0) errors.push(required(`${path}.addresses`, 'must contain at least 1 address'))
  else if (addresses.length > MAX_ADDRESSES) errors.push(tooMany(`${path}.addresses`, addresses.length, MAX_ADDRESSES))
  addresses.forEach((address, index) => checkAddress(errors, `${path}.addresses[${index}]`, addressType, address))
  if (endpoint.nodeName !== undefined) checkDnsSubdomain(errors, path, 'nodeName', endpoint.nodeName)
  if (endpoint.hostname !== undefined) checkDnsLabel(errors, path, 'hostname', endpoint.hostname)
  const zones = endpoint.hints?.forZones ?? []
  if (zones.length > MAX_ZONE_HINTS) {
    errors.push(tooMany(`${path}.hints.forZones`, zones.length, MAX_ZONE_HINTS))
    return
  }
  const seen = new Set<string>()
  zones.forEach(({ name }, index) => {
    const here = `${path}.hints.forZones[${index}]`
    if (seen.has(name)) errors.push(duplicate(`${here}.name`, name))
    seen.add(name)
    checkLabelValue(errors, here, 'name', name)
  })
}

function checkAddress(errors: Errors, path: string, addressType: string, address: string): void {
  if (addressType === 'FQDN') checkDomain(errors, path, address)
  // Another type has been reported, and says nothing of what an address is.
  if (addressType !== 'IPv4' && addressType !== 'IPv6') return
  const family = addressType === 'IPv4' ? 4 : 6
  if (parseSloppyIp(address)?.family !== family) errors.push(invalidValue(path, address, `must be a valid ${addressType} address`))
  checkNotSpecialIp(errors, path, '', address)
}

/** host.example.com, also with a dot at its end. */
function checkDomain(errors: Errors, path: string, address: string): void {
  const name = address.replace(/\.$/, '')
  const problems = dnsSubdomainErrors(name)
  const longLabel = name.split('.').find((label) => dnsLabelErrors(label).length > 0)
  if (address === '') errors.push(required(path))
  else if (problems.length > 0) errors.push(invalidValue(path, name, problems.join(',')))
  else if (!name.includes('.')) errors.push(invalidValue(path, name, 'should be a domain with at least two segments separated by dots'))
  else if (longLabel !== undefined) errors.push(invalidValue(path, longLabel, dnsLabelErrors(longLabel).join(',')))
}

function checkPorts(errors: Errors, ports: readonly DiscoveryV1EndpointPort[]): void {
  if (ports.length > MAX_PORTS) {
    errors.push(tooMany('ports', ports.length, MAX_PORTS))
    return
  }
  const names = new Set<string>()
  ports.forEach((port, index) => {
    const path = `ports[${index}]`
    const name = port.name ?? ''
    if (name !== '') checkDnsLabel(errors, path, 'name', name)
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
    names.add(name)
    checkOneOf(errors, path, 'protocol', port.protocol, PROTOCOLS)
    // Upstream lets any number pass here, and its proxies fail on it.
    if (port.port !== undefined) checkPortNumber(errors, path, 'port', port.port)
    if (port.appProtocol !== undefined) checkQualifiedName(errors, path, 'appProtocol', port.appProtocol)
  })
}

function portsText(slice: EndpointSlice): string {
  return shortList((slice.ports ?? []).map(({ port, name }) => String(port ?? name ?? '*'))) || '<unset>'
}

function endpointsText(slice: EndpointSlice): string {
  return shortList((slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses)) || '<unset>'
}

/** What the first versions had instead of nodeName and zone: v1 shows it and does not take it. */
function dropTopology(draft: EndpointSlice): void {
  if (draft.endpoints?.some(({ deprecatedTopology }) => deprecatedTopology !== undefined) !== true) return
  draft.endpoints = draft.endpoints.map(({ deprecatedTopology: _, ...endpoint }) => endpoint)
}

export const endpointSlices: ResourceDefinition<EndpointSlice> = {
  ...plainResource,
  kind: kinds.EndpointSlice,
  defaults,
  prepareForCreate: dropTopology,
  prepareForUpdate: dropTopology,
  validateCreate: validate,
  validateUpdate(slice, old) {
    const errors = validate(slice)
    checkImmutable(errors, 'addressType', slice.addressType, old.addressType)
    return errors
  },
  warnings({ addressType }, old) {
    return old === undefined && addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []
  },
  generationOf: 'labels-and-all-but-metadata',
  columns: [
    textColumn('AddressType', 'Family of its addresses.', (slice) => slice.addressType),
    textColumn('Ports', 'Ports of every endpoint.', portsText),
    textColumn('Endpoints', 'Addresses of its endpoints.', endpointsText),
    ageColumn,
  ],
}
