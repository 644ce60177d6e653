import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import type { Client } from '../client/client.ts'
import { createHttpClient } from '../client/http-client.ts'
import { detectCgroups } from '../host/cgroup.ts'
import { systemClock } from '../host/clock.ts'
import { enableForwarding, findPluginsDirectory, writePodNetwork } from '../host/cni.ts'
import type { ContainerdSettings } from '../host/containerd/containerd-config.ts'
import { containerdPaths, type ContainerdPaths } from '../host/containerd/containerd-paths.ts'
import { superviseContainerd } from '../host/containerd/containerd-supervisor.ts'
import { chooseRuntime, hasAppArmor } from '../host/containerd/runtime-choice.ts'
import { openCriClient, type CriClient } from '../host/cri/cri-client.ts'
import { keepLogsBounded } from '../host/cri/log-rotation.ts'
import { openCriRuntime } from '../host/cri/cri-runtime.ts'
import { startDnsServer, type DnsServer } from '../host/dns/server.ts'
import { systemServers, Upstream } from '../host/dns/upstream.ts'
import { hostAddresses } from '../host/host-addresses.ts'
import { importImage } from '../host/image/import-image.ts'
import { machineArchitecture } from '../host/image/oci-image.ts'
import { PAUSE_IMAGE, pauseImage } from '../host/image/pause-image.ts'
import { allowLoopbackNodePorts, createRuleApplier } from '../host/nft/rule-applier.ts'
import { nodePressure, readNodeFacts } from '../host/node-facts.ts'
import { openNodeServer, type NodeServer } from '../host/node-server/node-server.ts'
import { readPairs } from '../host/certificate-pairs.ts'
import { API_SERVER_TO_NODE_NAME } from '../host/pki.ts'
import type { CertificateWithKey } from '../host/pki-certificate.ts'
import { createHostProber } from '../host/probe/host-prober.ts'
import { systemRandom } from '../host/random.ts'
import { createVolumeHost } from '../host/volumes/volume-host.ts'
import { createNodeAgent as createAgent, type NodeAgent } from '../node/agent.ts'
import { DnsDirectory } from '../network/dns-directory.ts'
import { reverseZone } from '../network/dns-answer.ts'
import { ServiceDirectory } from '../network/service-directory.ts'
import { ServiceProxy } from '../network/service-proxy.ts'
import type { Log } from '../words/ports.ts'
import { clusterPaths, type ClusterPaths } from './cluster-paths.ts'
import { certificateTransport } from './local-client.ts'
import { certificateFiles, keepNodeCertificates } from './node-certificates.ts'
import { nodePodCidr, podNetwork } from './node-teardown.ts'
import { KUBERNETES_VERSION } from './version.ts'

export interface StartedNodeAgent {
  /** Where its own server listens, for logs and exec: 192.0.2.2:10250. */
  readonly address: string
  /** Containers, service rules and containerd go on. */
  close(): Promise<void>
}

/** The port of the first cluster's node; each further cluster on the machine has the next. */
const NODE_SERVER_PORT = 10250
const DNS_PORT = 1053
const MAX_PODS = 110
/** Of each container; the kubelet's defaults. */
const MAX_LOG_BYTES = 10 * 1024 * 1024
const MAX_LOG_FILES = 5

/** Everything that runs on one node. Resolves when the agent works; the Node's Ready condition follows. */
export async function startNodeAgent(config: ClusterConfig, log: Log): Promise<StartedNodeAgent> {
  const paths = clusterPaths(config)
  const stop = new AbortController()
  for (const directory of [paths.podsDirectory, paths.podLogDirectory, paths.seccompDirectory, paths.networkLeaseDirectory]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  }
  const certificates = readPairs(certificateFiles(config), systemClock.now())
  const transport = certificateTransport(config, certificates.client)
  const client = createHttpClient(transport)
  prepareKernel(config, paths)
  const services = new ServiceDirectory({ client, clock: systemClock, random: systemRandom, log: log.with({ part: 'services' }) })
  const dns = await startDns(config, services, log)
  const proxy = startProxy(config, services, dns.port, log, stop.signal)
  void services.run(stop.signal)
  const cri = await startContainerd(paths, log, stop.signal)
  keepLogsBounded({ client: cri, clock: systemClock, log, maxBytes: MAX_LOG_BYTES, maxFiles: MAX_LOG_FILES }, stop.signal)
  const agent = createPodAgent(config, paths, { client, cri, log })
  const server = await startServer(config, paths, { cri, agent, credentials: certificates.serving, log })
  keepNodeCertificates(certificates, { config, client, transport, server, log }, stop.signal)
  void agent.run(stop.signal)
  await proxy.whenReady()
  allowLoopbackNodePorts()
  return {
    address: `${hostAddresses().primary}:${server.port}`,
    async close() {
      stop.abort()
      dns.close()
      await server.close()
      cri.close()
      transport.close()
    },
  }
}

