import type { Service, ServicePort, ServiceSpec } from '../../generated/types.ts'
import { sameValue } from '../../field-checks.ts'

/**
 * What the server fills in and takes away, so that a client that never heard of a field can still write the object
 * (KEP-1860 tells of the pairs clusterIP and clusterIPs). The addresses and ports themselves come from apiserver/allocation.
 */
function needsClusterIp({ type }: ServiceSpec): boolean {
  return type === 'ClusterIP' || type === 'NodePort' || type === 'LoadBalancer'
}

function needsNodePort(spec: ServiceSpec): boolean {
  return spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
}

/** A load balancer that must find the nodes with local endpoints asks this port. */
export function needsHealthCheckPort({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local'
}

/** An update that leaves out what was allocated keeps it. */
export function keepAllocated(draft: Service, old: Service): void {
  if (draft.spec === undefined || old.spec === undefined) return
  const before = old.spec
  const spec: ServiceSpec = (draft.spec = { ...draft.spec })
  if (needsClusterIp(before) && needsClusterIp(spec)) keepAddresses(spec, before)
  if (needsNodePort(before) && needsNodePort(spec)) keepNodePorts(spec, before)
  if (needsHealthCheckPort(before) && needsHealthCheckPort(spec) && before.healthCheckNodePort !== undefined) {
    spec.healthCheckNodePort ||= before.healthCheckNodePort
  }
}

function keepAddresses(spec: ServiceSpec, before: ServiceSpec): void {
  if ((spec.clusterIP ?? '') === '' && (spec.clusterIPs?.length ?? 0) === 0 && before.clusterIP !== undefined) {
    spec.clusterIP = before.clusterIP
  }
  if ((spec.clusterIPs?.length ?? 0) === 0 && spec.clusterIP === before.clusterIP && before.clusterIPs !== undefined) {
    spec.clusterIPs = before.clusterIPs
  }
  if (before.ipFamilies !== undefined && (spec.ipFamilies?.length ?? 0) === 0) spec.ipFamilies = before.ipFamilies
  if (before.ipFamilyPolicy !== undefined) spec.ipFamilyPolicy ??= before.ipFamilyPolicy
}

/** By name of the port, unless another port of the new list has asked for that number. */
function keepNodePorts(spec: ServiceSpec, before: ServiceSpec): void {
  const byName = new Map((before.ports ?? []).map((port) => [port.name ?? '', port.nodePort ?? 0]))
  const asked = new Set((spec.ports ?? []).map((port) => port.nodePort ?? 0))
  const keep = (port: ServicePort): ServicePort => {
    const nodePort = byName.get(port.name ?? '') ?? 0
    if ((port.nodePort ?? 0) !== 0 || nodePort === 0 || asked.has(nodePort)) return port
    asked.add(nodePort)
    return { ...port, nodePort }
  }
  if (spec.ports !== undefined) spec.ports = spec.ports.map(keep)
}

/** Old clients know only clusterIP, new ones write both: the one that changed wins. */
export function normalizeClusterIps(draft: Service, old: Service | undefined): void {
  if (draft.spec === undefined) return
  const { clusterIP = '', clusterIPs = [] } = draft.spec
  if (old?.spec === undefined) {
    if (clusterIP !== '' && clusterIPs.length === 0) draft.spec = { ...draft.spec, clusterIPs: [clusterIP] }
    return
  }
  const { clusterIP: beforeIp = '', clusterIPs: beforeIps = [] } = old.spec
  const ipsUnchanged = sameValue(clusterIPs, beforeIps)
  if (clusterIP !== beforeIp) {
    if (clusterIP === '' && ipsUnchanged) draft.spec = without(draft.spec, 'clusterIPs')
    else if (clusterIP !== '' && ipsUnchanged) draft.spec = { ...draft.spec, clusterIPs: [clusterIP] }
    else if (clusterIP !== '' && clusterIPs.length === 0) draft.spec = { ...draft.spec, clusterIPs: [clusterIP] }
  } else if (!ipsUnchanged && clusterIPs.length === 0) draft.spec = without(draft.spec, 'clusterIP')
}

function without(spec: ServiceSpec, ...fields: readonly (keyof ServiceSpec)[]): ServiceSpec {
  const rest = { ...spec }
  for (const field of fields) delete rest[field]
  return rest
}

/** A changed type makes fields useless: those that the writer left as they were go away, those that he changed are his error. */
export function dropUnneeded(draft: Service, old: Service): void {
  if (draft.spec === undefined || old.spec === undefined) return
  const before = old.spec
  let spec = draft.spec
  const drop = (needed: (of: ServiceSpec) => boolean, ...fields: readonly (keyof ServiceSpec)[]): void => {
    if (!needed(before) || needed(spec)) return
    spec = without(spec, ...fields.filter((field) => sameValue(spec[field], before[field])))
  }
  drop(needsClusterIp, 'clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy')
  drop(needsHealthCheckPort, 'healthCheckNodePort')
  drop((of) => of.type === 'LoadBalancer', 'allocateLoadBalancerNodePorts', 'loadBalancerClass')
  drop((of) => of.type === 'LoadBalancer' || of.type === 'NodePort' || (of.externalIPs?.length ?? 0) > 0, 'externalTrafficPolicy')
  const ports = (of: ServiceSpec): number[] => (of.ports ?? []).map((port) => port.nodePort ?? 0)
  if (needsNodePort(before) && !needsNodePort(spec) && spec.ports !== undefined && sameValue(ports(spec), ports(before))) {
    spec = { ...spec, ports: spec.ports.map(withoutNodePort) }
  }
  draft.spec = spec
}

function withoutNodePort(port: ServicePort): ServicePort {
  const { nodePort: _, ...rest } = port
  return rest
}
