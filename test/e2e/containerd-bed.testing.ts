import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { detectCgroups, removeCgroup } from '../../src/host/cgroup.ts'
import type { CgroupHost } from '../../src/host/cgroup.ts'
import { removePodNetwork } from '../../src/host/cni-cleanup.ts'
import { enableForwarding, findPluginsDirectory, writePodNetwork } from '../../src/host/cni.ts'
import type { PodNetwork } from '../../src/host/cni.ts'
import { tearDownContainers } from '../../src/host/containerd/cluster-teardown.ts'
import { ensureContainerd, stopContainerd } from '../../src/host/containerd/containerd.ts'
import type { ContainerdSettings } from '../../src/host/containerd/containerd-config.ts'
import { containerdPaths } from '../../src/host/containerd/containerd-paths.ts'
import type { ContainerdPaths } from '../../src/host/containerd/containerd-paths.ts'
import { chooseRuntime, findProgram, hasAppArmor } from '../../src/host/containerd/runtime-choice.ts'
import { openCriClient } from '../../src/host/cri/cri-client.ts'
import type { CriClient } from '../../src/host/cri/cri-client.ts'
import { openCriRuntime } from '../../src/host/cri/cri-runtime.ts'
import { importImage } from '../../src/host/image/import-image.ts'
import { buildImage, machineArchitecture } from '../../src/host/image/oci-image.ts'
import { PAUSE_IMAGE, pauseImage } from '../../src/host/image/pause-image.ts'
import type { NodeRuntime } from '../../src/node/runtime.ts'
import type { Clock } from '../../src/words/ports.ts'
import { silentLog } from '../../src/words/ports.ts'

export const BUSYBOX_IMAGE = 'lotse.local/busybox:1'

/** A containerd of its own below a temporary directory, with a pod network and two images. */
export interface ContainerdBed {
  readonly directory: string
  readonly paths: ContainerdPaths
  readonly settings: ContainerdSettings
  readonly network: PodNetwork
  readonly cgroupPrefix: string
  readonly cgroups: CgroupHost
  readonly client: CriClient
  readonly runtime: NodeRuntime
  readonly startMs: number
  close(): Promise<void>
}

/** Why this machine cannot run containers; undefined when it can. */
export function containerObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'containers need root'
  for (const program of ['containerd', 'ctr', 'ip', 'busybox']) if (findProgram(program) === undefined) return `${program} is not installed`
  if (!existsSync('/usr/lib/cni/ptp')) return 'containernetworking-plugins is not installed'
  return undefined
}

export const realClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}

export async function openContainerdBed(name: string, podCidr: string, signal: AbortSignal): Promise<ContainerdBed> {
  const directory = mkdtempSync(join(tmpdir(), 'lotse-'))
  const paths = containerdPaths(directory, join(directory, 'run'))
  const network = { name, podCidrs: [podCidr], leaseDirectory: join(directory, 'leases') }
  const cgroups = detectCgroups()
  const pluginsDirectory = findPluginsDirectory()
  const choice = chooseRuntime(cgroups.layout)
  const settings = { ...choice, paths, pauseImage: PAUSE_IMAGE, pluginsDirectory, appArmor: hasAppArmor() }
  writePodNetwork(paths.networkConfigDirectory, network)
  enableForwarding(network.podCidrs)
  const before = performance.now()
  await ensureContainerd(settings, signal)
  const startMs = performance.now() - before
  const client = openCriClient(paths.socket)
  const cgroupPrefix = `/${name}`
  await importImage(client, paths.socket, pauseImage(machineArchitecture()), [PAUSE_IMAGE], signal)
  await importImage(client, paths.socket, busyboxImage(), [BUSYBOX_IMAGE], signal)
  const runtime = openCriRuntime({ client, cgroups, clock: realClock, log: silentLog })
  return {
    directory, paths, settings, network, cgroupPrefix, cgroups, client, runtime, startMs,
    async close() {
      client.close()
      await tearDownContainers({ paths, cgroups, cgroupPrefix }, silentLog)
      await stopContainerd(paths)
      await removePodNetwork(network)
      await removeCgroup(cgroups, cgroupPrefix)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const APPLETS = [
  'sh', 'cat', 'tr', 'echo', 'sleep', 'true', 'false', 'nc', 'httpd', 'tar', 'dd', 'ls', 'id', 'stty', 'mkdir', 'head', 'tail', 'ip', 'wget', 'seq',
  'date', 'md5sum',
]

function busyboxImage() {
  const path = findProgram('busybox') ?? '/bin/busybox'
  const links = APPLETS.map((applet) => ({ type: 'symlink' as const, path: `bin/${applet}`, target: 'busybox' }))
  return buildImage(machineArchitecture(), { command: ['/bin/sh'] }, [[
    { type: 'file', path: 'bin/busybox', mode: 0o755, content: readFileSync(path) },
    { type: 'directory', path: 'tmp', mode: 0o1777 },
    { type: 'directory', path: 'etc', mode: 0o755 },
    { type: 'file', path: 'etc/passwd', mode: 0o644, content: Buffer.from('root:x:0:0:root:/root:/bin/sh\n') },
    ...links,
  ]])
}
