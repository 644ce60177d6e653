import { kinds } from '../../resources/generated/kinds.ts'
import type { Service, ServicePort, ServiceSpec } from '../../resources/generated/types.ts'
import { invalidValue } from '../../objects/field-error.ts'
import type { FieldError } from '../../objects/field-error.ts'
import { keyOf, keyText } from '../../objects/kube-object.ts'
import type { Random } from '../../words/ports.ts'
import { internalError, invalid } from '../../words/status-error.ts'
import type { AdmissionRequest, Mutator, ObjectReader } from '../access.ts'
import type { WriteObserver } from '../route.ts'
import { carryOverAllocations } from './carry-over.ts'
import { fillIpFamilies } from './ip-families.ts'
import { formatIpv4, parseIpv4, parseServiceRange } from './ipv4-range.ts'
import { NumberPool } from './number-pool.ts'
import type { Reserved } from './number-pool.ts'
import { clusterAddressesOf, isHeadless, needsClusterAddress, needsHealthCheckPort, needsNodePorts, nodePortsOf } from './service-shape.ts'

export interface ServiceAllocatorOptions {
  readonly reader: ObjectReader
  readonly random: Random
  /** 10.96.0.0/16 */
  readonly serviceRange: string
  readonly nodePorts: { readonly first: number; readonly last: number }
}

/** A write's numbers, until the write is settled. */
interface Reservation {
  readonly addresses: number[]
  readonly ports: number[]
}

/** Gives Services their addresses and node ports, each to one Service only, also when many are created at the same moment. */
export class ServiceAllocator implements Mutator, WriteObserver {
  readonly name = 'ServiceAllocation'
  readonly #options: ServiceAllocatorOptions
  readonly #addresses: NumberPool
  readonly #ports: NumberPool
  readonly #reservations = new WeakMap<AdmissionRequest, Reservation>()
  #filled = false

