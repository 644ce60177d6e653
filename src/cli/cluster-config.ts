import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { thrownMessage } from '../words/thrown.ts'
import { UsageError } from './errors.ts'
import type { ServerFiles } from './server-files.ts'
import { writeWhole } from './whole-file.ts'

/** What a cluster is on this machine: written once by the first `up`, read by every part. */
export interface ClusterConfig {
  readonly name: string
  readonly dataDirectory: string
  /** Tells the clusters of one machine apart: their networks, node ports and interfaces derive from it. */
  readonly index: number
  readonly port: number
  /** Where the API server listens: 127.0.0.1 for a control plane alone, all addresses where pods must reach it. */
  readonly listenAddress: string
  readonly nodes: 0 | 1
  readonly nodeName: string
  readonly podCidr: string
  readonly serviceCidr: string
  readonly nodePorts: { readonly first: number; readonly last: number }
  readonly apiServiceAddress: string
  readonly dnsServiceAddress: string
  readonly clusterDomain: string
  /** Absent in clusters that never had any. */
  readonly serverFiles?: ServerFiles
  /** How long certificates count that the cluster signs; absent: a year. */
  readonly certificateLifetimeSeconds?: number
}

const NAME = /^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/
const MAX_CLUSTERS = 16
/** The usual port of a Kubernetes API server. */
const FIRST_PORT = 6443
const PORTS_PER_CLUSTER = 32
/** The default range of Kubernetes for the first cluster; each further one gets the block below. */
const NODE_PORTS = { first: 30000, count: 2768, step: 3000 } as const

/** The name, which becomes part of paths and of the kernel's names. Throws UsageError when it does not fit there. */
export function checkName(name: string): string {
  if (!NAME.test(name)) {
    throw new UsageError(
      `cluster name ${JSON.stringify(name)}: use up to 32 lower-case letters, digits and "-", starting and ending with a letter or digit`
    )
  }
  return name
}

/** /var/lib/lotse/NAME for root, else below the user's data directory. */
export function defaultDataDirectory(name: string, environment: NodeJS.ProcessEnv, isRoot: boolean): string {
  if (isRoot) return join('/var/lib/lotse', name)
  return join(environment['XDG_DATA_HOME'] ?? join(homedir(), '.local/share'), 'lotse', name)
}

export function configPath(dataDirectory: string): string {
  return join(dataDirectory, 'cluster.json')
}

/** Undefined where no cluster was ever made. */
export function loadConfig(dataDirectory: string): ClusterConfig | undefined {
  const path = configPath(dataDirectory)
  if (!existsSync(path)) return undefined
  try {
    const config = JSON.parse(readFileSync(path, 'utf8')) as ClusterConfig
    // A directory that was moved is where it is now.
    return { ...config, dataDirectory: resolve(dataDirectory) }
  } catch (error) {
    throw new Error(
      `${path} cannot be read (${thrownMessage(error)}). Restore it from a copy, or remove the cluster with: lotse down --purge`
    )
  }
}

export function saveConfig(config: ClusterConfig): void {
  writeWhole(configPath(config.dataDirectory), `${JSON.stringify(config, null, 2)}\n`)
}

export interface NewCluster {
  readonly name: string
  readonly dataDirectory: string
  readonly port: number
  readonly nodes: 0 | 1
  readonly nodeName: string
  readonly index: number
}

/**
 * Where the API server of the cluster with this index may listen, the most wanted port first: 6443, 6459, ... for the first cluster.
 * No two indexes share one: clusters that come up at the same moment never meet, nor does a new one take the port of one that is down.
 */
export function portsOf(index: number): readonly number[] {
  return Array.from({ length: PORTS_PER_CLUSTER }, (_, round) => FIRST_PORT + index + round * MAX_CLUSTERS)
}

/** The configuration of a new cluster: address ranges and node ports follow from its index. */
export function newConfig(wanted: NewCluster): ClusterConfig {
  const { index } = wanted
  return {
    ...wanted,
    dataDirectory: resolve(wanted.dataDirectory),
    listenAddress: wanted.nodes === 0 ? '127.0.0.1' : '0.0.0.0',
    podCidr: `10.${244 - index}.0.0/16`,
    serviceCidr: `10.${96 + index}.0.0/16`,
    nodePorts: {
      first: NODE_PORTS.first - index * NODE_PORTS.step,
      last: NODE_PORTS.first - index * NODE_PORTS.step + NODE_PORTS.count - 1,
    },
    apiServiceAddress: `10.${96 + index}.0.1`,
    dnsServiceAddress: `10.${96 + index}.0.10`,
    clusterDomain: 'cluster.local',
  }
}

/**
 * The registry of this machine's clusters: a directory with one file per index that names the data directory.
 * The file is created exclusively, so two `up` at once never share an index.
 */
export function claimIndex(registryDirectory: string, dataDirectory: string): number {
  mkdirSync(registryDirectory, { recursive: true, mode: 0o700 })
  const [own] = claimsOf(registryDirectory, dataDirectory)
  if (own !== undefined) return Number(own)
  for (let index = 0; index < MAX_CLUSTERS; index += 1) {
    try {
      writeFileSync(join(registryDirectory, String(index)), dataDirectory, { flag: 'wx', mode: 0o600 })
      return index
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
  throw new Error(
    `there are ${MAX_CLUSTERS} clusters on this machine already (${registryDirectory}). Remove one with: lotse down --purge --name NAME`
  )
}

/** Gives the index of a cluster that is removed back. */
export function releaseIndex(registryDirectory: string, dataDirectory: string): void {
  for (const claimed of claimsOf(registryDirectory, dataDirectory)) rmSync(join(registryDirectory, claimed), { force: true })
}

function claimsOf(registryDirectory: string, dataDirectory: string): string[] {
  if (!existsSync(registryDirectory)) return []
  return readdirSync(registryDirectory).filter((claimed) => {
    try {
      return readFileSync(join(registryDirectory, claimed), 'utf8') === dataDirectory
    } catch (error) {
      // Another cluster of this machine was removed just now.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
      throw error
    }
  })
}
