import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { pipeline } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { BackendTunnel, ServerRequest } from '../apiserver/http.ts'
import { serviceUnavailable } from '../words/status-error.ts'
import { forwardRequest, isHeaderValue, type Forwarded, type Received } from './forward-request.ts'
import { Agent as HttpAgent, request as httpRequest } from './node-http.ts'
import { passUpgrade, upgradeHeaders } from './pass-upgrade.ts'
import type { UpgradingClient } from './pass-upgrade.ts'
import { dialError } from './probe/dial-error.ts'
import { rewrittenLink, withLinksRewritten } from './proxied-links.ts'
import type { ProxiedPlace } from './proxied-links.ts'

export interface BackendProxy {
  forward(target: BackendTunnel, request: ServerRequest): Promise<Forwarded>
  tunnel(target: BackendTunnel, client: UpgradingClient): void
  close(): void
}

/** Requests under way to all pods, services and ports of nodes; more wait. */
const MAX_CONNECTIONS = 4096
const MAX_BODY_BYTES = 64 * 1024 * 1024

/** Asks servers in the cluster for clients of this one. A backend's certificate is not checked: nothing says whose it should be. */
export function createBackendProxy({ connectTimeoutMs }: { readonly connectTimeoutMs: number }): BackendProxy {
  const limits = { keepAlive: false, maxTotalSockets: MAX_CONNECTIONS }
  const agents = { http: new HttpAgent(limits), https: new HttpsAgent({ ...limits, rejectUnauthorized: false }) }
  return {
    forward: (target, request) => {
      const place = placeOf(target, request.headers[':authority'] ?? request.headers['host'])
      return forwardRequest(request, {
        // Lines that end without a carriage return (of CGI scripts) are read too, as Go reads them. The connection carries nothing else.
        options: { ...connectionTo(target), agent: agents[target.backend.scheme], insecureHTTPParser: true },
        headers: {
          cookie: request.headers['cookie'], upgrade: undefined, ...forwardedFor(target, place, request.headers['x-forwarded-for']),
          ...withoutClaims(request.headers),
        },
        noConnectionMs: connectTimeoutMs, maxBodyBytes: MAX_BODY_BYTES, who: `the server at ${place.backendHost}`,
        received: (answer, headers) => received(answer, headers, place),
        unreachable: (error) => unreachable(target, error),
      })
    },
    tunnel(target, client) {
      const headers = upgradeHeaders(client.headers)
      const sent = (name: string): string | undefined => {
        const index = client.headers.findIndex((header, at) => at % 2 === 0 && header.toLowerCase() === name)
        return index === -1 ? undefined : client.headers[index + 1]
      }
      const place = placeOf(target, sent('host'))
      const cookie = sent('cookie')
      const ask = target.backend.scheme === 'https' ? httpsRequest : httpRequest
      const outgoing = ask({
        ...connectionTo(target), agent: agents[target.backend.scheme],
        headers: { ...headers, ...(cookie === undefined ? {} : { cookie }), ...forwardedFor(target, place, sent('x-forwarded-for')) },
      })
      passUpgrade(outgoing, client, (error) => unreachable(target, error))
    },
    close() {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

function connectionTo({ backend, path, method }: BackendTunnel): RequestOptions {
  return { protocol: `${backend.scheme}:`, host: backend.address, port: backend.port, path, method }
}

function placeOf({ backend, basePath }: BackendTunnel, clientHost = ''): ProxiedPlace {
  const host = backend.address.includes(':') ? `[${backend.address}]` : backend.address
  return { basePath, backendHost: `${host}:${backend.port}`, clientHost }
}

/** The backend is told for whom it is asked, and where the client sees its answer. */
function forwardedFor(target: BackendTunnel, { basePath, clientHost }: ProxiedPlace, before: string | undefined): OutgoingHttpHeaders {
  const [path = ''] = target.path.split('?')
  return {
    host: clientHost, 'x-forwarded-uri': `${basePath}${path}`,
    'x-forwarded-for': before === undefined ? target.clientAddress : `${before}, ${target.clientAddress}`,
  }
}

/** Who asks is nothing that a backend is told. */
function withoutClaims(headers: ServerRequest['headers']): OutgoingHttpHeaders {
  return Object.fromEntries(Object.keys(headers).filter((name) => name.startsWith('x-remote-')).map((name) => [name, undefined]))
}

function unreachable({ backend: { address, port } }: BackendTunnel, error: Error): Error {
  return serviceUnavailable(`error trying to reach service: ${dialError(address, port, error)}`)
}

/** Pages and redirects lead back through this server; whom a browser may let read the answer is for this server to say. */
function received(answer: IncomingMessage, passed: Readonly<Record<string, string>>, place: ProxiedPlace): Received {
  const headers = { ...passed }
  for (const name of Object.keys(headers)) if (name.startsWith('access-control-allow-')) delete headers[name]
  const { location, 'set-cookie': cookies } = answer.headers
  if (headers['location'] !== undefined && location !== undefined) headers['location'] = rewrittenLink(location, place)
  const isPage = answer.headers['content-type']?.split(';')[0]?.trim().toLowerCase() === 'text/html'
  const source = isPage ? unpacked(answer) : undefined
  const told = cookies === undefined ? { headers } : { headers, cookies: cookies.filter(isHeaderValue) }
  if (source === undefined) return { ...told, source: answer }
  delete headers['content-length']
  delete headers['content-encoding']
  return { ...told, source: withLinksRewritten(source, place) }
}

/** Undefined: packed in a way that is not known here. */
function unpacked(answer: IncomingMessage): AsyncIterable<Uint8Array> | undefined {
  const encoding = (answer.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding === 'identity' || encoding === '') return answer
  const unpacking = UNPACKERS[encoding]?.()
  // Its errors are told to who reads.
  return unpacking && pipeline(answer, unpacking, () => undefined)
}

const UNPACKERS: Readonly<Record<string, () => ReturnType<typeof createGunzip>>> = {
  gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress,
}
