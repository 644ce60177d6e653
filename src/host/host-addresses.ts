import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'

export interface HostAddresses {
  /** The one by which this machine reaches others: of the interface with the default route; loopback where there is no other. */
  readonly primary: string
  /** All IPv4 addresses but loopback. */
  readonly all: readonly string[]
}

const LOOPBACK = '127.0.0.1'

/** What the machine's interfaces have now. Interfaces that containers brought do not count. */
export function hostAddresses(routes: string = defaultRoutes()): HostAddresses {
  const byInterface = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter((address) => address.family === 'IPv4' && !address.internal && !/^(veth|cni|docker|br-|virbr)/.test(name))
      .map((address) => ({ name, address: address.address }))
  )
  const routed = defaultRouteInterface(routes)
  const primary = byInterface.find((candidate) => candidate.name === routed) ?? byInterface[0]
  return { primary: primary?.address ?? LOOPBACK, all: byInterface.map((candidate) => candidate.address) }
}

function defaultRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8')
  } catch {
    return ''
  }
}

/** The interface of the default route with the lowest metric: Iface Destination Gateway Flags RefCnt Use Metric ... */
function defaultRouteInterface(routes: string): string | undefined {
  const defaults = routes
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1] === '00000000' && fields[7] === '00000000')
  return defaults.sort((a, b) => Number(a[6]) - Number(b[6]))[0]?.[0]
}
