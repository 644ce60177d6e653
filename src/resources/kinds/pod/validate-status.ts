import type { FieldError } from '../../../objects/field-error.ts'
import { duplicate, forbiddenField, invalidValue } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsSubdomain, checkImmutable, checkIp, checkQualifiedName, isDualStack } from '../../field-checks.ts'
import type { ContainerStatus, Pod, PodSpec } from '../../generated/types.ts'
import { checkAnnotationUpdate } from './pod-annotations.ts'
import { checkClaimStatuses } from './resource-claims.ts'

const SYSTEM_CONDITIONS = ['PodScheduled', 'Ready', 'Initialized']

export function validateStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors: Errors = []
  const [status, before] = [pod.status ?? {}, old.status ?? {}]
  checkAnnotationUpdate(errors, pod, old)
  status.conditions?.forEach(({ type }, index) => {
    // Upstream reports them below metadata, with a capital letter.
    if (!SYSTEM_CONDITIONS.includes(type)) checkQualifiedName(errors, 'metadata', `conditions[${index}].Type`, type)
  })
  const nominated = status.nominatedNodeName ?? ''
  if (nominated !== '' && nominated !== before.nominatedNodeName) checkDnsSubdomain(errors, 'status', 'nominatedNodeName', nominated)
  if (before.qosClass !== undefined) checkImmutable(errors, 'status.qosClass', status.qosClass, before.qosClass)
  const spec = old.spec ?? { containers: [] }
  const policy = spec.restartPolicy ?? 'Always'
  checkTransitions(errors, 'status.containerStatuses', status.containerStatuses, before.containerStatuses, policy)
  const initStatuses = before.initContainerStatuses?.map((state) => (isSidecar(spec, state.name) ? { ...state, state: {} } : state))
  checkTransitions(errors, 'status.initContainerStatuses', status.initContainerStatuses, initStatuses, policy)
  checkTransitions(
    errors,
    'status.ephemeralContainerStatuses',
    status.ephemeralContainerStatuses,
    before.ephemeralContainerStatuses,
    'Never'
  )
  if (status.resourceClaimStatuses !== undefined) {
    checkClaimStatuses(errors, 'status.resourceClaimStatuses', status.resourceClaimStatuses, pod.spec?.resourceClaims ?? [])
  }
  checkIps(errors, 'status.podIPs', status.podIPs ?? [])
  const hostIps = status.hostIPs ?? []
  if (hostIps.length > 0 && status.hostIP !== hostIps[0]?.ip) {
    errors.push(invalidValue('status.hostIPs[0].ip', hostIps[0]?.ip, 'must be equal to `hostIP`'))
  }
  checkIps(errors, 'status.hostIPs', hostIps)
  return errors
}

function isSidecar(spec: PodSpec, name: string): boolean {
  return spec.initContainers?.some((container) => container.name === name && container.restartPolicy === 'Always') === true
}

/** What may not run again has ended for good. */
function checkTransitions(
  errors: Errors,
  path: string,
  statuses: readonly ContainerStatus[] | undefined,
  before: readonly ContainerStatus[] | undefined,
  policy: string
): void {
  if (policy === 'Always') return
  before?.forEach((old, index) => {
    const ended = old.state?.terminated
    if (ended === undefined || (ended.exitCode !== 0 && policy === 'OnFailure')) return
    const now = statuses?.find((status) => status.name === old.name)
    if (now !== undefined && now.state?.terminated === undefined) {
      errors.push(forbiddenField(`${path}[${index}].state`, 'may not be transitioned to non-terminated state'))
    }
  })
}

function checkIps(errors: Errors, path: string, ips: readonly { readonly ip: string }[]): void {
  ips.forEach(({ ip }, index) => checkIp(errors, path, `[${index}]`, ip))
  if (ips.length < 2) return
  const addresses = ips.map(({ ip }) => ip)
  if (ips.length > 2 || !isDualStack(addresses)) errors.push(invalidValue(path, ips, 'may specify no more than one IP for each IP family'))
  addresses.forEach((address, index) => {
    if (addresses.indexOf(address) < index) errors.push(duplicate(`${path}[${index}]`, ips[index]))
  })
}
