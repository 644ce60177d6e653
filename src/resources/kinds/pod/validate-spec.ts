import { duplicate, invalidValue, required } from '../../../objects/field-error.ts'
import { isLongerThan } from '../../../words/bytes.ts'
import type { Errors } from '../../field-checks.ts'
import {
  checkDnsLabel, checkDnsSubdomain, checkIp, checkLabels, checkOneOf, checkQualifiedName,
} from '../../field-checks.ts'
import type { Container, PodDNSConfig, PodSchedulingGate, PodSpec } from '../../generated/types.ts'
import { checkResourceRequirements } from '../../resource-list.ts'
import { checkOperatingSystem } from './operating-system.ts'
import { checkResourceClaims } from './resource-claims.ts'
import { checkAffinity, checkTolerations, checkTopologySpread } from './scheduling-checks.ts'
import type { PodParts } from './validate-container.ts'
import { checkContainers, checkEphemeralContainers, checkInitContainers } from './validate-container.ts'
import { checkPodSecurity } from './validate-security.ts'
import { checkVolumes } from './validate-volume.ts'
import { checkHostProcess } from './windows-options.ts'

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const MAX_INT32 = 2147483647
const NO_CLAIMS: ReadonlySet<string> = new Set()

export interface PodSpecRules {
  readonly of: 'pod' | 'template'
  /** '' where it is not known. */
  readonly podName: string
}

export function checkPodSpec(errors: Errors, path: string, spec: PodSpec, rules: PodSpecRules): void {
  const graceSeconds = spec.terminationGracePeriodSeconds
  if (graceSeconds === undefined) errors.push(required(`${path}.terminationGracePeriodSeconds`))
  const parts: PodParts = {
    volumes: checkVolumes(errors, `${path}.volumes`, spec.volumes ?? [], rules.podName),
    claims: spec.resourceClaims === undefined
      ? NO_CLAIMS
      : checkResourceClaims(errors, `${path}.resourceClaims`, spec.resourceClaims),
    graceSeconds, containers: spec.containers ?? [], initContainers: spec.initContainers ?? [],
    restartPolicy: spec.restartPolicy,
  }
  checkContainers(errors, `${path}.containers`, parts)
  if (spec.initContainers !== undefined) checkInitContainers(errors, `${path}.initContainers`, parts)
  if (spec.ephemeralContainers !== undefined) {
    checkEphemeralContainers(errors, `${path}.ephemeralContainers`, spec.ephemeralContainers, parts)
  }
  if (spec.hostNetwork === true) checkHostNetworkPorts(errors, path, spec, rules)
  checkOneOf(errors, path, 'restartPolicy', spec.restartPolicy, RESTART_POLICIES)
  checkOneOf(errors, path, 'dnsPolicy', spec.dnsPolicy, DNS_POLICIES)
  checkLabels(errors, `${path}.nodeSelector`, spec.nodeSelector)
  if (spec.securityContext !== undefined) checkPodSecurity(errors, `${path}.securityContext`, spec.securityContext, spec)
  if (spec.affinity !== undefined) checkAffinity(errors, `${path}.affinity`, spec.affinity)
  checkDns(errors, path, spec)
  spec.readinessGates?.forEach(({ conditionType }, index) => {
    checkQualifiedName(errors, path, `readinessGates[${index}].conditionType`, conditionType)
  })
  if (spec.schedulingGates !== undefined) checkSchedulingGates(errors, `${path}.schedulingGates`, spec.schedulingGates)
  if (spec.topologySpreadConstraints !== undefined) {
    checkTopologySpread(errors, `${path}.topologySpreadConstraints`, spec.topologySpreadConstraints)
  }
  if (usesWindowsOptions(spec)) checkHostProcess(errors, path, spec)
  checkNamesAndNumbers(errors, path, spec)
}

function usesWindowsOptions({ securityContext, containers, initContainers }: PodSpec): boolean {
  const uses = ({ securityContext: own }: Container): boolean => own?.windowsOptions !== undefined
  return securityContext?.windowsOptions !== undefined || containers?.some(uses) === true || initContainers?.some(uses) === true
}

