import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { releaseIndex, type ClusterConfig } from '../cli/cluster-config.ts'
import { contextName } from '../cli/invocation.ts'
import type { ClusterStatus, Machine, PartStatus, Report } from '../cli/machine.ts'
import { waitUntil } from '../cli/wait.ts'
import {
  isRunning, removePidFile, runningProcess, startDetached, stopProcess, type ProcessIdentity,
} from '../host/containerd/detached-process.ts'
import { ensurePackages, nodePackages } from '../host/debian-packages.ts'
import { stopRegistry } from '../host/image/docker-registry.ts'
import { isConditionTrue } from '../objects/conditions.ts'
import { kinds } from '../resources/generated/kinds.ts'
import { clusterAccess } from './cluster-access.ts'
import { clusterPaths, type ClusterPaths, type PartReady } from './cluster-paths.ts'
import { resolveThroughNode } from './dns-check.ts'
import { ENGINE_OPTIONS } from './engine-options.ts'
import { encryptionStatus } from './encryption-status.ts'
import { adminClient } from './local-client.ts'
import { registryDirectory } from './local-demo.ts'
import { tearDownNode } from './node-teardown.ts'
import { startFailure } from './start-failure.ts'
import { LOTSE_VERSION } from './version.ts'

const START_TIMEOUT_MS = 60_000
const READY_TIMEOUT_MS = 120_000
const POLL_MS = 10
const STOP_GRACE_MS = 10_000
const LOG_TAIL_LINES = 15

/** This machine, as the commands see it. */
export function createLocalMachine(environment: NodeJS.ProcessEnv): Machine {
  const isRoot = process.getuid?.() === 0
  return {
    isRoot,
    version: LOTSE_VERSION,
    environment,
    hostName: nodeNameOf(hostname()),
    registryDirectory: isRoot
      ? '/var/lib/lotse/.clusters'
      : join(environment['XDG_DATA_HOME'] ?? join(homedir(), '.local/share'), 'lotse/.clusters'),
    freePort,
    isPortFree,
    installNodePackages: (report) => installPackages(report),
    status,
    startServer: (config) => startPart(clusterPaths(config), config, 'server'),
    startNode: (config) => startPart(clusterPaths(config), config, 'node'),
    waitForNodeReady,
    waitForDns: (config) =>
      waitUntil(
        () => resolveThroughNode(config.dnsServiceAddress, `kubernetes.default.svc.${config.clusterDomain}`, config.apiServiceAddress),
        { what: 'the cluster DNS to answer', timeoutMs: READY_TIMEOUT_MS, pollMs: POLL_MS }
      ),
    access: async (config) => clusterAccess(config),
    stop,
    purge,
    logFiles: (config) => logFiles(config),
  }
}

/** A node's name is a DNS name: of `My_Host.example` it is my-host.example. */
function nodeNameOf(host: string): string {
  const name = host.toLowerCase().replace(/[^a-z0-9.-]+/g, '-').replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
  return name === '' ? 'node' : name
}

async function installPackages(report: Report): Promise<readonly string[]> {
  return await ensurePackages(nodePackages, { onProgress: report, signal: new AbortController().signal })
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
}

async function freePort(candidates: readonly number[]): Promise<number> {
  for (const port of candidates) if (await isPortFree(port)) return port
  throw new Error(`none of the ports ${candidates.join(', ')} is free. Choose one with --port.`)
}

type Part = 'server' | 'node'

const MAIN: Readonly<Record<Part, string>> = { server: 'server-main.ts', node: 'node-main.ts' }

function filesOf(paths: ClusterPaths, part: Part): { log: string; pid: string; ready: string } {
  return part === 'server'
    ? { log: paths.serverLog, pid: paths.serverPid, ready: paths.serverReady }
    : { log: paths.nodeLog, pid: paths.nodePid, ready: paths.nodeReady }
}

/** Does nothing where the part runs already. */
async function startPart(paths: ClusterPaths, config: ClusterConfig, part: Part): Promise<void> {
  const files = filesOf(paths, part)
  for (const directory of [paths.runDirectory, paths.logDirectory]) mkdirSync(directory, { recursive: true, mode: 0o700 })
  let identity = runningProcess(files.pid)
  if (identity === undefined) {
    rmSync(files.ready, { force: true })
    identity = await startDetached({
      program: process.execPath,
      parameters: [
        '--disable-warning=ExperimentalWarning',
        ...ENGINE_OPTIONS[part],
        join(import.meta.dirname, MAIN[part]),
        '--data-dir',
        config.dataDirectory,
      ],
      logFile: files.log,
      pidFile: files.pid,
    })
  }
  await untilReady(identity, files, part)
}

