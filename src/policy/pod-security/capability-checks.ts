import { containersOf, containersText, isWindows, namesWhere, quoted, sorted } from './subject.ts'
import type { Subject, Violation } from './subject.ts'

/** What container runtimes grant anyway, without NET_RAW. */
const USUAL: ReadonlySet<string> = new Set([
  'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE',
  'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT',
])
const BIND = 'NET_BIND_SERVICE'

export function capabilitiesBaseline({ spec }: Subject): Violation | undefined {
  const text = addedText(spec, (capability) => USUAL.has(capability))
  return text === undefined ? undefined : { reason: 'non-default capabilities', detail: text }
}

/** Everything is dropped, and only the binding of low ports may be taken back. */
export function capabilitiesRestricted22({ spec }: Subject): Violation | undefined {
  const keeping = namesWhere(spec, (security) => security?.capabilities?.drop?.includes('ALL') !== true)
  const details: string[] = []
  if (keeping.length > 0) details.push(`${containersText(keeping)} must set securityContext.capabilities.drop=["ALL"]`)
  const added = addedText(spec, (capability) => capability === BIND)
  if (added !== undefined) details.push(added)
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') }
}

/** Windows knows no capabilities: its pods may not set them, and since v1.25 need not. */
export function capabilitiesRestricted25(subject: Subject): Violation | undefined {
  return isWindows(subject.spec) ? undefined : capabilitiesRestricted22(subject)
}

function addedText(spec: Subject['spec'], isAllowed: (capability: string) => boolean): string | undefined {
  const names: string[] = []
  const capabilities: string[] = []
  for (const { name, securityContext } of containersOf(spec)) {
    const more = (securityContext?.capabilities?.add ?? []).filter((capability) => !isAllowed(capability))
    if (more.length > 0) names.push(name)
    capabilities.push(...more)
  }
  if (names.length === 0) return undefined
  return `${containersText(names)} must not include ${quoted(sorted(capabilities))} in securityContext.capabilities.add`
}

export function allowPrivilegeEscalation8({ spec }: Subject): Violation | undefined {
  const names = namesWhere(spec, (security) => security?.allowPrivilegeEscalation !== false)
  if (names.length === 0) return undefined
  const detail = `${containersText(names)} must set securityContext.allowPrivilegeEscalation=false`
  return { reason: 'allowPrivilegeEscalation != false', detail }
}

export function allowPrivilegeEscalation25(subject: Subject): Violation | undefined {
  return isWindows(subject.spec) ? undefined : allowPrivilegeEscalation8(subject)
}
