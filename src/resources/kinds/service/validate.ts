import type { FieldError } from '../../../objects/field-error.ts'
import { duplicate, forbiddenField, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { cidrErrors, parseSloppyIp } from '../../../objects/ports-and-addresses.ts'
import type { Errors } from '../../field-checks.ts'
import {
  checkDnsLabel, checkDnsSubdomain, checkIp, checkLabels, checkNames, checkNotSpecialIp, checkOneOf, checkOneOfIfSet, checkPort,
  checkPortNumber, checkQualifiedName, checkUnique, isDualStack, PROTOCOLS,
} from '../../field-checks.ts'
import type { Service, ServicePort, ServiceSpec } from '../../generated/types.ts'
import { isExternallyAccessible } from './defaults.ts'
import { needsHealthCheckPort } from './prepare.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const AFFINITIES = ['ClientIP', 'None']
const MAX_AFFINITY_SECONDS = 86400
const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"

export function isHeadless(spec: ServiceSpec): boolean {
  return spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None'
}

export function validateService(service: Service): FieldError[] {
  const errors: Errors = []
  const spec = service.spec ?? {}
  const ports = spec.ports ?? []
  checkTopologyMode(errors, service)
  if (ports.length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName') errors.push(required('spec.ports'))
  checkType(errors, spec)
  const names = new Set<string>()
  ports.forEach((port, index) => checkServicePort(errors, `spec.ports[${index}]`, port, { nameRequired: ports.length > 1, names }))
  checkLabels(errors, 'spec.selector', spec.selector)
  checkAffinity(errors, spec)
  checkClusterIps(errors, spec)
  spec.externalIPs?.forEach((ip, index) => {
    const before = errors.length
    checkIp(errors, 'spec', `externalIPs[${index}]`, ip)
    if (errors.length === before) checkNotSpecialIp(errors, 'spec', `externalIPs[${index}]`, ip)
  })
  checkOneOf(errors, 'spec', 'type', spec.type, TYPES)
  checkPortsTogether(errors, spec, ports)
  checkLoadBalancer(errors, service, spec)
  checkTrafficPolicies(errors, spec)
  return errors
}

export const HINTS_ANNOTATION = 'service.kubernetes.io/topology-aware-hints'
export const MODE_ANNOTATION = 'service.kubernetes.io/topology-mode'

/** The annotation got another name: both may stand, and then say the same. */
function checkTopologyMode(errors: Errors, { metadata: { annotations } }: Service): void {
  const [hints, mode] = [annotations?.[HINTS_ANNOTATION], annotations?.[MODE_ANNOTATION]]
  if (hints === undefined || mode === undefined || hints === mode) return
  const detail = `must match annotations[${HINTS_ANNOTATION}] when both are specified`
  errors.push(invalidValue(`metadata.annotations[${MODE_ANNOTATION}]`, mode, detail))
}

function checkType(errors: Errors, spec: ServiceSpec): void {
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(spec)) {
    errors.push(invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`))
  }
  if (spec.type !== 'ExternalName') return
  for (const field of ['clusterIPs', 'ipFamilies'] as const) {
    if ((spec[field]?.length ?? 0) > 0) errors.push(forbiddenField(`spec.${field}`, 'may not be set for ExternalName services'))
  }
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbiddenField('spec.ipFamilyPolicy', 'may not be set for ExternalName services'))
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  if (name === '') errors.push(required('spec.externalName'))
  else checkDnsSubdomain(errors, 'spec', 'externalName', name)
}

function checkServicePort(errors: Errors, path: string, port: ServicePort, options: { nameRequired: boolean; names: Set<string> }): void {
  const name = port.name ?? ''
  if (name !== '') {
    checkDnsLabel(errors, path, 'name', name)
    checkUnique(errors, path, 'name', name, options.names)
  } else if (options.nameRequired) errors.push(required(`${path}.name`))
  checkPortNumber(errors, path, 'port', port.port)
  checkOneOf(errors, path, 'protocol', port.protocol, PROTOCOLS)
  checkPort(errors, path, 'targetPort', port.targetPort)
  if (port.appProtocol !== undefined) checkQualifiedName(errors, path, 'appProtocol', port.appProtocol)
}

function checkAffinity(errors: Errors, spec: ServiceSpec): void {
  checkOneOf(errors, 'spec', 'sessionAffinity', spec.sessionAffinity, AFFINITIES)
  const path = 'spec.sessionAffinityConfig'
  if (spec.sessionAffinity === 'None' && spec.sessionAffinityConfig !== undefined) {
    errors.push(forbiddenField(path, 'must not be set when session affinity is None'))
  }
  if (spec.sessionAffinity !== 'ClientIP') return
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (seconds === undefined) errors.push(required(`${path}.clientIP.timeoutSeconds`, 'when session affinity type is ClientIP'))
  else if (seconds <= 0 || seconds > MAX_AFFINITY_SECONDS) {
    errors.push(invalidValue(`${path}.clientIP.timeoutSeconds`, seconds, `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`))
  }
}

/** Also for apiserver/allocation, which fills these fields. */
function checkClusterIps(errors: Errors, spec: ServiceSpec): void {
  if (spec.type === 'ExternalName') return
  const path = 'spec.clusterIPs'
  const { clusterIP = '', clusterIPs = [], ipFamilies = [] } = spec
  if (clusterIP === '' && clusterIPs.length > 0) {
    errors.push(invalidValue(path, clusterIPs, 'must be empty when `clusterIP` is not specified'))
  }
  if (clusterIP !== '' && clusterIPs.length === 0) errors.push(required(path))
  else if (clusterIP !== '' && clusterIPs[0] !== clusterIP)
    errors.push(invalidValue(path, clusterIPs, 'first value must match `clusterIP`'))
  ipFamilies.forEach((family, index) => {
    const here = `spec.ipFamilies[${index}]`
    if (family !== 'IPv4' && family !== 'IPv6') errors.push(notSupported(here, family, ['IPv4', 'IPv6']))
    if (ipFamilies.indexOf(family) < index) errors.push(duplicate(here, family))
  })
  checkOneOfIfSet(errors, 'spec', 'ipFamilyPolicy', spec.ipFamilyPolicy, ['PreferDualStack', 'RequireDualStack', 'SingleStack'])
  if (!checkAddresses(errors, path, clusterIPs)) return
  if (clusterIPs.length > 1 && !isDualStack(clusterIPs)) {
    errors.push(invalidValue(path, clusterIPs, 'may specify no more than one IP for each IP family'))
  }
  if (isHeadless(spec)) return
  clusterIPs.forEach((ip, index) => {
    const family = ipFamilies[index]
    if (family !== undefined && family !== `IPv${parseSloppyIp(ip)?.family}`) {
      errors.push(invalidValue(`${path}[${index}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``))
    }
  })
}

