import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openCriClient } from '../cri/cri-client.ts'
import { readFileIfPresent, writePrivateFile } from '../private-file.ts'
import { containerdConfig, registryHostConfig } from './containerd-config.ts'
import type { ContainerdSettings, RegistryHost } from './containerd-config.ts'
import { removePidFile, runningProcess, startDetached, stopProcess } from './detached-process.ts'
import type { ProcessIdentity } from './detached-process.ts'
import type { ContainerdPaths } from './containerd-paths.ts'

const READY_TIMEOUT_MS = 30_000
const STOP_GRACE_MS = 10_000

export interface RunningContainerd {
  readonly identity: ProcessIdentity
  /** It ran already, with this very configuration. */
  readonly adopted: boolean
}

/**
 * containerd of this cluster, running and answering. One that runs with the same configuration is adopted; with another
 * configuration it is restarted, which its containers do not notice.
 */
export async function ensureContainerd(settings: ContainerdSettings, signal: AbortSignal): Promise<RunningContainerd> {
  const { paths } = settings
  makeDirectories(paths)
  const config = containerdConfig(settings)
  const running = runningProcess(paths.pidFile)
  if (running !== undefined) {
    const isSame = readFileIfPresent(paths.configFile) === config
    if (isSame && (await isReady(paths, running, signal))) return { identity: running, adopted: true }
    await stopProcess(running, STOP_GRACE_MS)
  }
  writePrivateFile(paths.configFile, config)
  const identity = await startDetached({
    program: 'containerd',
    parameters: ['--config', paths.configFile, '--log-level', 'warn'],
    logFile: paths.logFile,
    pidFile: paths.pidFile,
  })
  if (await isReady(paths, identity, signal)) return { identity, adopted: false }
  signal.throwIfAborted()
  const said = lastLines(paths.logFile)
  throw new Error(`containerd did not get ready within ${READY_TIMEOUT_MS / 1000} s; the end of ${paths.logFile}:\n${said}`)
}

/** Ends containerd itself. Its containers go on; see cluster-teardown.ts for ending them. */
export async function stopContainerd(paths: ContainerdPaths): Promise<void> {
  const running = runningProcess(paths.pidFile)
  if (running !== undefined) await stopProcess(running, STOP_GRACE_MS)
  removePidFile(paths.pidFile)
}

/** Tells containerd how to reach a registry. It reads the file at each pull: nothing has to be restarted. */
export function writeRegistryHost(paths: ContainerdPaths, registry: RegistryHost): void {
  if (!/^[a-zA-Z0-9.-]+(:\d+)?$/.test(registry.host)) throw new Error(`${registry.host} is no registry's host:port`)
  const directory = join(paths.registriesDirectory, registry.host)
  writePrivateFile(join(directory, 'hosts.toml'), registryHostConfig(registry))
}

function makeDirectories(paths: ContainerdPaths): void {
  const directories = [
    dirname(paths.configFile), paths.rootDirectory, dirname(paths.socket), paths.registriesDirectory, paths.networkConfigDirectory,
  ]
  for (const directory of directories) mkdirSync(directory, { recursive: true, mode: 0o700 })
}

/** False when the process ended or the time is over. */
async function isReady(paths: ContainerdPaths, identity: ProcessIdentity, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  const client = openCriClient(paths.socket)
  try {
    while (performance.now() < deadline && !signal.aborted) {
      if (runningProcess(paths.pidFile)?.pid !== identity.pid) return false
      const answered = await client.version({ version: 'v1' }, { timeoutMs: 5000, signal }).then(() => true, () => false)
      if (answered) return true
      await delay(20)
    }
    return false
  } finally {
    client.close()
  }
}

function lastLines(file: string): string {
  return (readFileIfPresent(file) ?? '').trimEnd().split('\n').slice(-10).join('\n')
}
