import type { ClusterConfig } from './cluster-config.ts'
import type { Access } from './kubeconfig.ts'

/** A process of a cluster, as the system shows it. */
export interface PartStatus {
  readonly name: string
  readonly pid: number
  /** Where it listens: 127.0.0.1:6443. */
  readonly address: string
  readonly version: string
  /** Resident memory. */
  readonly memoryBytes: number
}

/** How far values are sealed with the first provider of the encryption configuration. */
export interface EncryptionStatus {
  /** Null: they are being counted, or the server does not say. */
  readonly valuesToReseal: number | null
  /** Since the server has started. */
  readonly valuesResealed: number
}

export interface ClusterStatus {
  readonly name: string
  readonly state: 'running' | 'partly running' | 'stopped'
  readonly dataDirectory: string
  readonly context: string
  readonly server: PartStatus | undefined
  readonly nodes: readonly PartStatus[]
  /** Absent where nothing is encrypted, or no server runs. */
  readonly encryption?: EncryptionStatus
}

export type Report = (progress: string) => void

/** What the commands do to the machine; programs/ implements it with host/. */
export interface Machine {
  readonly isRoot: boolean
  readonly version: string
  readonly environment: NodeJS.ProcessEnv
  readonly hostName: string
  /** Where the indexes of this machine's clusters are claimed. */
  readonly registryDirectory: string
  /** The first free port of these. */
  freePort(candidates: readonly number[]): Promise<number>
  isPortFree(port: number): Promise<boolean>
  /** Installs what a node needs and is missing; resolves to the packages' names. */
  installNodePackages(report: Report): Promise<readonly string[]>
  status(config: ClusterConfig): Promise<ClusterStatus>
  /** Resolves when the API answers. */
  startServer(config: ClusterConfig): Promise<void>
  /** Resolves when the node agent runs. */
  startNode(config: ClusterConfig): Promise<void>
  waitForNodeReady(config: ClusterConfig): Promise<void>
  waitForDns(config: ClusterConfig): Promise<void>
  access(config: ClusterConfig): Promise<Access>
  /** Ends server and agent, then the containers and everything else of the node that runs; data stays. */
  stop(config: ClusterConfig, report: Report): Promise<void>
  /** After stop: removes the data directory and the cluster's claim. */
  purge(config: ClusterConfig): Promise<void>
  /** The paths of the log files by part: server, node, containerd. */
  logFiles(config: ClusterConfig): Readonly<Record<string, string>>
}
