import type { JsonObject } from '../../objects/json.ts'
import type { ServiceReference, WebhookClientConfig } from '../../resources/generated/types.ts'
import { fromBase64, textOf } from '../../words/bytes.ts'
import type { ObjectReader } from '../access.ts'
import { serviceEndpoint, type MissingReason, type ServiceAddress } from '../service-endpoint.ts'

/** Where a server listens whose certificate must be for serverName. */
export interface WebhookTarget {
  readonly host: string
  readonly port: number
  /** With the query. */
  readonly path: string
  readonly serverName: string
  /** As whoever configured it calls it: api.example.com, NAME.NAMESPACE.svc:443. In the Host header, and in errors. */
  readonly authority: string
  /** Undefined: the system's authorities. */
  readonly caPem: string | undefined
  /** What the server knows us by; most know us by nothing. */
  readonly credentials?: WebhookCredentials
}

export interface WebhookCredentials {
  readonly certificatePem?: string
  readonly keyPem?: string
  /** Asked for at each call: a token in a file may be replaced. */
  token?(): string
}

export interface WebhookCall {
  readonly target: WebhookTarget
  readonly body: JsonObject
  readonly timeoutMs: number
}

/** Posts JSON over TLS to whoever answers for the cluster: admission, conversion, tokens, authorization. */
export interface WebhookCaller {
  /** The JSON object that came back. Throws an Error with a sentence about what went wrong: no connection, a wrong certificate, a status, a time-out. */
  call(call: WebhookCall): Promise<JsonObject>
}

/** For a server that is connected to nothing. */
export const noWebhooks: WebhookCaller = { call: () => Promise.reject(new Error('this server has no way to reach a webhook')) }

/** Where the webhook is, which is told how long it has. Throws an Error, in a caller's words, where a service has nobody who could be asked. */
export function webhookTarget(
  { url, service, caBundle }: WebhookClientConfig, reader: ObjectReader, timeoutSeconds: number,
): WebhookTarget {
  const caPem = caBundle === undefined || caBundle === '' ? undefined : textOf(fromBase64(caBundle) ?? new Uint8Array())
  if (service !== undefined) return { ...serviceTarget(service, reader, timeoutSeconds), caPem }
  const parts = /^https:\/\/((\[[^\]]+\]|[^/:?#]+)(?::(\d+))?)([^#]*)$/i.exec(url ?? '')
  if (parts === null) throw new Error('it has neither a service nor a URL that begins with https://')
  const [, authority = '', hostPart = '', port = '443', path = ''] = parts
  const host = hostPart.replace(/^\[|\]$/g, '')
  return { host, port: Number(port), path: timed(path === '' ? '/' : path, timeoutSeconds), serverName: host, authority, caPem }
}

/** A webhook that is addressed by its service is known by the service's name, to its certificate and to readers of errors. */
function serviceTarget(
  { namespace, name, path = '/', port = 443 }: ServiceReference, reader: ObjectReader, timeoutSeconds: number,
): Omit<WebhookTarget, 'caPem'> {
  const serverName = `${name}.${namespace}.svc`
  const authority = `${serverName}:${port}`
  const timedPath = timed(path.startsWith('/') ? path : `/${path}`, timeoutSeconds)
  const endpoint = serviceEndpoint({ namespace, name, port }, reader)
  if (endpoint.outcome === 'missing') throw uncalled({ authority, path: timedPath }, nobodyIn({ name, port }, endpoint.reason))
  return { host: endpoint.host, port: endpoint.port, path: timedPath, serverName, authority }
}

/** As upstream words it for webhooks, which is not what it says of API services. */
function nobodyIn({ name, port }: Pick<ServiceAddress, 'name' | 'port'>, reason: MissingReason): string {
  switch (reason) {
    case 'ServiceNotFound': return `service ${JSON.stringify(name)} not found`
    case 'ServicePortError': return `no service port ${port} found for service ${JSON.stringify(name)}`
    default: return `no endpoints available for service ${JSON.stringify(name)}`
  }
}

/** What is said of a call that could not be made, or that has failed. */
export function uncalled({ authority, path }: Pick<WebhookTarget, 'authority' | 'path'>, why: string, cause?: unknown): Error {
  return new Error(`failed to call webhook: Post "https://${authority}${path}": ${why}`, { cause })
}

/** As a query parameter. */
function timed(path: string, timeoutSeconds: number): string {
  return `${path}${path.includes('?') ? '&' : '?'}timeout=${timeoutSeconds}s`
}
