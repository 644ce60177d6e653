import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { mustRun, runCommand } from '../run-command.ts'
import type { LayerEntry } from './oci-layer.ts'
import { sharedLibraryFiles } from './shared-libraries.ts'

export interface PackageFilesOptions {
  /** Which of the package's paths (without a leading slash) to take; by default all but documentation, except for licences. */
  readonly include?: (path: string) => boolean
  readonly signal: AbortSignal
}

const DOWNLOAD_TIMEOUT_MS = 300_000

/**
 * The files of Debian packages, installed ones from this machine, others downloaded and unpacked, with the shared libraries
 * that their programs need. The directories behind downloaded files must be there until the layer is built: call close after it.
 */
export async function debianPackageFiles(
  packages: readonly string[], options: PackageFilesOptions,
): Promise<{ readonly entries: readonly LayerEntry[]; close(): void }> {
  const work = mkdtempSync(join(tmpdir(), 'lotse-packages-'))
  try {
    const include = options.include ?? withoutDocumentation
    const entries: LayerEntry[] = []
    for (const name of packages) {
      assertPackageName(name)
      const files = (await installedFiles(name, options)) ?? (await downloadedFiles(name, work, options))
      entries.push(...files.filter((entry) => include(entry.path)))
    }
    assertProgramLinks(entries)
    const libraries = await sharedLibraryFiles(entries.flatMap(hostPathOf), work, options.signal)
    return { entries: [...mergedUsrLinks(), ...libraries, ...entries], close: () => rmSync(work, { recursive: true, force: true }) }
  } catch (error) {
    rmSync(work, { recursive: true, force: true })
    throw error
  }
}

function hostPathOf(entry: LayerEntry): string[] {
  return entry.type === 'file' && !(entry.content instanceof Uint8Array) ? [entry.content.hostPath] : []
}

/** redis-server is a link to a program of redis-tools: without it the image would only fail when it is run. */
function assertProgramLinks(entries: readonly LayerEntry[]): void {
  const paths = new Set(entries.map((entry) => entry.path))
  for (const entry of entries) {
    if (entry.type !== 'symlink' || !/^usr\/s?bin\//.test(entry.path)) continue
    const target = entry.target.startsWith('/') ? entry.target.slice(1) : posix.join(posix.dirname(entry.path), entry.target)
    if (paths.has(mergedUsr(target)) || target.startsWith('etc/alternatives/')) continue
    const remedy = `name the package of that file too (see dpkg -S /${target})`
    throw new Error(`${entry.path} is a link to ${target}, which none of these packages has: ${remedy}`)
  }
}

function withoutDocumentation(path: string): boolean {
  if (/^usr\/share\/doc\/[^/]+\/copyright$/.test(path)) return true
  return !/^usr\/share\/(doc|man|info|locale|lintian|bug)(\/|$)/.test(path)
}

/** Undefined when the package is not installed. */
async function installedFiles(name: string, options: PackageFilesOptions): Promise<LayerEntry[] | undefined> {
  const status = await runCommand('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { signal: options.signal })
  if (status.exitCode !== 0 || status.stdout !== 'installed') return undefined
  const listed = await mustRun('dpkg-query', ['-L', name], { signal: options.signal })
  const paths = listed.split('\n').filter((path) => path.startsWith('/') && path !== '/.')
  return paths.flatMap((path) => hostEntry('/', path.slice(1)))
}

async function downloadedFiles(name: string, work: string, options: PackageFilesOptions): Promise<LayerEntry[]> {
  const directory = join(work, name)
  await unpackPackage(name, directory, options.signal)
  return walk(directory, '')
}

/** Downloads a package and unpacks it, without installing it. */
export async function unpackPackage(name: string, directory: string, signal: AbortSignal): Promise<void> {
  assertPackageName(name)
  const downloads = `${directory}.deb`
  mkdirSync(downloads, { recursive: true, mode: 0o755 })
  // The sandbox user of apt cannot write to a directory of root's: let root download.
  await mustRun('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', name], {
    workingDirectory: downloads, timeoutMs: DOWNLOAD_TIMEOUT_MS, signal,
  })
  const archive = readdirSync(downloads).find((file) => file.endsWith('.deb'))
  if (archive === undefined) throw new Error(`apt-get download ${name} left no package`)
  mkdirSync(directory, { recursive: true, mode: 0o755 })
  await mustRun('dpkg-deb', ['-x', join(downloads, archive), directory], { timeoutMs: DOWNLOAD_TIMEOUT_MS, signal })
}

function walk(root: string, path: string): LayerEntry[] {
  const entries: LayerEntry[] = []
  for (const name of readdirSync(join(root, path)).sort()) {
    const child = posix.join(path, name)
    entries.push(...hostEntry(root, child))
    if (lstatSync(join(root, child)).isDirectory()) entries.push(...walk(root, child))
  }
  return entries
}

/** Nothing for what is no file, directory or link (or was deleted since its package was installed). */
export function hostEntry(root: string, path: string): LayerEntry[] {
  const hostPath = join(root, path)
  const stat = lstatSync(hostPath, { throwIfNoEntry: false })
  const target = mergedUsr(path)
  // The merged directories themselves are links in the image.
  if (stat === undefined || MERGED.has(path)) return []
  const mode = stat.mode & 0o7777
  if (stat.isSymbolicLink()) return [{ type: 'symlink', path: target, target: readlinkSync(hostPath) }]
  if (stat.isDirectory()) return [{ type: 'directory', path: target, mode }]
  return stat.isFile() ? [{ type: 'file', path: target, mode, content: { hostPath } }] : []
}

const MERGED: ReadonlySet<string> = new Set(['bin', 'sbin', 'lib', 'lib64'])

/** Debian has /bin, /sbin and /lib as links into /usr; packages still use both names. */
function mergedUsr(path: string): string {
  return MERGED.has(path.split('/')[0] ?? '') ? `usr/${path}` : path
}

function mergedUsrLinks(): LayerEntry[] {
  return [...MERGED].map((name) => ({ type: 'symlink', path: name, target: `usr/${name}` }))
}

/** Debian's rule for names; keeps options out of command lines. */
function assertPackageName(name: string): void {
  if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name)) throw new Error(`${name} is no name of a Debian package`)
}

