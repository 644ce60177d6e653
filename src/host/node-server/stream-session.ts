import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { CriClient } from '../cri/cri-client.ts'
import { readySandbox, runningContainer } from './container-lookup.ts'
import { isTrue } from './log-options.ts'
import type { NodeRoute } from './node-route.ts'
import { serveRemoteCommand } from './remote-command.ts'
import type { RemoteStreams } from './remote-command.ts'
import { RequestRefused } from './request-refused.ts'
import { PORT_FORWARD_TUNNEL, tunnelPortForward, tunnelSpdy } from './spdy-tunnel.ts'
import { askedProtocols } from './websocket-accept.ts'
import { PORT_LIMIT, serveWebSocketPortForward } from './websocket-port-forward.ts'

export type StreamRoute = Extract<NodeRoute, { type: 'exec' | 'attach' | 'port-forward' }>

/** A connection that asks to become a stream. */
export interface UpgradeRequest {
  readonly request: IncomingMessage
  readonly socket: Socket
  readonly head: Buffer
}

/** Serves exec, attach and port-forward in each of their protocols. Resolves when the stream is over. */
export async function serveStream(client: CriClient, route: StreamRoute, upgrade: UpgradeRequest, signal: AbortSignal): Promise<void> {
  const { request, socket, head } = upgrade
  const wanted = (request.headers.upgrade ?? '').toLowerCase()
  if (wanted !== 'spdy/3.1' && wanted !== 'websocket') {
    throw new RequestRefused(400, `Upgrade to ${wanted} is not supported: use websocket or SPDY/3.1`)
  }
  if (route.type === 'port-forward') return servePortForward(client, route, upgrade, wanted, signal)
  const streams = streamsOf(route.query)
  const url = await remoteCommandUrl(client, route, streams)
  if (wanted === 'spdy/3.1') return tunnelSpdy(request, socket, head, url, signal)
  return serveRemoteCommand(request, socket, head, { url, streams }, signal)
}

async function servePortForward(
  client: CriClient, route: Extract<StreamRoute, { type: 'port-forward' }>, upgrade: UpgradeRequest, wanted: string, signal: AbortSignal,
): Promise<void> {
  const { request, socket, head } = upgrade
  const podSandboxId = await readySandbox(client, route.namespace, route.pod)
  const inTunnel = wanted === 'spdy/3.1' || askedProtocols(request).includes(PORT_FORWARD_TUNNEL)
  const ports = inTunnel ? [] : portsOf(route.query)
  const { url } = await client.portForward({ podSandboxId, port: ports })
  if (wanted === 'spdy/3.1') return tunnelSpdy(request, socket, head, url, signal)
  if (inTunnel) return tunnelPortForward(request, socket, head, url, signal)
  return serveWebSocketPortForward(request, socket, head, { url, ports }, signal)
}

type CommandRoute = Exclude<StreamRoute, { type: 'port-forward' }>

async function remoteCommandUrl(client: CriClient, route: CommandRoute, streams: RemoteStreams): Promise<string> {
  const { id } = await runningContainer(client, route)
  // The runtime takes no standard error beside a terminal, which has only one output.
  const asked = { containerId: id, tty: streams.tty, stdin: streams.stdin, stdout: streams.stdout, stderr: streams.stderr && !streams.tty }
  if (route.type === 'attach') return (await client.attach(asked)).url
  const cmd = route.query.getAll('command')
  if (cmd.length === 0) throw new RequestRefused(400, 'you must specify at least 1 command')
  return (await client.exec({ ...asked, cmd })).url
}

/** The API server's names (stdin) and the kubelet's older ones (input). */
function streamsOf(query: URLSearchParams): RemoteStreams {
  const either = (name: string, older: string): boolean => isTrue(query, name) || isTrue(query, older)
  const streams = {
    stdin: either('stdin', 'input'),
    stdout: either('stdout', 'output'),
    stderr: either('stderr', 'error'),
    tty: isTrue(query, 'tty'),
  }
  if (streams.stdin || streams.stdout || streams.stderr) return streams
  throw new RequestRefused(400, 'you must specify at least 1 of stdin, stdout, stderr')
}

function portsOf(query: URLSearchParams): number[] {
  const texts = [...query.getAll('ports'), ...query.getAll('port')].flatMap((text) => text.split(','))
  const ports = texts.filter((text) => text !== '').map(Number)
  if (ports.length === 0) throw new RequestRefused(400, 'query parameter "ports" is required')
  const wrong = ports.find((port) => !Number.isInteger(port) || port < 1 || port > 65535)
  if (wrong !== undefined) throw new RequestRefused(400, 'query parameter "ports" must be port numbers from 1 to 65535')
  if (ports.length > PORT_LIMIT) throw new RequestRefused(400, `at most ${PORT_LIMIT} ports can be forwarded in one connection`)
  return ports
}