/** The short fields, in the order in which upstream reports them. */
function checkNamesAndNumbers(errors: Errors, path: string, spec: PodSpec): void {
  const { activeDeadlineSeconds: deadline, hostname = '', subdomain = '' } = spec
  checkSubdomainIfSet(errors, path, 'serviceAccountName', spec.serviceAccountName)
  checkSubdomainIfSet(errors, path, 'nodeName', spec.nodeName)
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_INT32)) {
    errors.push(invalidValue(`${path}.activeDeadlineSeconds`, deadline, `must be between 1 and ${MAX_INT32}, inclusive`))
  }
  if (hostname !== '') checkDnsLabel(errors, path, 'hostname', hostname)
  if (subdomain !== '') checkDnsLabel(errors, path, 'subdomain', subdomain)
  if (spec.tolerations !== undefined) checkTolerations(errors, `${path}.tolerations`, spec.tolerations)
  spec.hostAliases?.forEach(({ ip, hostnames }, index) => {
    checkIp(errors, path, `hostAliases[${index}].ip`, ip)
    hostnames?.forEach((name, at) => checkDnsSubdomain(errors, path, `hostAliases[${index}].hostnames[${at}]`, name))
  })
  checkSubdomainIfSet(errors, path, 'priorityClassName', spec.priorityClassName)
  if (spec.runtimeClassName !== undefined) checkDnsSubdomain(errors, path, 'runtimeClassName', spec.runtimeClassName)
  if (spec.preemptionPolicy !== undefined) {
    checkOneOf(errors, path, 'preemptionPolicy', spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'])
  }
  if (spec.overhead !== undefined) checkResourceRequirements(errors, `${path}.overhead`, { limits: spec.overhead })
  checkOperatingSystem(errors, path, spec)
}

function checkSubdomainIfSet(errors: Errors, path: string, field: string, value: string | undefined): void {
  if (value !== undefined && value !== '') checkDnsSubdomain(errors, path, field, value)
}

function checkHostNetworkPorts(errors: Errors, path: string, spec: PodSpec, rules: PodSpecRules): void {
  spec.containers?.forEach(({ ports = [] }, index) => {
    ports.forEach(({ hostPort = 0, containerPort }, at) => {
      if (hostPort === containerPort || (rules.of === 'template' && hostPort === 0)) return
      const field = `${path}.containers[${index}].ports[${at}].hostPort`
      errors.push(invalidValue(field, hostPort, 'must match `containerPort` when `hostNetwork` is true'))
    })
  })
}

const MAX_NAMESERVERS = 3
const MAX_SEARCHES = 32
const MAX_SEARCH_CHARACTERS = 2048

/** The limits are those of the C library's resolver. */
function checkDns(errors: Errors, path: string, { dnsPolicy, dnsConfig }: PodSpec): void {
  if (dnsPolicy === 'None' && dnsConfig === undefined) {
    errors.push(required(`${path}.dnsConfig`, 'must provide `dnsConfig` when `dnsPolicy` is None'))
  } else if (dnsPolicy === 'None' && (dnsConfig?.nameservers ?? []).length === 0) {
    errors.push(required(`${path}.dnsConfig.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'))
  } else if (dnsConfig !== undefined) checkDnsConfig(errors, `${path}.dnsConfig`, dnsConfig)
}

function checkDnsConfig(errors: Errors, path: string, { nameservers = [], searches = [], options = [] }: PodDNSConfig): void {
  if (nameservers.length > MAX_NAMESERVERS) {
    errors.push(invalidValue(`${path}.nameservers`, nameservers, `must not have more than ${MAX_NAMESERVERS} nameservers`))
  }
  nameservers.forEach((server, index) => checkIp(errors, path, `nameservers[${index}]`, server))
  if (searches.length > MAX_SEARCHES) {
    errors.push(invalidValue(`${path}.searches`, searches, `must not have more than ${MAX_SEARCHES} search paths`))
  }
  if (isLongerThan(searches.join(' '), MAX_SEARCH_CHARACTERS)) {
    const detail = `must not have more than ${MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list`
    errors.push(invalidValue(`${path}.searches`, searches, detail))
  }
  searches.forEach((search, index) => checkDnsSubdomain(errors, path, `searches[${index}]`, search.replace(/\.$/, '')))
  options.forEach(({ name = '' }, index) => {
    if (name === '') errors.push(required(`${path}.options[${index}]`, 'must not be empty'))
  })
}

function checkSchedulingGates(errors: Errors, path: string, gates: readonly PodSchedulingGate[]): void {
  const seen = new Set<string>()
  gates.forEach(({ name = '' }, index) => {
    checkQualifiedName(errors, path, `[${index}]`, name)
    if (seen.has(name)) errors.push(duplicate(`${path}[${index}]`, name))
    seen.add(name)
  })
}
