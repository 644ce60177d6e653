import { randomBytes } from 'node:crypto'
import { chown, lstat, mkdir, readFile, readdir, readlink, rename, rm, stat, symlink, unlink, writeFile, chmod } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { VolumeFile } from '../../node/volumes/volume-host.ts'

const DATA_LINK = '..data'

/**
 * Puts files into a directory so that readers see all of the old ones or all of the new ones: they lie in a directory of their own, which
 * ..data points to, and each name is a link through ..data. Nothing is written when nothing differs.
 *   app.conf -> ..data/app.conf, ..data -> ..2026_01_02_03_04_05.1a2b3c4d
 */
export async function writeFilesAtomically(directory: string, files: readonly VolumeFile[], groupId: number | undefined): Promise<boolean> {
  for (const { path } of files) checkPath(path)
  const current = await readlink(join(directory, DATA_LINK)).catch(() => undefined)
  if (current !== undefined && (await isSame(join(directory, current), files, groupId))) return false
  const fresh = `..${new Date().toISOString().slice(0, 19).replace(/[-:T]/g, '_')}.${randomBytes(4).toString('hex')}`
  await writeAll(join(directory, fresh), files, groupId)
  const temporary = join(directory, '..data_tmp')
  await rm(temporary, { force: true })
  await symlink(fresh, temporary)
  await rename(temporary, join(directory, DATA_LINK))
  await linkNames(directory, files)
  await removeOld(directory, fresh)
  return true
}

function checkPath(path: string): void {
  const parts = path.split('/')
  const hasBadPart = parts.some((part) => part === '..' || part === '' || part.length > 255)
  const isBad = path.startsWith('/') || path.length > 4096 || hasBadPart || path.startsWith('..')
  if (isBad) throw new Error(`invalid path ${JSON.stringify(path)} in a volume: it must be relative, without '..', and not begin with '..'`)
}

function modeOf(file: VolumeFile, groupId: number | undefined): number {
  return groupId === undefined ? file.mode : file.mode | 0o440
}

async function isSame(directory: string, files: readonly VolumeFile[], groupId: number | undefined): Promise<boolean> {
  const present = await listFiles(directory).catch(() => undefined)
  if (present === undefined || present.length !== files.length) return false
  for (const file of files) {
    const path = join(directory, file.path)
    const known = await stat(path).catch(() => undefined)
    if (known === undefined || (known.mode & 0o777) !== (modeOf(file, groupId) & 0o777) || known.size !== file.content.length) return false
    if (!(await readFile(path)).equals(file.content)) return false
  }
  return true
}

async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

async function writeAll(directory: string, files: readonly VolumeFile[], groupId: number | undefined): Promise<void> {
  await mkdir(directory, { mode: 0o755 })
  await chmod(directory, groupId === undefined ? 0o755 : 0o2775)
  if (groupId !== undefined) await chown(directory, 0, groupId)
  for (const file of files) {
    const path = join(directory, file.path)
    await mkdir(dirname(path), { recursive: true, mode: 0o755 })
    // Made unreadable for others first: a secret must never be open for a moment.
    await writeFile(path, file.content, { mode: 0o600, flag: 'wx' })
    if (groupId !== undefined || file.userId !== undefined) await chown(path, file.userId ?? 0, groupId ?? 0)
    await chmod(path, modeOf(file, groupId))
  }
}

/** Links for the first part of each path; those of files that are gone are removed. */
async function linkNames(directory: string, files: readonly VolumeFile[]): Promise<void> {
  const names = new Set(files.map(({ path }) => path.split('/')[0] ?? ''))
  for (const name of names) {
    const link = join(directory, name)
    const known = await lstat(link).catch(() => undefined)
    if (known === undefined) await symlink(join(DATA_LINK, name), link)
  }
  for (const name of await readdir(directory)) {
    if (!name.startsWith('..') && !names.has(name)) await unlink(join(directory, name))
  }
}

async function removeOld(directory: string, kept: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith('..') && name !== DATA_LINK && name !== kept) await rm(join(directory, name), { recursive: true, force: true })
  }
}
