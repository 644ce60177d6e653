import type { LifecycleHandler, Probe } from '../../resources/generated/types.ts'
import { containersOf, containersText, plural, quoted, sorted } from './subject.ts'
import type { Subject, Violation } from './subject.ts'

type Handler = Pick<Probe & LifecycleHandler, 'httpGet' | 'tcpSocket'>

/** The node itself calls probes and hooks: with a host of its own choice a pod could make it call anybody. */
export function handlerHosts({ spec }: Subject): Violation | undefined {
  const names = new Set<string>()
  const hosts: string[] = []
  for (const { name, livenessProbe, readinessProbe, startupProbe, lifecycle } of containersOf(spec)) {
    const found = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap(hostsOf)
    if (found.length > 0) names.add(name)
    hosts.push(...found)
  }
  if (names.size === 0) return undefined
  const reason = 'probe or lifecycle host'
  const listed = sorted(hosts)
  const used = `${plural(listed.length, reason, `${reason}s`)} ${quoted(listed)}`
  const detail = `${containersText(sorted(names))} ${plural(names.size, 'uses', 'use')} ${used}`
  return { reason, detail }
}

function hostsOf(handler: Handler | undefined): readonly string[] {
  return [handler?.httpGet?.host ?? '', handler?.tcpSocket?.host ?? ''].filter((host) => host !== '')
}
