import type { Container, HTTPGetAction, Probe } from '../resources/generated/types.ts'
import type { ProbeTarget } from './prober.ts'

/** Where a probe goes; a text says what is wrong with it. Exec probes have no target. */
export function probeTarget(probe: Probe, container: Container, address: string): ProbeTarget | string {
  if (probe.httpGet !== undefined) return httpTarget(probe.httpGet, container, address)
  if (probe.tcpSocket !== undefined) {
    const port = portNumber(probe.tcpSocket.port, container)
    return typeof port === 'string' ? port : { type: 'tcp', host: given(probe.tcpSocket.host) ?? address, port }
  }
  if (probe.grpc !== undefined) return { type: 'grpc', host: address, port: probe.grpc.port, service: probe.grpc.service ?? '' }
  return `missing probe handler for container ${container.name}`
}

/** Where an HTTP probe goes, or what is wrong with it. */
export function httpTarget(get: HTTPGetAction, container: Container, address: string): ProbeTarget | string {
  const port = portNumber(get.port, container)
  if (typeof port === 'string') return port
  const path = get.path ?? '/'
  return {
    type: 'http',
    scheme: get.scheme === 'HTTPS' ? 'https' : 'http',
    host: given(get.host) ?? address,
    port,
    path: path.startsWith('/') ? path : `/${path}`,
    headers: (get.httpHeaders ?? []).map(({ name, value }) => ({ name, value })),
  }
}

function given(host: string | undefined): string | undefined {
  return host === '' ? undefined : host
}

function portNumber(port: number | string, container: Container): number | string {
  const named = typeof port === 'string' ? container.ports?.find(({ name }) => name === port)?.containerPort : undefined
  const number = typeof port === 'number' ? port : (named ?? Number(port))
  return Number.isInteger(number) && number > 0 && number < 65_536 ? number : `couldn't find port: ${JSON.stringify(port)}`
}
