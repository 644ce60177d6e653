import type { Pod, PodDNSConfig } from '../resources/generated/types.ts'
import type { ResolverConfig } from './volumes/volume-host.ts'

export interface ClusterNames {
  /** cluster.local */
  readonly domain: string
  /** Addresses of the cluster's DNS; empty: there is none. */
  readonly dnsServers: readonly string[]
}

/** The host name inside the pod: at most 63 characters, as the kernel and DNS labels want it. */
export function podHostname(pod: Pod, cluster: ClusterNames): string {
  const short = shortHostname(pod)
  const domain = podDomain(pod, cluster)
  return pod.spec?.setHostnameAsFQDN === true && domain !== '' ? `${short}.${domain}` : short
}

function shortHostname(pod: Pod): string {
  return (pod.spec?.hostname ?? pod.metadata.name ?? '').slice(0, 63).replace(/[-.]+$/, '')
}

function podDomain(pod: Pod, cluster: ClusterNames): string {
  const subdomain = pod.spec?.subdomain ?? ''
  return subdomain === '' ? '' : `${subdomain}.${pod.metadata.namespace ?? ''}.svc.${cluster.domain}`
}

/** What the pod's /etc/resolv.conf says. */
export function podResolver(pod: Pod, cluster: ClusterNames, host: ResolverConfig): ResolverConfig {
  return withPodConfig(baseResolver(pod, cluster, host), pod.spec?.dnsConfig)
}

function baseResolver(pod: Pod, cluster: ClusterNames, host: ResolverConfig): ResolverConfig {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst'
  if (policy === 'None') return { servers: [], searches: [], options: [] }
  const wantsCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && pod.spec?.hostNetwork !== true)
  if (!wantsCluster || cluster.dnsServers.length === 0) return host
  const services = `svc.${cluster.domain}`
  return {
    servers: cluster.dnsServers,
    searches: [...new Set([`${pod.metadata.namespace ?? ''}.${services}`, services, cluster.domain, ...host.searches])],
    options: ['ndots:5'],
  }
}

/** What C libraries read at most. */
const MAX_SERVERS = 3
const MAX_SEARCHES = 32

function withPodConfig(base: ResolverConfig, config: PodDNSConfig | undefined): ResolverConfig {
  const options = new Map(base.options.map((option) => [option.split(':')[0] ?? '', option]))
  for (const { name, value } of config?.options ?? []) {
    if (name !== undefined) options.set(name, value === undefined || value === '' ? name : `${name}:${value}`)
  }
  return {
    servers: [...new Set([...base.servers, ...(config?.nameservers ?? [])])].slice(0, MAX_SERVERS),
    searches: [...new Set([...base.searches, ...(config?.searches ?? [])])].slice(0, MAX_SEARCHES),
    options: [...options.values()],
  }
}

const LOOPBACK_NAMES = [
  '127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback', 'fe00::0\tip6-localnet', 'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes', 'fe00::2\tip6-allrouters',
]

/** The pod's /etc/hosts. With the host's network it is the host's own file with the pod's aliases. */
export function hostsFile(pod: Pod, cluster: ClusterNames, addresses: readonly string[], ofHost: string): string {
  if (pod.spec?.hostNetwork === true) return `# Kubernetes-managed hosts file (host network).\n${ofHost}${aliases(pod)}`
  const hostname = shortHostname(pod)
  const domain = podDomain(pod, cluster)
  const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`
  const own = addresses.map((address) => `${address}\t${names}`)
  return `${['# Kubernetes-managed hosts file.', ...LOOPBACK_NAMES, ...own].join('\n')}\n${aliases(pod)}`
}

function aliases(pod: Pod): string {
  const lines = (pod.spec?.hostAliases ?? []).map(({ ip, hostnames }) => [ip, ...(hostnames ?? [])].join('\t'))
  return lines.length === 0 ? '' : `\n# Entries added by HostAliases.\n${lines.join('\n')}\n`
}