  constructor(options: ServiceAllocatorOptions) {
    const { random, nodePorts } = options
    const range = parseServiceRange(options.serviceRange)
    const addressBand = band(range.last - range.first + 1, 16, 256)
    const portBand = band(nodePorts.last - nodePorts.first + 1, 32, 128)
    this.#options = options
    this.#addresses = new NumberPool({
      first: range.first, last: range.last, dynamicFrom: range.first + addressBand, random,
      isHeld: (address, owner) => this.#stored(owner, (service) => clusterAddressesOf(service).some((text) => parseIpv4(text) === address)),
    })
    this.#ports = new NumberPool({
      ...nodePorts, dynamicFrom: nodePorts.first + portBand, random,
      isHeld: (port, owner) => this.#stored(owner, (service) => nodePortsOf(service).includes(port)),
    })
  }

  matches({ operation, kind, subresource }: AdmissionRequest): boolean {
    return (operation === 'CREATE' || operation === 'UPDATE')
      && kind.plural === kinds.Service.plural && kind.group === '' && subresource === ''
  }

  admit(request: AdmissionRequest): void {
    const service = request.object as Service
    const spec = (service.spec ??= {})
    const old = (request.old as Service | undefined)?.spec
    this.#fillOnce()
    if (old !== undefined) carryOverAllocations(spec, old)
    const reservation: Reservation = { addresses: [], ports: [] }
    this.#reservations.set(request, reservation)
    try {
      this.#allocate(allocationOf(request, service, reservation), spec)
    } catch (error) {
      this.settled(request, 'not-stored')
      throw error
    }
  }

  settled(request: AdmissionRequest, outcome: 'stored' | 'not-stored'): void {
    const reservation = this.#reservations.get(request)
    if (reservation === undefined) return
    this.#reservations.delete(request)
    const kept = request.dryRun ? 'not-stored' : outcome
    for (const address of reservation.addresses) this.#addresses.settle(address, reservation, kept)
    for (const port of reservation.ports) this.#ports.settle(port, reservation, kept)
  }

  /** The caches are complete when the first request is admitted. */
  #fillOnce(): void {
    if (this.#filled) return
    this.#filled = true
    for (const service of this.#options.reader.list(kinds.Service)) {
      const owner = keyText(keyOf(service))
      for (const address of clusterAddressesOf(service)) this.#addresses.record(parseIpv4(address) ?? 0, owner)
      for (const port of nodePortsOf(service)) this.#ports.record(port, owner)
    }
  }

  #stored(owner: string, holds: (service: Service) => boolean): boolean {
    const [namespace = '', name = ''] = owner.split('/')
    const service = this.#options.reader.get(kinds.Service, { namespace, name })
    return service !== undefined && holds(service)
  }

  #allocate(allocation: Allocation, spec: ServiceSpec): void {
    if (needsClusterAddress(spec)) this.#allocateAddress(allocation, spec)
    this.#allocatePorts(allocation, spec)
    this.#allocateHealthCheckPort(allocation, spec)
  }

  #allocateAddress(allocation: Allocation, spec: ServiceSpec): void {
    const asked = spec.clusterIP ?? spec.clusterIPs?.[0] ?? ''
    if (asked !== '') {
      spec.clusterIP = asked
      if ((spec.clusterIPs?.length ?? 0) === 0) spec.clusterIPs = [asked]
    }
    refuse(allocation, fillIpFamilies(spec))
    if (isHeadless(spec)) return
    if (asked === '') {
      const address = this.#addresses.allocate(allocation.owner, allocation.reservation)
      if (address === undefined) throw internalError('failed to allocate a serviceIP: range is full')
      allocation.reservation.addresses.push(address)
      spec.clusterIP = formatIpv4(address)
      spec.clusterIPs = [spec.clusterIP]
      return
    }
    if (!allocation.oldAddresses.has(asked)) this.#reserveAddress(allocation, spec, asked)
  }

  #reserveAddress(allocation: Allocation, spec: ServiceSpec, asked: string): void {
    const address = parseIpv4(asked)
    if (address === undefined) return // Not an IPv4 address: validation says so.
    const reserved = this.#addresses.reserve(address, allocation.owner, allocation.reservation)
    if (reserved === 'reserved') {
      allocation.reservation.addresses.push(address)
      return
    }
    const why = reserved === 'taken'
      ? 'provided IP is already allocated'
      : `the provided IP (${asked}) is not in the valid range. The range of valid IPs is ${this.#options.serviceRange}`
    const shown = `[]string{${(spec.clusterIPs ?? []).map((text) => JSON.stringify(text)).join(', ')}}`
    refuse(allocation, [{
      reason: 'FieldValueInvalid', field: 'spec.clusterIPs', message: `Invalid value: ${shown}: failed to allocate IP ${asked}: ${why}`,
    }])
  }

  #allocatePorts(allocation: Allocation, spec: ServiceSpec): void {
    const ports = spec.ports ?? []
    const own = new Set<number>()
    ports.forEach((port, index) => {
      const asked = port.nodePort ?? 0
      if (asked === 0) return
      // One number may serve TCP and UDP of the same Service.
      if (!own.has(asked)) this.#reservePort(allocation, asked, `spec.ports[${index}].nodePort`)
      own.add(asked)
    })
    if (!needsNodePorts(spec)) return
    for (const port of ports) {
      if ((port.nodePort ?? 0) !== 0) continue
      port.nodePort = sharedNodePort(port, ports) ?? this.#anyPort(allocation)
    }
  }

  #allocateHealthCheckPort(allocation: Allocation, spec: ServiceSpec): void {
    const asked = spec.healthCheckNodePort ?? 0
    if (!needsHealthCheckPort(spec)) return
    if (asked === 0) spec.healthCheckNodePort = this.#anyPort(allocation)
    else this.#reservePort(allocation, asked, 'spec.healthCheckNodePort')
  }

  #reservePort(allocation: Allocation, port: number, field: string): void {
    if (allocation.oldPorts.has(port)) return
    const reserved = this.#ports.reserve(port, allocation.owner, allocation.reservation)
    if (reserved === 'reserved') allocation.reservation.ports.push(port)
    else refuse(allocation, [invalidValue(field, port, this.#whyNoPort(reserved))])
  }

  #whyNoPort(reserved: Reserved): string {
    const { first, last } = this.#options.nodePorts
    if (reserved === 'taken') return 'provided port is already allocated'
    return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`
  }

  #anyPort(allocation: Allocation): number {
    const port = this.#ports.allocate(allocation.owner, allocation.reservation)
    if (port === undefined) throw internalError('failed to allocate a nodePort: range is full')
    allocation.reservation.ports.push(port)
    return port
  }
}

/** One write's view: who it is for, what that Service held before, what it has reserved by now. */
interface Allocation {
  readonly owner: string
  readonly reservation: Reservation
  readonly oldAddresses: ReadonlySet<string>
  readonly oldPorts: ReadonlySet<number>
  readonly serviceName: string
}

function allocationOf(request: AdmissionRequest, service: Service, reservation: Reservation): Allocation {
  const old = request.old as Service | undefined
  return {
    owner: keyText(request.key),
    reservation,
    oldAddresses: new Set(old === undefined ? [] : clusterAddressesOf(old)),
    oldPorts: new Set(old === undefined ? [] : nodePortsOf(old)),
    serviceName: service.metadata.name ?? request.key.name,
  }
}

function refuse(allocation: Allocation, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: '', kind: 'Service' }, allocation.serviceName, errors)
}

/** DNS on 53/TCP and 53/UDP gets one number for both. */
function sharedNodePort(port: ServicePort, ports: readonly ServicePort[]): number | undefined {
  const twin = ports.find((other) => (
    other !== port && other.port === port.port && (other.protocol ?? 'TCP') !== (port.protocol ?? 'TCP') && (other.nodePort ?? 0) !== 0
  ))
  return twin?.nodePort
}

/** Size of the part that is left to static choice: size/divisor, between 16 and max; nothing in very small ranges. */
function band(size: number, divisor: number, max: number): number {
  if (size <= 16) return 0
  return Math.min(Math.max(16, Math.floor(size / divisor)), max)
}
