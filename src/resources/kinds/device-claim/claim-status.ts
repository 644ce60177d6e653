import type { FieldError } from '../../../objects/field-error.ts'
import { forbiddenField, invalidValue, notSupported, required, tooLong } from '../../../objects/field-error.ts'
import { cidrErrors, formatIp, parseSloppyCidr } from '../../../objects/ports-and-addresses.ts'
import { isLongerThan } from '../../../words/bytes.ts'
import { checkConditions } from '../../condition-checks.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsLabel, checkImmutable, checkPresent, sameValue } from '../../field-checks.ts'
import type {
  AllocatedDeviceStatus, AllocationResult, DeviceAllocationConfiguration, DeviceRequestAllocationResult, NetworkDeviceData,
  ResourceClaimStatus, ResourceV1beta1ResourceClaim as ResourceClaim,
} from '../../generated/types.ts'
import { checkDriverName } from '../../name-checks.ts'
import { checkNodeSelector } from '../pod/scheduling-checks.ts'
import {
  checkConfig, checkCount, checkDuplicates, checkRawObject, checkRequestName, checkRequestNames, MAX_LIST, requestNames,
} from './claim-checks.ts'
import { checkPoolName } from './device-names.ts'

const MAX_RESERVED_FOR = 256
const MAX_CONDITIONS = 8
const MAX_DATA_BYTES = 10 * 1024
const MAX_IPS = 16
const MAX_INTERFACE_NAME = 256
const MAX_HARDWARE_ADDRESS = 128
const SOURCES = ['FromClaim', 'FromClass']

interface DeviceRef {
  readonly driver: string
  readonly pool: string
  readonly device: string
}

function deviceId({ driver, pool, device }: DeviceRef): string {
  return `${driver}/${pool}/${device}`
}

function allocatedDevices(status: ResourceClaimStatus | undefined): Set<string> {
  return new Set((status?.allocation?.devices?.results ?? []).map(deviceId))
}

/** What a driver has reported of a device goes when the claim no longer has it. */
export function withoutDeallocated(status: ResourceClaimStatus, old: ResourceClaimStatus | undefined): ResourceClaimStatus {
  const now = allocatedDevices(status)
  const gone = [...allocatedDevices(old)].filter((id) => !now.has(id))
  if (gone.length === 0 || status.devices === undefined) return status
  const devices = status.devices.filter((device) => !gone.includes(deviceId(device)))
  const { devices: _, ...rest } = status
  return devices.length === 0 ? rest : { ...rest, devices }
}

/** status.devices and adminAccess are alphas in 1.32 (DRAResourceClaimDeviceStatus, DRAAdminAccess): they stay only where they stand already. */
export function withoutDisabled(status: ResourceClaimStatus, old: ResourceClaim): ResourceClaimStatus {
  let kept = status
  if (status.devices !== undefined && (old.status?.devices ?? []).length === 0) {
    const { devices: _, ...rest } = status
    kept = rest
  }
  const results = kept.allocation?.devices?.results
  if (results?.some(({ adminAccess }) => adminAccess !== undefined) !== true || hasAdminAccess(old)) return kept
  const devices = { ...kept.allocation?.devices, results: results.map(({ adminAccess: _, ...result }) => result) }
  return { ...kept, allocation: { ...kept.allocation, devices } }
}

function hasAdminAccess({ spec, status }: ResourceClaim): boolean {
  const parts = [...(spec?.devices?.requests ?? []), ...(status?.allocation?.devices?.results ?? [])]
  return parts.some(({ adminAccess }) => adminAccess !== undefined)
}

export function validateStatus(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const errors: Errors = []
  const status = claim.status ?? {}
  const names = new Set(requestNames(claim.spec?.devices))
  checkReservations(errors, claim)
  const { devices = [], allocation } = status
  const allocated = allocatedDevices(status)
  devices.forEach((device, index) => checkDevice(errors, `status.devices[${index}]`, device, allocated))
  checkDuplicates(errors, devices.map((device, index) => [`status.devices[${index}].deviceID`, deviceId(device)]))
  checkReserving(errors, claim, old)
  if (allocation !== undefined && old.status?.allocation !== undefined) {
    checkImmutable(errors, 'status.allocation', allocation, old.status.allocation)
  } else if (allocation !== undefined) checkAllocation(errors, 'status.allocation', allocation, names)
  return errors
}

