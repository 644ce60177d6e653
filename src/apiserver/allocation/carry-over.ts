import { sameJson } from '../../objects/json.ts'
import type { ServicePort, ServiceSpec } from '../../resources/generated/types.ts'
import { mayHaveNodePorts, needsClusterAddress, needsHealthCheckPort } from './service-shape.ts'

/**
 * An update that leaves out what the cluster had allocated means "as it was": kubectl replace with a user's own file would
 * otherwise lose the address. And what the new type has no place for goes, if the user left it as it was.
 */
export function carryOverAllocations(draft: ServiceSpec, old: ServiceSpec): void {
  carryOver(draft, old)
  dropMisplaced(draft, old)
}

function carryOver(draft: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterAddress(old) && needsClusterAddress(draft)) {
    if ((draft.clusterIP ?? '') === '' && (draft.clusterIPs?.length ?? 0) === 0 && old.clusterIP !== undefined) {
      draft.clusterIP = old.clusterIP
    }
    if ((draft.clusterIPs?.length ?? 0) === 0 && draft.clusterIP === old.clusterIP && old.clusterIPs !== undefined) {
      draft.clusterIPs = [...old.clusterIPs]
    }
    if ((draft.ipFamilies?.length ?? 0) === 0 && old.ipFamilies !== undefined) draft.ipFamilies = [...old.ipFamilies]
    if (draft.ipFamilyPolicy === undefined && old.ipFamilyPolicy !== undefined) draft.ipFamilyPolicy = old.ipFamilyPolicy
    if (draft.ipFamilyPolicy === 'SingleStack') trimToOne(draft, old)
  }
  if (mayHaveNodePorts(old) && mayHaveNodePorts(draft)) carryOverNodePorts(draft.ports ?? [], old.ports ?? [])
  if (
    needsHealthCheckPort(old) && needsHealthCheckPort(draft)
    && (draft.healthCheckNodePort ?? 0) === 0 && old.healthCheckNodePort !== undefined
  ) {
    draft.healthCheckNodePort = old.healthCheckNodePort
  }
}

/** Who asks for a single family and leaves the lists as they were gives up what comes second. */
function trimToOne(draft: ServiceSpec, old: ServiceSpec): void {
  for (const field of ['clusterIPs', 'ipFamilies'] as const) {
    const [first, ...others] = draft[field] ?? []
    if (first !== undefined && others.length > 0 && sameJson(draft[field], old[field])) draft[field] = [first]
  }
}

function carryOverNodePorts(ports: readonly ServicePort[], oldPorts: readonly ServicePort[]): void {
  const given = new Set(ports.flatMap((port) => (port.nodePort === undefined || port.nodePort === 0 ? [] : [portKey(port, port.nodePort)])))
  for (const port of ports) {
    if ((port.nodePort ?? 0) !== 0) continue
    const old = oldPorts.find((candidate) => portKey(candidate, candidate.port) === portKey(port, port.port))
    if (old?.nodePort === undefined || given.has(portKey(old, old.nodePort))) continue
    port.nodePort = old.nodePort
  }
}

function portKey({ protocol = 'TCP' }: ServicePort, port: number): string {
  return `${protocol}/${port}`
}

function dropMisplaced(draft: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterAddress(old) && !needsClusterAddress(draft)) {
    if (sameJson(draft.clusterIP, old.clusterIP) || draft.clusterIP === '') {
      delete draft.clusterIP
      delete draft.clusterIPs
    }
    if (sameJson(draft.ipFamilies, old.ipFamilies)) delete draft.ipFamilies
    if (draft.ipFamilyPolicy === old.ipFamilyPolicy) delete draft.ipFamilyPolicy
  }
  if (mayHaveNodePorts(old) && !mayHaveNodePorts(draft)) dropSameNodePorts(draft.ports ?? [], old.ports ?? [])
  if (needsHealthCheckPort(old) && !needsHealthCheckPort(draft) && draft.healthCheckNodePort === old.healthCheckNodePort) {
    delete draft.healthCheckNodePort
  }
}

/** If the user changed any of them, validation tells that this type has none. */
function dropSameNodePorts(ports: readonly ServicePort[], oldPorts: readonly ServicePort[]): void {
  const before = new Set(oldPorts.map((port) => port.nodePort ?? 0))
  if (!ports.every((port) => (port.nodePort ?? 0) === 0 || before.has(port.nodePort ?? 0))) return
  for (const port of ports) delete port.nodePort
}
