import { chmod, chown, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ResolverConfig, SubPathRequest, VolumeHost, VolumePlan } from '../../node/volumes/volume-host.ts'
import { writeFilesAtomically } from './atomic-files.ts'
import { checkHostPath } from './host-path.ts'
import { isMounted, mountTmpfs, unmountBelow } from './mount-table.ts'
import { parseResolver } from './resolver-file.ts'
import { bindSubPath } from './sub-path.ts'

export interface VolumeHostOptions {
  /** Absolute; DIRECTORY/UID holds all of a pod. Must be under a shared mount for mount propagation. */
  readonly podsDirectory: string
  readonly hostsPath?: string
  readonly resolverPath?: string
}

/** Volumes on this machine: directories, tmpfs mounts, files that change all at once. Needs root. */
export function createVolumeHost(options: VolumeHostOptions): VolumeHost {
  const { podsDirectory, hostsPath = '/etc/hosts', resolverPath = '/etc/resolv.conf' } = options
  const podDirectory = (uid: string): string => join(podsDirectory, checkedName(uid))
  return {
    setUp: (uid, volume) => setUp(podDirectory(uid), volume),
    subPath: (uid, request) => subPath(podDirectory(uid), request),
    async writePodFile(uid, name, text) {
      const path = join(podDirectory(uid), checkedName(name))
      await mkdir(podDirectory(uid), { recursive: true, mode: 0o750 })
      // In place: a container may have it mounted, and a new file under the name would be unknown to it.
      if ((await readFile(path, 'utf8').catch(() => undefined)) !== text) await writeFile(path, text, { mode: 0o644 })
      return path
    },
    async terminationFile(uid, container, attempt) {
      const directory = join(podDirectory(uid), 'containers', checkedName(container))
      await mkdir(directory, { recursive: true, mode: 0o750 })
      const path = join(directory, String(attempt))
      await writeFile(path, '')
      await chmod(path, 0o666)
      return path
    },
    hostHosts: () => readFile(hostsPath, 'utf8').catch(() => '127.0.0.1\tlocalhost\n'),
    async hostResolver(): Promise<ResolverConfig> {
      return parseResolver(await readFile(resolverPath, 'utf8').catch(() => ''))
    },
    async tearDown(uid) {
      await unmountBelow(podDirectory(uid))
      for (const part of ['volume-subpaths', 'volumes']) await rm(join(podDirectory(uid), part), { recursive: true, force: true })
    },
    async removePod(uid, logDirectory) {
      await unmountBelow(podDirectory(uid))
      await rm(podDirectory(uid), { recursive: true, force: true })
      await rm(logDirectory, { recursive: true, force: true })
    },
    podUids: () => readdir(podsDirectory).catch(() => []),
  }
}

/** Names come from the API, where they are checked; a path made of them must not depend on that. */
function checkedName(name: string): string {
  if (name === '' || name === '.' || name === '..' || name.includes('/')) throw new Error(`${JSON.stringify(name)} is no name of a file`)
  return name
}

async function setUp(podDirectory: string, volume: VolumePlan): Promise<string> {
  if (volume.type === 'host-path') {
    await checkHostPath(volume.path, volume.check)
    return volume.path
  }
  const path = join(podDirectory, 'volumes', checkedName(volume.name))
  await mkdir(join(podDirectory, 'volumes'), { recursive: true, mode: 0o750 })
  const isNew = (await mkdir(path, { recursive: true })) !== undefined
  switch (volume.type) {
    case 'directory':
      if (isNew) await own(path, volume.groupId)
      return path
    case 'memory':
      if (!(await isMounted(path))) {
        await mountTmpfs(path, volume.sizeLimitBytes === undefined ? ['mode=1777'] : ['mode=1777', `size=${volume.sizeLimitBytes}`])
        await own(path, volume.groupId)
      }
      return path
    case 'files': {
      if (volume.secret && !(await isMounted(path))) {
        await mountTmpfs(path, ['mode=0755', 'noexec', 'nosuid', 'nodev', `size=${tmpfsBytes(volume.files)}`])
      }
      if (isNew) await chmod(path, volume.groupId === undefined ? 0o755 : 0o2775)
      if (isNew && volume.groupId !== undefined) await chown(path, 0, volume.groupId)
      await writeFilesAtomically(path, volume.files, volume.groupId)
      return path
    }
  }
}

/** Old and new files lie side by side for a moment, and Secrets may grow up to 1 MiB each. */
function tmpfsBytes(files: readonly { readonly content: Uint8Array }[]): number {
  const needed = files.reduce((sum, { content }) => sum + content.length + 4096, 0)
  return Math.max(16 * 1024 * 1024, needed * 4)
}

/** An empty volume is for every user of the pod; with a group, what is made in it belongs to that group. */
async function own(path: string, groupId: number | undefined): Promise<void> {
  if (groupId !== undefined) await chown(path, 0, groupId)
  await chmod(path, groupId === undefined ? 0o777 : 0o2777)
}

async function subPath(podDirectory: string, request: SubPathRequest): Promise<string> {
  const target = join(podDirectory, 'volume-subpaths', checkedName(request.volume), checkedName(request.container), String(request.index))
  await bindSubPath(request.volumePath, request.subPath, target, request.groupId)
  return target
}