function checkAddresses(errors: Errors, path: string, addresses: readonly string[]): boolean {
  const before = errors.length
  addresses.forEach((address, index) => {
    if (index > 0 || address !== 'None') checkIp(errors, path, `[${index}]`, address)
    else if (addresses.length > 1) errors.push(invalidValue(path, addresses, "'None' must be the first and only value"))
  })
  const valid = errors.length === before
  if (addresses.length > 2) errors.push(invalidValue(path, addresses, 'may only hold up to 2 values'))
  return valid
}

function checkPortsTogether(errors: Errors, spec: ServiceSpec, ports: readonly ServicePort[]): void {
  const nodePorts = new Set<string>()
  const numbers = new Set<string>()
  const forEachNodePort = (use: (path: string, nodePort: number, protocol: string | undefined) => void): void =>
    ports.forEach(({ nodePort = 0, protocol }, index) => void (nodePort === 0 || use(`spec.ports[${index}].nodePort`, nodePort, protocol)))
  if (spec.type === 'ClusterIP') {
    forEachNodePort((path) => void errors.push(forbiddenField(path, "may not be used when `type` is 'ClusterIP'")))
  }
  forEachNodePort((path, nodePort, protocol) => {
    const key = `${protocol}/${nodePort}`
    if (nodePorts.has(key)) errors.push(duplicate(path, nodePort))
    nodePorts.add(key)
  })
  ports.forEach(({ port, protocol }, index) => {
    const key = `${protocol}/${port}`
    if (numbers.has(key)) errors.push(duplicate(`spec.ports[${index}]`, { protocol, port }))
    numbers.add(key)
  })
}

const SOURCE_RANGES_ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges'

