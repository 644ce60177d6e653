import type { OutgoingHttpHeaders } from 'node:http'
import { Agent } from 'node:https'
import type { RemoteApi, RemoteTarget } from '../apiserver/aggregation/remote-api.ts'
import type { ServerRequest } from '../apiserver/http.ts'
import type { User } from '../apiserver/access.ts'
import { isObject, type JsonObject } from '../objects/json.ts'
import { serviceUnavailable } from '../words/status-error.ts'
import { forwardRequest } from './forward-request.ts'
import { wholeAnswer } from './whole-answer.ts'

export interface RemoteApiOptions {
  /** The front proxy's certificate, by which the others know that the headers about users are true. */
  readonly certificatePem: string
  readonly keyPem: string
}

const NO_ANSWER_MS = 60_000
const MAX_DOCUMENT_BYTES = 3 * 1024 * 1024
const PROXY_USER = 'system:aggregator'

export function createRemoteApi(options: RemoteApiOptions): RemoteApi & { close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 256, cert: options.certificatePem, key: options.keyPem, minVersion: 'TLSv1.2' })
  return {
    forward: (target, request, user) => forwardRequest(request, {
      options: { ...connectionTo(target, agent), method: request.method, path: pathOf(request) },
      headers: { ...withoutClaims(request), ...userHeaders(user), host: target.serverName, 'x-forwarded-for': request.peer.address },
      noAnswerMs: NO_ANSWER_MS, who: `the API server ${target.serverName}`,
      unreachable: ({ message }) => {
        const server = `the API server ${target.serverName} at ${target.host}:${target.port}`
        return serviceUnavailable(`error trying to reach service: ${server}: ${message}`)
      },
    }),
    read: (target, path, timeoutMs) => read(target, { path, timeoutMs, agent }),
    close: () => agent.destroy(),
  }
}

function pathOf({ path, query }: ServerRequest): string {
  return query === '' ? path : `${path}?${query}`
}

function connectionTo({ host, port, serverName, caPem, isUnverified }: RemoteTarget, agent: Agent): object {
  return { host, port, agent, servername: serverName, rejectUnauthorized: !isUnverified, ...(caPem === undefined ? {} : { ca: caPem }) }
}

/** Only this server says who asks: what the client sent under these names is emptied. */
function withoutClaims({ headers }: ServerRequest): OutgoingHttpHeaders {
  const claims = Object.keys(headers).filter((name) => name.startsWith('x-remote-') || name.startsWith('impersonate-'))
  return Object.fromEntries(claims.map((name) => [name, undefined]))
}

function userHeaders({ name, uid, groups, extra }: User): OutgoingHttpHeaders {
  const extras = Object.entries(extra).map(([key, values]) => [`x-remote-extra-${encodeURIComponent(key).toLowerCase()}`, [...values]])
  const known = { 'x-remote-user': name, 'x-remote-group': [...groups], ...Object.fromEntries(extras) }
  return uid === '' ? known : { ...known, 'x-remote-uid': uid }
}

async function read(
  target: RemoteTarget, { path, timeoutMs, agent }: { path: string; timeoutMs: number; agent: Agent }
): Promise<JsonObject> {
  const user = userHeaders({ name: PROXY_USER, uid: '', groups: ['system:masters'], extra: {} })
  const headers = { ...user, host: target.serverName, accept: 'application/json' }
  const options = { ...connectionTo(target, agent), method: 'GET', path, headers }
  const { status, body } = await wholeAnswer(options, undefined, { maxBytes: MAX_DOCUMENT_BYTES, timeoutMs })
  return documentIn(status, body)
}

function documentIn(status: number, bytes: Buffer): JsonObject {
  if (status !== 200) throw new Error(`bad status from it: ${status}`)
  const value: unknown = JSON.parse(bytes.toString('utf8'))
  if (!isObject(value)) throw new Error('the answer is no JSON object')
  return value
}
