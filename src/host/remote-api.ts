import { createHash } from 'node:crypto'
import type { OutgoingHttpHeaders } from 'node:http'
import { Agent } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import type { RemoteApi, RemoteDocument, RemoteQuestion, RemoteTarget } from '../apiserver/aggregation/remote-api.ts'
import type { ServerRequest } from '../apiserver/http.ts'
import type { User } from '../apiserver/access.ts'
import { isObject, type JsonObject } from '../objects/json.ts'
import { parseJson } from '../objects/json-text.ts'
import { serviceUnavailable } from '../words/status-error.ts'
import { forwardRequest } from './forward-request.ts'
import { callFailure } from './call-failure.ts'
import { wholeAnswer } from './whole-answer.ts'
import { trusting } from './trusted-authorities.ts'

/** The front proxy's certificate, by which the others know that the headers about users are true. */
export interface RemoteApiOptions {
  readonly certificatePem: string
  readonly keyPem: string
}

const NO_ANSWER_MS = 60_000

export interface RenewableRemoteApi extends RemoteApi {
  /** Requests from now on are made with this certificate, on connections of their own. */
  renew(options: RemoteApiOptions): void
  close(): void
}

/** Connections to one server: requests that are passed on, watches too; more wait. */
const MAX_FORWARDED = 4_096
/** What this server asks by itself. */
const MAX_ASKED = 8

export function createRemoteApi(options: RemoteApiOptions): RenewableRemoteApi {
  // Of connections that are kept, an agent gives out only such as were made with the certificate that is asked for.
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_FORWARDED, minVersion: 'TLSv1.2' })
  // Whether a server is well must not depend on how many watch it.
  const asking = new Agent({ keepAlive: true, maxSockets: MAX_ASKED, minVersion: 'TLSv1.2' })
  let identity = identityOf(options)
  return {
    forward: (target, request, user) => forwardRequest(request, {
      options: { ...connectionTo(target), ...identity, agent, method: request.method, path: pathOf(request) },
      headers: proxyHeaders(target, request, user),
      noAnswerMs: NO_ANSWER_MS, refusesRedirects: true, who: `the API server ${target.serverName}`,
      unreachable: (error) => unreachableApi(target, error),
    }),
    read: (target, question) => read(target, question, { ...identity, agent: asking }),
    renew(next) {
      identity = identityOf(next)
      const free = [agent, asking].flatMap(({ freeSockets }) => Object.values(freeSockets).flatMap((sockets) => sockets ?? []))
      for (const socket of free) socket.destroy()
    },
    close() {
      agent.destroy()
      asking.destroy()
    },
  }
}

type Identity = Pick<ConnectionOptions, 'cert' | 'key'>

function identityOf({ certificatePem, keyPem }: RemoteApiOptions): Identity {
  return { cert: certificatePem, key: keyPem }
}

export function unreachableApi(target: RemoteTarget, error: Error): Error {
  const { serverName, host, port } = target
  return serviceUnavailable(`error trying to reach service: the API server ${serverName} at ${host}:${port}: ${callFailure(target, error)}`)
}

function pathOf({ path, query }: ServerRequest): string {
  return query === '' ? path : `${path}?${query}`
}

type Connection = ConnectionOptions & { readonly host: string; readonly port: number }

export function connectionTo({ host, port, serverName, caPem, isUnverified }: RemoteTarget): Connection {
  return { host, port, servername: serverName, rejectUnauthorized: !isUnverified, ...trusting(caPem) }
}

export function proxyHeaders({ serverName }: RemoteTarget, request: ServerRequest, user: User): OutgoingHttpHeaders {
  return { ...withoutClaims(request), ...userHeaders(user), upgrade: undefined, host: serverName, 'x-forwarded-for': request.peer.address }
}

/** Only this server says who asks: what the client sent under these names is emptied. */
function withoutClaims({ headers }: ServerRequest): OutgoingHttpHeaders {
  const claims = Object.keys(headers).filter((name) => name.startsWith('x-remote-') || name.startsWith('impersonate-'))
  return Object.fromEntries(claims.map((name) => [name, undefined]))
}

export function userHeaders({ name, uid, groups, extra }: User): OutgoingHttpHeaders {
  const extras = Object.entries(extra).map(([key, values]) => [`x-remote-extra-${encodeURIComponent(key).toLowerCase()}`, [...values]])
  const known = { 'x-remote-user': name, 'x-remote-group': [...groups], ...Object.fromEntries(extras) }
  return uid === '' ? known : { ...known, 'x-remote-uid': uid }
}

async function read(target: RemoteTarget, question: RemoteQuestion, by: Identity & { readonly agent: Agent }): Promise<RemoteDocument> {
  const { path, user: name, knownTag, maxBytes, timeoutMs } = question
  const headers = {
    ...userHeaders({ name, uid: '', groups: ['system:masters'], extra: {} }), host: target.serverName, accept: 'application/json',
    ...(knownTag === undefined ? {} : { 'if-none-match': knownTag }),
  }
  const options = { ...connectionTo(target), ...by, method: 'GET', path, headers }
  const { status, body, etag } = await wholeAnswer(options, undefined, { maxBytes, timeoutMs, late: 'context deadline exceeded: ' })
    .catch((error: unknown) => {
      throw new Error(`Get "https://${target.host}:${target.port}${path}": ${callFailure(target, error)}`, { cause: error })
    })
  if (status === 304 && knownTag !== undefined) return { outcome: 'same' }
  if (status === 404) return { outcome: 'absent' }
  if (status !== 200) throw new Error(`bad status from https://${target.host}:${target.port}${path}: ${status}`)
  // Who gives no tag, or never says that nothing has changed, must not have its document parsed each time.
  const tag = etag ?? `"${createHash('sha256').update(body).digest('base64')}"`
  return tag === knownTag ? { outcome: 'same' } : { outcome: 'document', document: documentIn(body), tag }
}

function documentIn(bytes: Buffer): JsonObject {
  const value: unknown = parseJson(bytes.toString('utf8'))
  if (!isObject(value)) throw new Error('the answer is no JSON object')
  return value
}