function checkLoadBalancer(errors: Errors, service: Service, spec: ServiceSpec): void {
  const balanced = spec.type === 'LoadBalancer'
  const ranges = spec.loadBalancerSourceRanges ?? []
  const annotation = service.metadata.annotations?.[SOURCE_RANGES_ANNOTATION]
  if (ranges.length > 0) {
    // The capital letter is upstream's; clients know that path.
    const path = 'spec.LoadBalancerSourceRanges'
    if (!balanced) errors.push(forbiddenField(path, ONLY_LOAD_BALANCER))
    ranges.forEach((range, index) => checkNames(errors, path, `[${index}]`, range.trim(), cidrErrors))
  } else if (annotation !== undefined) {
    const path = `metadata.annotations[${SOURCE_RANGES_ANNOTATION}]`
    if (!balanced) errors.push(forbiddenField(path, ONLY_LOAD_BALANCER))
    for (const range of annotation.split(',')) if (annotation.trim() !== '') checkNames(errors, path, '', range.trim(), cidrErrors)
  }
  if (!balanced && spec.allocateLoadBalancerNodePorts !== undefined) {
    errors.push(forbiddenField('spec.allocateLoadBalancerNodePorts', ONLY_LOAD_BALANCER))
  }
  if (balanced && spec.allocateLoadBalancerNodePorts === undefined) errors.push(required('allocateLoadBalancerNodePorts'))
  if (spec.loadBalancerClass !== undefined) {
    if (balanced) checkQualifiedName(errors, 'spec', 'loadBalancerClass', spec.loadBalancerClass)
    else errors.push(forbiddenField('spec.loadBalancerClass', ONLY_LOAD_BALANCER))
  }
}

const INTERNAL_TYPES = ['ClusterIP', 'LoadBalancer', 'NodePort']

function checkTrafficPolicies(errors: Errors, spec: ServiceSpec): void {
  const policy = spec.externalTrafficPolicy ?? ''
  if (isExternallyAccessible(spec)) checkOneOf(errors, 'spec', 'externalTrafficPolicy', policy, ['Cluster', 'Local'])
  else if (policy !== '') {
    errors.push(invalidValue('spec.externalTrafficPolicy', policy, 'may only be set for externally-accessible services'))
  }
  const port = spec.healthCheckNodePort ?? 0
  // Where one is needed and missing, apiserver/allocation provides it after this check.
  if (port !== 0 && !needsHealthCheckPort(spec)) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    errors.push(invalidValue('spec.healthCheckNodePort', port, detail))
  } else if (port !== 0) checkPortNumber(errors, 'spec', 'healthCheckNodePort', port)
  const inner = spec.internalTrafficPolicy
  if (inner !== undefined) checkOneOfIfSet(errors, 'spec', 'internalTrafficPolicy', inner, ['Cluster', 'Local'])
  else if (INTERNAL_TYPES.includes(spec.type ?? '')) errors.push(required('spec.internalTrafficPolicy'))
  checkOneOfIfSet(errors, 'spec', 'trafficDistribution', spec.trafficDistribution, ['PreferClose'])
}

export function validateServiceStatus(service: Service): FieldError[] {
  const errors: Errors = []
  const ingress = service.status?.loadBalancer?.ingress ?? []
  const path = 'status.loadBalancer.ingress'
  if (service.spec?.type !== 'LoadBalancer' && ingress.length > 0) {
    return [forbiddenField(path, "may only be used when `spec.type` is 'LoadBalancer'")]
  }
  ingress.forEach(({ ip = '', ipMode, hostname = '' }, index) => {
    const here = `${path}[${index}]`
    if (ip !== '') checkIp(errors, here, 'ip', ip)
    if (ip !== '' && ipMode === undefined) errors.push(required(`${here}.ipMode`, 'must be specified when `ip` is set'))
    else if (ip === '' && ipMode !== undefined) errors.push(forbiddenField(`${here}.ipMode`, 'may not be specified when `ip` is not set'))
    else checkOneOfIfSet(errors, here, 'ipMode', ipMode, ['Proxy', 'VIP'])
    if (hostname === '') return
    checkDnsSubdomain(errors, here, 'hostname', hostname)
    if (parseSloppyIp(hostname) !== undefined) {
      errors.push(invalidValue(`${here}.hostname`, hostname, 'must be a DNS name, not an IP address'))
    }
  })
  return errors
}
