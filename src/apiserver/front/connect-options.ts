import type { JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { isTrue } from '../request-info.ts'

const STREAMS = ['stdin', 'stdout', 'stderr', 'tty'] as const

export interface Asked {
  readonly query: URLSearchParams
  /** What follows the subresource in the path. */
  readonly rest: string
}

/** What is asked of a pod, as the object that admission is shown: PodExecOptions and the like have no metadata. */
export function connectOptions(parent: string, subresource: string, { query, rest }: Asked): KubeObject | undefined {
  if (subresource === 'proxy') {
    const path = rest === '' ? {} : { path: rest }
    return { kind: `${parent}ProxyOptions`, apiVersion: 'v1', ...path } as JsonObject & KubeObject
  }
  const kind = KINDS[subresource]
  if (kind === undefined) return undefined
  const options: JsonObject = { kind, apiVersion: 'v1' }
  if (subresource === 'portforward') {
    const ports = query.getAll('ports').flatMap((list) => list.split(',')).map(Number).filter(Number.isInteger)
    if (ports.length > 0) options['ports'] = ports
    return options as JsonObject & KubeObject
  }
  for (const stream of STREAMS) if (isTrue(query.get(stream))) options[stream] = true
  const container = query.get('container') ?? ''
  if (container !== '') options['container'] = container
  const command = query.getAll('command')
  if (command.length > 0) options['command'] = command
  return options as JsonObject & KubeObject
}

const KINDS: Readonly<Record<string, string>> = { exec: 'PodExecOptions', attach: 'PodAttachOptions', portforward: 'PodPortForwardOptions' }
