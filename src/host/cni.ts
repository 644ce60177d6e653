import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writePrivateFile } from './private-file.ts'

export interface PodNetwork {
  /** Unique on the machine: leases and firewall chains are found by it. lotse-NAME */
  readonly name: string
  /** IPv4 first; with an IPv6 range too the pods get both. */
  readonly podCidrs: readonly string[]
  /** Directory of the address leases. */
  readonly leaseDirectory: string
  /** Undefined: the kernel's default. */
  readonly mtu?: number
}

/** Where distributions put the plug-ins; Debian's is the first. */
const PLUGIN_DIRECTORIES = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni']
const NEEDED_PLUGINS = ['ptp', 'host-local', 'portmap', 'loopback']

/** Where the network plug-ins are installed. Throws with the remedy when one of them is missing. */
export function findPluginsDirectory(candidates: readonly string[] = PLUGIN_DIRECTORIES): string {
  const found = candidates.find((directory) => NEEDED_PLUGINS.every((plugin) => existsSync(join(directory, plugin))))
  if (found !== undefined) return found
  const remedy = 'Type: apt-get install containernetworking-plugins'
  throw new Error(`The network plug-ins ${NEEDED_PLUGINS.join(', ')} are in none of ${candidates.join(', ')}. ${remedy}`)
}

/**
 * A routed veth per pod. Not a bridge: then traffic between pods of one node passes the forward hook as well, where
 * services and network policies are decided.
 */
function podNetworkConfig(network: PodNetwork): string {
  const routes = network.podCidrs.map((cidr) => ({ dst: cidr.includes(':') ? '::/0' : '0.0.0.0/0' }))
  return JSON.stringify({
    cniVersion: '1.0.0',
    name: network.name,
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        ...(network.mtu === undefined ? {} : { mtu: network.mtu }),
        ipam: {
          type: 'host-local',
          dataDir: network.leaseDirectory,
          ranges: network.podCidrs.map((subnet) => [{ subnet }]),
          routes,
        },
      },
      { type: 'portmap', snat: true, capabilities: { portMappings: true } },
    ],
  }, undefined, 2)
}

/** Writes the network's configuration for containerd, which notices a change by itself. */
export function writePodNetwork(configDirectory: string, network: PodNetwork): void {
  mkdirSync(network.leaseDirectory, { recursive: true, mode: 0o700 })
  writePrivateFile(join(configDirectory, '10-lotse.conflist'), podNetworkConfig(network))
}

/** The host routes between its pods, and from them to the outside. */
export function enableForwarding(podCidrs: readonly string[]): void {
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
  if (podCidrs.some((cidr) => cidr.includes(':'))) writeFileSync('/proc/sys/net/ipv6/conf/all/forwarding', '1')
}

/** Leases and results that plug-ins left behind; for a cluster that has no pods any more. */
export function removeLeases(network: Pick<PodNetwork, 'name' | 'leaseDirectory'>): void {
  rmSync(join(network.leaseDirectory, network.name), { recursive: true, force: true })
  const results = '/var/lib/cni/results'
  if (!existsSync(results)) return
  for (const file of readdirSync(results)) {
    // NETWORK-CONTAINER-INTERFACE, where the container's id is 64 hexadecimal digits.
    if (new RegExp(`^${escapePattern(network.name)}-[0-9a-f]{64}-`).test(file)) rmSync(join(results, file), { force: true })
  }
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
