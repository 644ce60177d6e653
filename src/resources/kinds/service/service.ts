import type { ResourceDefinition } from '../../definition.ts'
import { kinds } from '../../generated/kinds.ts'
import type { LoadBalancerStatus, Service, ServicePort } from '../../generated/types.ts'
import { keepSpec, keepStatus, plainResource } from '../../plain-resource.ts'
import { ageColumn, labelsText, textColumn, wideColumn } from '../../table.ts'
import { defaults } from './defaults.ts'
import { dropUnneeded, keepAllocated, normalizeClusterIps } from './prepare.ts'
import { validateService, validateServiceStatus } from './validate.ts'
import { validateServiceUpdate } from './validate-update.ts'
import { serviceWarnings } from './warnings.ts'

function externalText({ spec = {}, status }: Service): string {
  const external = spec.externalIPs ?? []
  switch (spec.type) {
    case 'ClusterIP':
    case 'NodePort':
      return external.length > 0 ? external.join(',') : '<none>'
    case 'LoadBalancer':
      return [...balancerAddresses(status?.loadBalancer), ...external].join(',') || '<pending>'
    case 'ExternalName':
      return spec.externalName ?? ''
    default:
      return '<unknown>'
  }
}

function balancerAddresses(status: LoadBalancerStatus | undefined): string[] {
  const addresses = (status?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '')
  return [...new Set(addresses.filter((address) => address !== ''))].sort()
}

/** 80/TCP, or 80:30080/TCP where nodes listen too. */
function portText({ port, nodePort = 0, protocol = 'TCP' }: ServicePort): string {
  return nodePort > 0 ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`
}

export const services: ResourceDefinition<Service> = {
  ...plainResource,
  kind: kinds.Service,
  defaults,
  prepareForCreate(draft) {
    draft.status = { loadBalancer: {} }
    normalizeClusterIps(draft, undefined)
  },
  prepareForUpdate(draft, old) {
    keepStatus(draft, old)
    keepAllocated(draft, old)
    normalizeClusterIps(draft, old)
    dropUnneeded(draft, old)
  },
  validateCreate: validateService,
  validateUpdate: validateServiceUpdate,
  warnings: serviceWarnings,
  columns: [
    textColumn('Type', 'How it is reached.', ({ spec }) => spec?.type ?? ''),
    textColumn('Cluster-IP', 'Its address within the cluster.', ({ spec }) => spec?.clusterIPs?.[0] ?? spec?.clusterIP ?? '<none>'),
    textColumn('External-IP', 'Its addresses outside of the cluster.', externalText),
    textColumn('Port(s)', 'Its ports.', ({ spec }) => (spec?.ports ?? []).map(portText).join(',') || '<none>'),
    ageColumn,
    wideColumn('Selector', 'Labels of the pods behind it.', ({ spec }) => labelsText(spec?.selector)),
  ],
  selectableFields: { 'spec.clusterIP': ({ spec }) => spec?.clusterIP ?? '', 'spec.type': ({ spec }) => spec?.type ?? '' },
  subresources: [{
    name: 'proxy', kind: { group: '', version: 'v1', kind: 'ServiceProxyOptions' }, verbs: ['create', 'delete', 'get', 'patch', 'update'],
  }],
  status: { prepareForUpdate: keepSpec, validateUpdate: validateServiceStatus },
  nameRule: 'dns-1035-label',
}
