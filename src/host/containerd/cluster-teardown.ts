import { readFileSync, readdirSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import { cgroupProcesses, removeCgroup } from '../cgroup.ts'
import type { CgroupHost } from '../cgroup.ts'
import { openCriClient } from '../cri/cri-client.ts'
import type { CriClient } from '../cri/cri-client.ts'
import { runCommand } from '../run-command.ts'
import { stopContainerd } from './containerd.ts'
import { runningProcess } from './detached-process.ts'
import type { ContainerdPaths } from './containerd-paths.ts'

export interface ClusterContainers {
  readonly paths: ContainerdPaths
  readonly cgroups: CgroupHost
  /** The cgroup above all pods of this cluster: /lotse-NAME */
  readonly cgroupPrefix: string
}

/** Sandboxes that are stopped at the same time: each is mostly waiting, but for the kernel's locks. */
const PARALLEL_STOPS = 4
const STOP_TIMEOUT_MS = 30_000

/** Ends all pods of this cluster, then containerd, then whatever they left: processes, mounts, sockets, cgroups. */
export async function tearDownContainers(cluster: ClusterContainers, log: Log): Promise<void> {
  const { paths } = cluster
  if (runningProcess(paths.pidFile) !== undefined) {
    const client = openCriClient(paths.socket)
    try {
      await removeAllSandboxes(client, log)
    } catch (error) {
      log.warn('containerd could not end all pods; they are ended without it', { error: thrownMessage(error) })
    } finally {
      client.close()
    }
  }
  await stopContainerd(paths)
  for (const pid of [...shimsOf(paths.socket), ...cgroupProcesses(cluster.cgroups, cluster.cgroupPrefix)]) kill(pid)
  await unmountBelow([paths.stateDirectory, paths.rootDirectory])
  rmSync(paths.stateDirectory, { recursive: true, force: true })
  rmSync(paths.socket, { force: true })
  rmSync(`${paths.socket}.ttrpc`, { force: true })
  await removeCgroup(cluster.cgroups, cluster.cgroupPrefix)
}

async function removeAllSandboxes(client: CriClient, log: Log): Promise<void> {
  const { items } = await client.listPodSandbox({}, { timeoutMs: STOP_TIMEOUT_MS })
  const waiting = items.map((item) => item.id)
  const worker = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      try {
        await client.stopPodSandbox({ podSandboxId: id }, { timeoutMs: STOP_TIMEOUT_MS })
        await client.removePodSandbox({ podSandboxId: id }, { timeoutMs: STOP_TIMEOUT_MS })
      } catch (error) {
        log.warn('a pod could not be ended by containerd', { sandbox: id, error: thrownMessage(error) })
      }
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_STOPS }, worker))
}

/** Shims outlive containerd. They are this cluster's when they were started with its socket's path. */
export function shimsOf(socket: string): readonly number[] {
  const found: number[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    let words: string[]
    try {
      words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
    } catch {
      continue
    }
    const isShim = words[0]?.includes('containerd-shim') === true
    if (isShim && words[words.indexOf('-address') + 1] === socket) found.push(Number(name))
  }
  return found
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

/** Deepest first. A mount that is busy because its process is only just ending is tried a few times, then detached. */
export async function unmountBelow(directories: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const points = mountPoints().filter((point) => directories.some((directory) => point.startsWith(`${directory}/`)))
    if (points.length === 0) return
    for (const point of points.reverse()) await runCommand('umount', [...(attempt === 4 ? ['-l'] : []), point])
    await delay(20)
  }
}

function mountPoints(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  // Spaces and the like are written as octal numbers.
  const decode = (path: string): string => path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
  return lines.map((line) => decode(line.split(' ')[4] ?? '')).filter((path) => path !== '')
}
