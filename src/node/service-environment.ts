import type { Service, ServicePort } from '../resources/generated/types.ts'

/** Variables that tell where services are: those of the namespace if it wants links, and the API server's in any case. */
export function serviceVariables(services: readonly Service[], namespace: string, wantsLinks: boolean): Map<string, string> {
  const chosen = new Map<string, Service>()
  for (const service of services) {
    const address = service.spec?.clusterIP ?? ''
    if (address === '' || address === 'None') continue
    const name = service.metadata.name ?? ''
    const isMaster = service.metadata.namespace === 'default' && name === 'kubernetes'
    // A service of the namespace itself goes before the API server's of the same name.
    if (wantsLinks && service.metadata.namespace === namespace) chosen.set(name, service)
    else if (isMaster && !chosen.has(name)) chosen.set(name, service)
  }
  const variables = new Map<string, string>()
  for (const name of [...chosen.keys()].sort()) addVariables(variables, name, chosen.get(name))
  return variables
}

function addVariables(variables: Map<string, string>, name: string, service: Service | undefined): void {
  const ports = service?.spec?.ports ?? []
  const [first] = ports
  const address = service?.spec?.clusterIP ?? ''
  if (first === undefined) return
  const prefix = variableName(name)
  const host = address.includes(':') ? `[${address}]` : address
  variables.set(`${prefix}_SERVICE_HOST`, address)
  variables.set(`${prefix}_SERVICE_PORT`, String(first.port))
  for (const { name: portName = '', port } of ports) {
    if (portName !== '') variables.set(`${prefix}_SERVICE_PORT_${variableName(portName)}`, String(port))
  }
  variables.set(`${prefix}_PORT`, `${protocolOf(first)}://${host}:${first.port}`)
  for (const port of ports) {
    const link = `${prefix}_PORT_${port.port}_${protocolOf(port).toUpperCase()}`
    variables.set(link, `${protocolOf(port)}://${host}:${port.port}`)
    variables.set(`${link}_PROTO`, protocolOf(port))
    variables.set(`${link}_PORT`, String(port.port))
    variables.set(`${link}_ADDR`, address)
  }
}

function protocolOf(port: ServicePort): string {
  return (port.protocol ?? 'TCP').toLowerCase()
}

function variableName(name: string): string {
  return name.replaceAll('-', '_').toUpperCase()
}