function prepareKernel(config: ClusterConfig, paths: ClusterPaths): void {
  enableForwarding([nodePodCidr(config)])
  writePodNetwork(containerdPaths(paths.nodeDirectory, paths.runDirectory).networkConfigDirectory, podNetwork(config))
}

async function startContainerd(paths: ClusterPaths, log: Log, signal: AbortSignal): Promise<CriClient> {
  const places = containerdPaths(paths.nodeDirectory, paths.runDirectory)
  await superviseContainerd({ settings: containerdSettings(places), clock: systemClock, log: log.with({ part: 'containerd' }) }, signal)
  const cri = openCriClient(places.socket)
  await importImage(cri, places.socket, await pauseImage(machineArchitecture()), [PAUSE_IMAGE], signal)
  return cri
}

function containerdSettings(paths: ContainerdPaths): ContainerdSettings {
  return {
    paths,
    pauseImage: PAUSE_IMAGE,
    pluginsDirectory: findPluginsDirectory(),
    ...chooseRuntime(detectCgroups().layout),
    appArmor: hasAppArmor(),
  }
}

function createPodAgent(config: ClusterConfig, paths: ClusterPaths, parts: { client: Client; cri: CriClient; log: Log }): NodeAgent {
  const log = parts.log.with({ part: 'pods' })
  const runtime = openCriRuntime({ client: parts.cri, cgroups: detectCgroups(), clock: systemClock, log })
  return createAgent({
    client: parts.client,
    runtime,
    volumes: createVolumeHost({ podsDirectory: paths.podsDirectory }),
    prober: createHostProber(),
    clock: systemClock,
    random: systemRandom,
    log,
    facts: readNodeFacts({ hostname: config.nodeName, dataDirectory: config.dataDirectory }),
    pressure: () => nodePressure(config.dataDirectory),
    settings: {
      nodeName: config.nodeName,
      cluster: { domain: config.clusterDomain, dnsServers: [config.dnsServiceAddress] },
      cgroupRoot: `/${paths.kernelName}`,
      logDirectory: paths.podLogDirectory,
      seccompDirectory: paths.seccompDirectory,
      kubeletPort: NODE_SERVER_PORT + config.index,
      maxPods: MAX_PODS,
      labels: {},
      version: KUBERNETES_VERSION,
    },
  })
}

async function startServer(
  config: ClusterConfig,
  paths: ClusterPaths,
  parts: { cri: CriClient; agent: NodeAgent; credentials: CertificateWithKey; log: Log }
): Promise<NodeServer> {
  return await openNodeServer({
    credentials: parts.credentials,
    certificateAuthority: readFileSync(join(paths.pkiDirectory, 'ca.crt'), 'utf8'),
    clientCommonName: API_SERVER_TO_NODE_NAME,
    address: hostAddresses().primary,
    port: NODE_SERVER_PORT + config.index,
    client: parts.cri,
    waitingReason: (namespace, pod, container) => waitingReason(parts.agent, namespace, pod, container),
    clock: systemClock,
    log: parts.log.with({ part: 'node server' }),
  })
}

function waitingReason(agent: NodeAgent, namespace: string, name: string, container: string): string | undefined {
  const known = agent.pod(namespace, name)
  if (known === undefined) return undefined
  const statuses = [...(known.pod.status?.containerStatuses ?? []), ...(known.pod.status?.initContainerStatuses ?? [])]
  return statuses.find((status) => status.name === container)?.state?.waiting?.reason ?? 'ContainerCreating'
}

async function startDns(config: ClusterConfig, services: ServiceDirectory, log: Log): Promise<DnsServer> {
  return await startDnsServer({
    directory: new DnsDirectory(services),
    upstream: new Upstream(systemServers().filter((server) => server.address !== config.dnsServiceAddress)),
    clusterDomain: config.clusterDomain,
    reverseZones: [reverseZone(config.serviceCidr), reverseZone(config.podCidr)],
    address: '127.0.0.1',
    port: DNS_PORT + config.index,
    log: log.with({ part: 'dns' }),
  })
}

function startProxy(config: ClusterConfig, services: ServiceDirectory, dnsPort: number, log: Log, signal: AbortSignal): ServiceProxy {
  const proxy = new ServiceProxy({
    services,
    clock: systemClock,
    log: log.with({ part: 'services' }),
    applier: createRuleApplier(),
    nodeName: config.nodeName,
    table: clusterPaths(config).kernelName,
    podCidr: config.podCidr,
    serviceCidr: config.serviceCidr,
    localDns: { serviceAddress: config.dnsServiceAddress, target: { address: '127.0.0.1', port: dnsPort } },
  })
  void proxy.run(signal)
  return proxy
}
