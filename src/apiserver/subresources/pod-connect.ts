import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod } from '../../resources/generated/types.ts'
import { badRequest, invalid, notFound } from '../../words/status-error.ts'
import { invalidValue } from '../../objects/field-error.ts'
import type { FieldError } from '../../objects/field-error.ts'
import type { ServerResponse } from '../http.ts'
import type { ConnectCall, ConnectRoute } from '../route.ts'
import { nodeAgentAddress } from './node-address.ts'
import { chooseContainer } from './pod-container.ts'
import { isTerminalPhase } from '../../resources/kinds/pod/phase.ts'

/** What the API calls it, and what the node's agent does. */
const STREAM_PARAMETERS: readonly (readonly [asked: string, agent: string])[] = [
  ['stdin', 'input'], ['stdout', 'output'], ['stderr', 'error'], ['tty', 'tty'],
]
const LOG_PARAMETERS: readonly string[] = [
  'follow', 'previous', 'sinceSeconds', 'sinceTime', 'timestamps', 'tailLines', 'limitBytes', 'stream',
]

/** Logs, exec, attach and port forwarding: checked here, answered by the agent of the pod's node. */
export const podConnectRoutes: readonly ConnectRoute[] = [
  connectRoute('log', ['GET'], false, (call, pod) => {
    const container = chooseContainer(pod, call.query.get('container') ?? '')
    const errors = logErrors(call.query)
    if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, pod.metadata.name ?? '', errors)
    return { path: `containerLogs/${podPath(pod)}/${container}`, query: pick(call.query, LOG_PARAMETERS), isPlain: true }
  }),
  connectRoute('exec', ['GET', 'POST'], true, (call, pod) => {
    refuseEnded(pod)
    const query = streamQuery(call.query)
    for (const word of call.query.getAll('command')) query.append('command', word)
    if (!query.has('command')) throw badRequest('you must specify at least one command for the container: give the query parameter command')
    return { path: `exec/${podPath(pod)}/${chooseContainer(pod, call.query.get('container') ?? '')}`, query }
  }),
  connectRoute('attach', ['GET', 'POST'], true, (call, pod) => {
    refuseEnded(pod)
    return { path: `attach/${podPath(pod)}/${chooseContainer(pod, call.query.get('container') ?? '')}`, query: streamQuery(call.query) }
  }),
  connectRoute(
    'portforward', ['GET', 'POST'], true, (call, pod) => ({ path: `portForward/${podPath(pod)}`, query: portQuery(call.query) }),
  ),
]

interface AgentRequest {
  readonly isPlain?: true
  readonly path: string
  readonly query: URLSearchParams
}

function connectRoute(
  subresource: string, methods: readonly string[], admitted: boolean, translate: (call: ConnectCall, pod: Pod) => AgentRequest,
): ConnectRoute {
  return {
    type: 'connect', group: '', resource: kinds.Pod.plural, subresource, methods, admitted,
    handle: (call) => {
      const pod = call.reader.get(kinds.Pod, call.key)
      if (pod === undefined) throw notFound({ group: '', resource: kinds.Pod.plural }, call.key.name)
      const asked = translate(call, pod)
      return Promise.resolve(
        pod.spec?.nodeName === undefined || pod.spec.nodeName === ''
          ? unassigned(subresource, pod)
          : tunnel(call, pod.spec.nodeName, asked),
      )
    },
  }
}

/** A pod that waits for a node has no log yet: that is an empty log, as upstream answers it. */
function unassigned(subresource: string, pod: Pod): ServerResponse {
  if (subresource === 'log') return { type: 'whole', status: 200, headers: { 'content-type': 'text/plain' }, body: [] }
  throw badRequest(`pod ${pod.metadata.name ?? ''} does not have a host assigned`)
}

function tunnel(call: ConnectCall, nodeName: string, { path, query, ...form }: AgentRequest): ServerResponse {
  const text = query.toString()
  return {
    type: 'tunnel',
    target: {
      nodeName, ...nodeAgentAddress(nodeName, call.reader), path: `/${path}${text === '' ? '' : `?${text}`}`, method: call.request.method,
      ...form,
    },
  }
}

/** Names of namespaces, pods and containers are DNS names: nothing in them needs escaping. */
function podPath(pod: Pod): string {
  return `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`
}

function refuseEnded(pod: Pod): void {
  const phase = pod.status?.phase
  if (isTerminalPhase(phase)) {
    throw badRequest(`cannot exec into or attach to a container in a completed pod; current phase is ${phase}`)
  }
}

/** kubectl says stdin=true&stdout=true; the agent reads input=1&output=1. */
function streamQuery(asked: URLSearchParams): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, agentName] of STREAM_PARAMETERS) if (isSet(asked.get(name))) query.set(agentName, '1')
  const any = STREAM_PARAMETERS.some(([name, agentName]) => name !== 'tty' && query.has(agentName))
  if (!any) throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  return query
}

function isSet(value: string | null): boolean {
  return value !== null && value !== '' && value !== '0' && value.toLowerCase() !== 'false'
}

/** WebSocket clients name the ports here; SPDY clients name them for each stream. */
function portQuery(asked: URLSearchParams): URLSearchParams {
  const query = new URLSearchParams()
  for (const value of asked.getAll('ports')) {
    for (const port of value.split(',')) {
      if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
        throw badRequest(`ports: ${JSON.stringify(port)} is no port between 1 and 65535`)
      }
      query.append('port', port)
    }
  }
  return query
}

function pick(asked: URLSearchParams, names: readonly string[]): URLSearchParams {
  const query = new URLSearchParams()
  for (const name of names) {
    const value = asked.get(name)
    if (value !== null && value !== '') query.set(name, value)
  }
  return query
}

function logErrors(asked: URLSearchParams): FieldError[] {
  const errors: FieldError[] = []
  const check = (name: string, min: number): void => {
    const text = asked.get(name)
    if (text === null || text === '') return
    if (!/^-?\d{1,18}$/.test(text)) errors.push(invalidValue(name, text, 'must be a whole number'))
    else if (Number(text) < min) errors.push(invalidValue(name, Number(text), `must be greater than or equal to ${min}`))
  }
  check('tailLines', 0)
  check('sinceSeconds', 1)
  check('limitBytes', 1)
  if (asked.has('sinceSeconds') && asked.has('sinceTime')) {
    errors.push({
      reason: 'FieldValueForbidden', field: 'sinceTime',
      message: 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    })
  }
  return errors
}
