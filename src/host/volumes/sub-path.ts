import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { chmod, chown, mkdir, open, realpath, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { bindMount, isMounted } from './mount-table.ts'

/**
 * Makes a path below a volume safe to hand to a container: the pod's own containers can put symbolic links into the volume, so the path is
 * walked one name at a time from the volume's root, never following a link, each step by the descriptor of the one before. What is reached
 * at the end is bind-mounted by its descriptor to a place that no container can change. Links are followed only by asking for the real path
 * first, which must lie in the volume.
 */
export async function bindSubPath(volumePath: string, subPath: string, target: string, groupId: number | undefined): Promise<void> {
  const inside = await insidePath(volumePath, subPath)
  const opened = await openWithin(volumePath, inside, groupId)
  try {
    if (await isMounted(target)) return
    const isDirectory = (await opened.stat()).isDirectory()
    await mkdir(dirname(target), { recursive: true, mode: 0o750 })
    if (isDirectory) await mkdir(target, { recursive: true, mode: 0o750 })
    else await writeFile(target, '', { flag: 'a', mode: 0o640 })
    await bindMount(`/proc/${process.pid}/fd/${opened.fd}`, target)
  } finally {
    await opened.close()
  }
}

/** The names to walk, with links resolved; throws when they lead out of the volume. */
async function insidePath(volumePath: string, subPath: string): Promise<string[]> {
  const root = await realpath(volumePath)
  const names = subPath.split('/').filter((name) => name !== '' && name !== '.')
  if (names.includes('..')) throw new Error(`subPath ${JSON.stringify(subPath)} must not contain '..'`)
  // The longest part that is there already, resolved; the rest will be made.
  for (let length = names.length; length >= 0; length--) {
    const resolved = await realpath([root, ...names.slice(0, length)].join('/')).catch(() => undefined)
    if (resolved === undefined) continue
    if (resolved !== root && !resolved.startsWith(root === '/' ? '/' : `${root}/`)) {
      throw new Error(`subPath ${JSON.stringify(subPath)} leads out of its volume through a symbolic link`)
    }
    return [...resolved.slice(root.length).split('/').filter((name) => name !== ''), ...names.slice(length)]
  }
  return names
}

async function openWithin(volumePath: string, names: readonly string[], groupId: number | undefined): Promise<FileHandle> {
  let current = await open(await realpath(volumePath), constants.O_RDONLY | constants.O_DIRECTORY)
  for (const [index, name] of names.entries()) {
    const isLast = index === names.length - 1
    try {
      const next = await openStep(current, name, isLast, groupId)
      await current.close()
      current = next
    } catch (error) {
      await current.close()
      throw error
    }
  }
  return current
}

const MISSING_MODE = 0o755

/** O_NOFOLLOW at every step: a link that was put there since it was resolved makes the open fail. */
async function openStep(parent: FileHandle, name: string, isLast: boolean, groupId: number | undefined): Promise<FileHandle> {
  const path = `/proc/self/fd/${parent.fd}/${name}`
  // O_PATH opens sockets, devices and files without read permission too; Node does not name it.
  const flags = isLast ? 0o10000000 | constants.O_NOFOLLOW : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_DIRECTORY
  try {
    const opened = await open(path, flags)
    if ((await opened.stat()).isSymbolicLink()) {
      await opened.close()
      throw new Error(`subPath: ${JSON.stringify(name)} became a symbolic link while it was opened`)
    }
    return opened
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  await mkdir(path, { mode: MISSING_MODE })
  await chmod(path, groupId === undefined ? MISSING_MODE : 0o2775)
  if (groupId !== undefined) await chown(path, 0, groupId)
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_DIRECTORY)
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
