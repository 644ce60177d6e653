import { join } from 'node:path'
import type { ClusterConfig } from '../cli/cluster-config.ts'

/** Where one cluster keeps what on this machine. Nothing is shared between clusters but the registry of their indexes. */
export interface ClusterPaths {
  readonly pkiDirectory: string
  readonly storeDirectory: string
  readonly logDirectory: string
  readonly serverLog: string
  readonly auditLog: string
  readonly serverPid: string
  /** Written by the server when it answers: see PartReady. */
  readonly serverReady: string
  readonly nodeLog: string
  readonly nodePid: string
  readonly nodeReady: string
  /** Pods, images and logs of this machine's node. */
  readonly nodeDirectory: string
  readonly podsDirectory: string
  readonly podLogDirectory: string
  readonly seccompDirectory: string
  readonly networkLeaseDirectory: string
  /** What a restart of the machine may take: sockets, pid files, the state of running containers. */
  readonly runDirectory: string
  readonly demoDirectory: string
  /** Name of everything that the kernel knows by name: the nftables table, the pod network, the cgroup. */
  readonly kernelName: string
}

/** Where everything of a cluster lies, from its configuration alone. */
export function clusterPaths(config: ClusterConfig): ClusterPaths {
  const data = config.dataDirectory
  const kernelName = `lotse-${config.name}`
  // Below /run for root, where it is a tmpfs; a control plane alone may run as anybody.
  const runDirectory = config.nodes > 0 ? join('/run/lotse', `${config.index}-${config.name}`) : join(data, 'run')
  const nodeDirectory = join(data, 'node')
  const logDirectory = join(data, 'logs')
  return {
    pkiDirectory: join(data, 'pki'),
    storeDirectory: join(data, 'store'),
    logDirectory,
    serverLog: join(logDirectory, 'server.log'),
    auditLog: join(logDirectory, 'audit.log'),
    serverPid: join(runDirectory, 'server.pid'),
    serverReady: join(runDirectory, 'server.json'),
    nodeLog: join(logDirectory, 'node.log'),
    nodePid: join(runDirectory, 'node.pid'),
    nodeReady: join(runDirectory, 'node.json'),
    nodeDirectory,
    podsDirectory: join(nodeDirectory, 'pods'),
    podLogDirectory: join(nodeDirectory, 'pod-logs'),
    seccompDirectory: join(nodeDirectory, 'seccomp'),
    networkLeaseDirectory: join(nodeDirectory, 'network'),
    runDirectory,
    demoDirectory: join(data, 'demo'),
    kernelName,
  }
}

/** What a part tells the command line when it is ready. */
export interface PartReady {
  readonly pid: number
  readonly address: string
  readonly version: string
}
