import type { JsonObject } from '../../objects/json.ts'
import type { ServiceReference, WebhookClientConfig } from '../../resources/generated/types.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { EndpointSlice } from '../../resources/generated/types.ts'
import { fromBase64, textOf } from '../../words/bytes.ts'
import type { ObjectReader } from '../access.ts'

/** Where a server listens whose certificate must be for serverName. */
export interface WebhookTarget {
  readonly host: string
  readonly port: number
  /** With the query. */
  readonly path: string
  readonly serverName: string
  /** Undefined: the system's authorities. */
  readonly caPem: string | undefined
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

/** One of the service's own endpoints: a server that has no node of its own reaches pods, but not the addresses of services. */
function serviceTarget({ namespace, name, path = '/', port = 443 }: ServiceReference, reader: ObjectReader): Omit<WebhookTarget, 'caPem'> {
  const service = reader.get(kinds.Service, { namespace, name })
  if (service === undefined) throw new Error(`service ${JSON.stringify(name)} not found in namespace ${JSON.stringify(namespace)}`)
  const serverName = `${name}.${namespace}.svc`
  const at = { path: path.startsWith('/') ? path : `/${path}`, serverName }
  if (service.spec?.type === 'ExternalName') return { ...at, host: service.spec.externalName ?? '', port }
  const servicePort = service.spec?.ports?.find((candidate) => candidate.port === port)
  if (servicePort === undefined) throw new Error(`service ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)} has no port ${port}`)
  const slices = reader.list(kinds.EndpointSlice, namespace).filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
  const endpoint = slices.flatMap((slice) => endpointsOf(slice, servicePort.name ?? ''))[0]
  if (endpoint === undefined) throw new Error(`no endpoints available for service ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)}`)
  return { ...at, ...endpoint }
}

function endpointsOf({ endpoints, ports = [] }: EndpointSlice, portName: string): { host: string; port: number }[] {
  const port = ports.find(({ name = '' }) => name === portName)?.port
  if (port === undefined) return []
  return endpoints.filter(({ conditions }) => conditions?.ready !== false).flatMap(({ addresses: [host] }) => (host === undefined ? [] : [{ host, port }]))
}