function checkReservations(errors: Errors, { status }: ResourceClaim): void {
  const reserved = status?.reservedFor ?? []
  reserved.forEach((consumer, index) => {
    for (const field of ['resource', 'name', 'uid'] as const) checkPresent(errors, `status.reservedFor[${index}]`, field, consumer[field])
  })
  checkCount(errors, 'status.reservedFor', reserved, MAX_RESERVED_FOR)
  checkDuplicates(errors, reserved.map(({ uid }, index) => [`status.reservedFor[${index}].uid`, uid]))
}

/** A claim is reserved for pods only while it has devices and is to stay. */
function checkReserving(errors: Errors, { metadata, status }: ResourceClaim, old: ResourceClaim): void {
  const reserved = status?.reservedFor ?? []
  if (reserved.length === 0) return
  if (status?.allocation === undefined) {
    errors.push(forbiddenField('status.reservedFor', 'may not be specified when `allocated` is not set'))
  } else if (metadata.deletionTimestamp !== undefined) {
    const before = old.status?.reservedFor ?? []
    if (reserved.every((consumer) => before.some((other) => sameValue(consumer, other)))) return
    const detail = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'
    errors.push(forbiddenField('status.reservedFor', detail))
  }
}

function checkAllocation(errors: Errors, path: string, { devices, nodeSelector }: AllocationResult, names: ReadonlySet<string>): void {
  const { results = [], config = [] } = devices ?? {}
  results.forEach((result, index) => checkResult(errors, `${path}.devices.results[${index}]`, result, names))
  checkCount(errors, `${path}.devices.results`, results)
  config.forEach((item, index) => checkAllocationConfig(errors, `${path}.devices.config[${index}]`, item, names))
  checkCount(errors, `${path}.devices.config`, config, 2 * MAX_LIST)
  if (nodeSelector !== undefined) checkNodeSelector(errors, `${path}.nodeSelector`, nodeSelector)
}

function checkResult(errors: Errors, path: string, result: DeviceRequestAllocationResult, names: ReadonlySet<string>): void {
  checkRequestName(errors, `${path}.request`, result.request ?? '', names)
  checkDeviceRef(errors, path, result)
}

function checkDeviceRef(errors: Errors, path: string, { driver, pool, device }: DeviceRef): void {
  checkDriverName(errors, path, 'driver', driver)
  checkPoolName(errors, `${path}.pool`, pool)
  checkDnsLabel(errors, path, 'device', device)
}

function checkAllocationConfig(errors: Errors, path: string, config: DeviceAllocationConfiguration, names: ReadonlySet<string>): void {
  const source = config.source ?? ''
  if (source === '') errors.push(required(`${path}.source`))
  else if (!SOURCES.includes(source)) errors.push(notSupported(`${path}.source`, source, SOURCES))
  checkRequestNames(errors, `${path}.requests`, config.requests ?? [], names)
  checkConfig(errors, path, config)
}

function checkDevice(errors: Errors, path: string, device: AllocatedDeviceStatus, allocated: ReadonlySet<string>): void {
  checkDeviceRef(errors, path, device)
  if (!allocated.has(deviceId(device))) errors.push(invalidValue(path, deviceId(device), 'must be an allocated device in the claim'))
  checkCount(errors, `${path}.conditions`, device.conditions ?? [], MAX_CONDITIONS)
  checkConditions(errors, `${path}.conditions`, device.conditions)
  if (device.data !== undefined) checkRawObject(errors, `${path}.data`, device.data, MAX_DATA_BYTES)
  if (device.networkData !== undefined) checkNetwork(errors, `${path}.networkData`, device.networkData)
}

function checkNetwork(errors: Errors, path: string, { interfaceName = '', hardwareAddress = '', ips = [] }: NetworkDeviceData): void {
  if (isLongerThan(interfaceName, MAX_INTERFACE_NAME)) errors.push(tooLong(`${path}.interfaceName`, MAX_INTERFACE_NAME))
  if (isLongerThan(hardwareAddress, MAX_HARDWARE_ADDRESS)) errors.push(tooLong(`${path}.hardwareAddress`, MAX_HARDWARE_ADDRESS))
  ips.forEach((address, index) => {
    const field = `${path}.ips[${index}]`
    const cidr = parseSloppyCidr(address)
    if (cidr === undefined) for (const problem of cidrErrors(address)) errors.push(invalidValue(field, address, problem))
    else {
      const canonical = `${formatIp(cidr)}/${cidr.prefixBits}`
      if (address !== canonical) errors.push(invalidValue(field, address, `must be in canonical form (${canonical})`))
    }
  })
  checkCount(errors, `${path}.ips`, ips, MAX_IPS)
  checkDuplicates(errors, ips.map((address, index) => [`${path}.ips[${index}]`, address]))
}
