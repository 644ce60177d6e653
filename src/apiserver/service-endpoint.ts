import { plainAddress } from '../objects/ports-and-addresses.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { EndpointSlice, ServicePort } from '../resources/generated/types.ts'
import type { ObjectReader } from './access.ts'

export interface ServiceAddress {
  readonly namespace: string
  readonly name: string
  readonly port: number
}

export type ServiceEndpoint =
  | { readonly outcome: 'found'; readonly host: string; readonly port: number }
  /** Why nobody can be asked, in upstream's words. */
  | { readonly outcome: 'missing'; readonly reason: MissingReason; readonly message: string }

export type MissingReason = 'ServiceNotFound' | 'ServicePortError' | 'EndpointsNotFound' | 'MissingEndpoints'

/**
 * Where a server of the cluster that stands behind a Service can be asked by this one: at an endpoint of its own, since a server that
 * has no node of its own reaches pods, but not the addresses of Services.
 */
export function serviceEndpoint({ namespace, name, port }: ServiceAddress, reader: ObjectReader): ServiceEndpoint {
  const service = reader.get(kinds.Service, { namespace, name })
  const subject = `service/${name} in ${JSON.stringify(namespace)}`
  if (service === undefined) return missing('ServiceNotFound', `${subject} is not present`)
  if (service.spec?.type === 'ExternalName') return { outcome: 'found', host: service.spec.externalName ?? '', port }
  const servicePort = service.spec?.ports?.find((candidate) => candidate.port === port)
  if (servicePort === undefined) return missing('ServicePortError', `${subject} is not listening on port ${port}`)
  const slices = reader.list(kinds.EndpointSlice, namespace).filter(
    ({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name,
  )
  if (slices.length === 0) return missing('EndpointsNotFound', `cannot find endpoints for ${subject}`)
  const endpoint = slices.flatMap((slice) => endpointsOf(slice, servicePort))[0]
  if (endpoint !== undefined) return { outcome: 'found', ...endpoint }
  return missing('MissingEndpoints', `endpoints for ${subject} have no addresses with port name ${JSON.stringify(servicePort.name ?? '')}`)
}

function missing(reason: MissingReason, message: string): ServiceEndpoint {
  return { outcome: 'missing', reason, message }
}

function endpointsOf({ endpoints, ports = [] }: EndpointSlice, { name: portName = '' }: ServicePort): { host: string; port: number }[] {
  const port = ports.find(({ name = '' }) => name === portName)?.port
  if (port === undefined) return []
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false)
  return ready.flatMap(({ addresses: [host] }) => (host === undefined ? [] : [{ host: plainAddress(host), port }]))
}
