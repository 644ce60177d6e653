import { containersOf, containersText, namesWhere, plural, quoted, settersText, sorted } from './subject.ts'
import type { Subject, Violation } from './subject.ts'

/** What opens the node itself to a pod. */
export function hostNamespaces({ spec }: Subject): Violation | undefined {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true)
  return shared.length === 0 ? undefined : { reason: 'host namespaces', detail: shared.map((field) => `${field}=true`).join(', ') }
}

export function hostPathVolumes({ spec }: Subject): Violation | undefined {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name)
  if (names.length === 0) return undefined
  return { reason: 'hostPath volumes', detail: `${plural(names.length, 'volume', 'volumes')} ${quoted(names)}` }
}

export function hostPorts({ spec }: Subject): Violation | undefined {
  const ports: string[] = []
  const names: string[] = []
  for (const { name, ports: own = [] } of containersOf(spec)) {
    const taken = own.flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : [String(hostPort)]))
    if (taken.length > 0) names.push(name)
    ports.push(...taken)
  }
  if (names.length === 0) return undefined
  const listed = sorted(ports)
  const used = `${plural(listed.length, 'hostPort', 'hostPorts')} ${listed.join(', ')}`
  const detail = `${containersText(names)} ${plural(names.length, 'uses', 'use')} ${used}`
  return { reason: 'hostPort', detail }
}

export function privileged({ spec }: Subject): Violation | undefined {
  const names = namesWhere(spec, (security) => security?.privileged === true)
  if (names.length === 0) return undefined
  return { reason: 'privileged', detail: `${containersText(names)} must not set securityContext.privileged=true` }
}

export function windowsHostProcess({ spec }: Subject): Violation | undefined {
  const names = namesWhere(spec, (security) => security?.windowsOptions?.hostProcess === true)
  const setters = settersText(spec.securityContext?.windowsOptions?.hostProcess === true, names)
  if (setters === '') return undefined
  return { reason: 'hostProcess', detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true` }
}

/** The masks over /proc stay on. */
export function procMount({ spec }: Subject): Violation | undefined {
  const unmasked = containersOf(spec).filter(({ securityContext }) => (securityContext?.procMount ?? 'Default') !== 'Default')
  if (unmasked.length === 0) return undefined
  const types = sorted(unmasked.map(({ securityContext }) => securityContext?.procMount ?? ''))
  const detail = `${containersText(unmasked.map(({ name }) => name))} must not set securityContext.procMount to ${quoted(types)}`
  return { reason: 'procMount', detail }
}

/** What a pod sees of /proc in a user namespace of its own is no window to the node. */
export function procMountBaseline35(subject: Subject): Violation | undefined {
  return subject.spec.hostUsers === false ? undefined : procMount(subject)
}

/** Kernel settings that stay within the pod. */
const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range', 'net.ipv4.tcp_syncookies',
]
const SAFE_SINCE_27 = ['net.ipv4.ip_local_reserved_ports']
const SAFE_SINCE_29 = [
  'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_keepalive_time',
]
const SAFE_SINCE_32 = ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']

function sysctls(...safe: readonly (readonly string[])[]): (subject: Subject) => Violation | undefined {
  const allowed: ReadonlySet<string> = new Set(safe.flat())
  return ({ spec }) => {
    const unsafe = (spec.securityContext?.sysctls ?? []).filter(({ name }) => !allowed.has(name)).map(({ name }) => name)
    return unsafe.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: unsafe.join(', ') }
  }
}

export const sysctls0 = sysctls(SAFE_SYSCTLS)
export const sysctls27 = sysctls(SAFE_SYSCTLS, SAFE_SINCE_27)
export const sysctls29 = sysctls(SAFE_SYSCTLS, SAFE_SINCE_27, SAFE_SINCE_29)
export const sysctls32 = sysctls(SAFE_SYSCTLS, SAFE_SINCE_27, SAFE_SINCE_29, SAFE_SINCE_32)
