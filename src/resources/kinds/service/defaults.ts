import type { Service, ServiceSpec } from '../../generated/types.ts'

const DEFAULT_AFFINITY_SECONDS = 10800

/** Clients outside of the cluster can reach it. */
export function isExternallyAccessible(spec: ServiceSpec): boolean {
  return spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0)
}

export function defaults(draft: Service): void {
  const spec = (draft.spec ??= {})
  spec.type ||= 'ClusterIP'
  defaultAffinity(spec)
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP'
    if (port.targetPort === undefined || port.targetPort === '' || port.targetPort === 0) port.targetPort = port.port
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true
  for (const ingress of draft.status?.loadBalancer?.ingress ?? []) if ((ingress.ip ?? '') !== '') ingress.ipMode ??= 'VIP'
}

function defaultAffinity(spec: ServiceSpec): void {
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  else if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: DEFAULT_AFFINITY_SECONDS } }
  }
}