async function untilReady(identity: ProcessIdentity, files: { log: string; ready: string }, part: Part): Promise<void> {
  await waitUntil(() => {
    if (existsSync(files.ready)) return true
    if (!isRunning(identity)) throw new Error(startProblem(part, files.log))
    return false
  }, {
    what: async () => `the ${part} to be ready. The end of ${files.log}:\n${tail(files.log)}`,
    timeoutMs: START_TIMEOUT_MS,
    pollMs: POLL_MS,
  })
}

function startProblem(part: Part, log: string): string {
  const why = existsSync(log) ? startFailure(readFileSync(log, 'utf8')) : undefined
  if (why !== undefined) return `the ${part} cannot start: ${why}`
  return `the ${part} ended while it was starting. The end of ${log}:\n${tail(log)}`
}

function tail(path: string): string {
  if (!existsSync(path)) return '(there is no log)'
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).map((line) => `  ${line}`).join('\n')
}

async function waitForNodeReady(config: ClusterConfig): Promise<void> {
  const { client, close } = adminClient(config)
  try {
    await waitUntil(async () => {
      const { items } = await client.list(kinds.Node)
      return items.some((node) => node.metadata.name === config.nodeName && isConditionTrue(node.status?.conditions, 'Ready'))
    }, { what: `the node ${config.nodeName} to be ready; see "lotse logs node"`, timeoutMs: READY_TIMEOUT_MS, pollMs: POLL_MS })
  } finally {
    close()
  }
}

async function status(config: ClusterConfig): Promise<ClusterStatus> {
  const paths = clusterPaths(config)
  const server = partStatus(paths, 'server', 'server')
  const node = config.nodes > 0 ? partStatus(paths, 'node', config.nodeName) : undefined
  const running = (server === undefined ? 0 : 1) + (node === undefined ? 0 : 1)
  const isEncrypted = server !== undefined && config.serverFiles?.encryptionConfig !== undefined
  return {
    name: config.name,
    state: running === 0 ? 'stopped' : running === 1 + config.nodes ? 'running' : 'partly running',
    dataDirectory: config.dataDirectory,
    context: contextName(config.name),
    server,
    nodes: node === undefined ? [] : [node],
    ...(isEncrypted ? { encryption: await encryptionStatus(config) } : {}),
  }
}

function partStatus(paths: ClusterPaths, part: Part, name: string): PartStatus | undefined {
  const files = filesOf(paths, part)
  const identity = runningProcess(files.pid)
  if (identity === undefined || !existsSync(files.ready)) return undefined
  const ready = JSON.parse(readFileSync(files.ready, 'utf8')) as PartReady
  return { name, pid: identity.pid, address: ready.address, version: ready.version, memoryBytes: residentBytes(identity.pid) }
}

function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/** The agent first, so that it does not start anew what is being ended; the API server last, as it does no harm. */
async function stop(config: ClusterConfig, report: Report): Promise<void> {
  const paths = clusterPaths(config)
  for (const part of ['node', 'server'] as const) {
    const files = filesOf(paths, part)
    const identity = runningProcess(files.pid)
    report(part)
    if (identity !== undefined) await stopProcess(identity, STOP_GRACE_MS)
    removePidFile(files.pid)
    rmSync(files.ready, { force: true })
  }
  if (config.nodes > 0) {
    report('containers')
    await tearDownNode(config)
  }
  await stopRegistry(registryDirectory(config))
  rmSync(paths.runDirectory, { recursive: true, force: true })
}

async function purge(config: ClusterConfig): Promise<void> {
  rmSync(config.dataDirectory, { recursive: true, force: true })
  releaseIndex(createLocalMachine(process.env).registryDirectory, config.dataDirectory)
}

function logFiles(config: ClusterConfig): Readonly<Record<string, string>> {
  const paths = clusterPaths(config)
  if (config.nodes === 0) return { server: paths.serverLog }
  return { server: paths.serverLog, node: paths.nodeLog, containerd: join(paths.nodeDirectory, 'containerd/containerd.log') }
}
