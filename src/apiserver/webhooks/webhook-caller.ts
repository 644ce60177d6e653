import type { JsonObject } from '../../objects/json.ts'
import type { ServiceReference, WebhookClientConfig } from '../../resources/generated/types.ts'
import { fromBase64, textOf } from '../../words/bytes.ts'
import type { ObjectReader } from '../access.ts'
import { serviceEndpoint } from '../service-endpoint.ts'

/** Where a server listens whose certificate must be for serverName. */
export interface WebhookTarget {
  readonly host: string
  readonly port: number
  /** With the query. */
  readonly path: string
  readonly serverName: string
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

/** Throws an Error where a service has nobody who could be asked. */
export function webhookTarget({ url, service, caBundle }: WebhookClientConfig, reader: ObjectReader): WebhookTarget {
  const caPem = caBundle === undefined || caBundle === '' ? undefined : textOf(fromBase64(caBundle) ?? new Uint8Array())
  if (service !== undefined) return { ...serviceTarget(service, reader), caPem }
  const parts = /^https:\/\/(\[[^\]]+\]|[^/:?#]+)(?::(\d+))?([^#]*)$/i.exec(url ?? '')
  if (parts === null) throw new Error('it has neither a service nor a URL that begins with https://')
  const host = (parts[1] ?? '').replace(/^\[|\]$/g, '')
  return { host, port: Number(parts[2] ?? 443), path: parts[3] === '' ? '/' : (parts[3] ?? '/'), serverName: host, caPem }
}

function serviceTarget({ namespace, name, path = '/', port = 443 }: ServiceReference, reader: ObjectReader): Omit<WebhookTarget, 'caPem'> {
  const endpoint = serviceEndpoint({ namespace, name, port }, reader)
  if (endpoint.outcome === 'missing') throw new Error(endpoint.message)
  return {
    host: endpoint.host, port: endpoint.port, path: path.startsWith('/') ? path : `/${path}`, serverName: `${name}.${namespace}.svc`,
  }
}
