import type { PodSpec } from '../resources/generated/types.ts'

/** A port of the node that a pod takes: TCP/0.0.0.0/8080. */
export interface HostPort {
  readonly protocol: string
  readonly address: string
  readonly port: number
}

const EVERY_ADDRESS = '0.0.0.0'

export function hostPortsOf(spec: PodSpec): readonly HostPort[] {
  const ports: HostPort[] = []
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? []).filter((init) => init.restartPolicy === 'Always')]) {
    for (const port of container.ports ?? []) {
      const hostPort = port.hostPort ?? (spec.hostNetwork === true ? port.containerPort : 0)
      if (hostPort > 0) {
        ports.push({
          protocol: port.protocol ?? 'TCP',
          address: port.hostIP === undefined || port.hostIP === '' ? EVERY_ADDRESS : port.hostIP,
          port: hostPort,
        })
      }
    }
  }
  return ports
}

/** The ports that the pods of one node take, counted. */
export class TakenPorts {
  readonly #counts = new Map<string, number>()

  add(ports: readonly HostPort[]): void {
    for (const port of ports) this.#counts.set(textOf(port), (this.#counts.get(textOf(port)) ?? 0) + 1)
  }

  remove(ports: readonly HostPort[]): void {
    for (const port of ports) {
      const left = (this.#counts.get(textOf(port)) ?? 0) - 1
      if (left > 0) this.#counts.set(textOf(port), left)
      else this.#counts.delete(textOf(port))
    }
  }

  /** The same port on the same address, or one of the two on every address. */
  conflicts(wanted: readonly HostPort[]): boolean {
    if (wanted.length === 0 || this.#counts.size === 0) return false
    return wanted.some((port) => port.address === EVERY_ADDRESS
      ? [...this.#counts.keys()].some((taken) => taken.startsWith(`${port.protocol}/${port.port}/`))
      : this.#counts.has(textOf(port)) || this.#counts.has(textOf({ ...port, address: EVERY_ADDRESS })))
  }
}

function textOf(port: HostPort): string {
  return `${port.protocol}/${port.port}/${port.address}`
}
