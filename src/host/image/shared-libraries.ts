import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { runCommand } from '../run-command.ts'
import { hostEntry, unpackPackage } from './debian-files.ts'
import type { LayerEntry } from './oci-layer.ts'

/** How many rounds of downloads a closure may take: each brings the libraries of the round before. */
const ROUND_LIMIT = 8

/** All shared libraries that dynamically linked programs need, with their links. Those that this machine lacks are downloaded. */
export async function sharedLibraryFiles(files: readonly string[], work: string, signal: AbortSignal): Promise<readonly LayerEntry[]> {
  const programs = files.filter(isElf)
  const unpacked: string[] = []
  for (let round = 0; round < ROUND_LIMIT; round += 1) {
    const needed = await librariesOf(programs, unpacked.flatMap(libraryDirectories), signal)
    if (needed.missing.length === 0) return entriesOf(needed.found, unpacked)
    for (const library of needed.missing) {
      const name = await packageWith(library, signal)
      const directory = join(work, `library-${name}`)
      if (unpacked.includes(directory)) throw new Error(`The package ${name} does not have ${library}`)
      await unpackPackage(name, directory, signal)
      unpacked.push(directory)
    }
  }
  throw new Error(`The shared libraries of ${programs.length} programs need more than ${ROUND_LIMIT} rounds of downloads`)
}

interface Needed {
  readonly found: readonly string[]
  readonly missing: readonly string[]
}

/** ldd asks the machine's own loader, which finds what the program would find. */
async function librariesOf(programs: readonly string[], extra: readonly string[], signal: AbortSignal): Promise<Needed> {
  const found = new Set<string>()
  const missing = new Set<string>()
  const environment = extra.length === 0 ? {} : { LD_LIBRARY_PATH: extra.join(':') }
  for (const program of programs) {
    const result = await runCommand('ldd', [program], { environment, signal })
    // "not a dynamic executable": a static program, or a module of another kind; nothing is needed.
    if (result.exitCode !== 0) continue
    for (const line of result.stdout.split('\n')) {
      const lost = /^\s*(\S+) => not found/.exec(line)?.[1]
      if (lost !== undefined) missing.add(lost)
      const path = /^\s*(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/.exec(line)?.[1]
      if (path !== undefined) found.add(path)
    }
  }
  return { found: [...found].sort(), missing: [...missing].sort() }
}

/** Each library by the path it is asked for, and along its links to the file itself. */
function entriesOf(paths: readonly string[], unpacked: readonly string[]): LayerEntry[] {
  const entries: LayerEntry[] = []
  for (const path of paths) {
    const root = unpacked.find((directory) => path.startsWith(`${directory}/`)) ?? '/'
    let inside = posix.relative(root, path)
    for (let step = 0; step < 8; step += 1) {
      const [entry] = hostEntry(root, inside)
      if (entry === undefined) throw new Error(`The library ${path} vanished`)
      entries.push(entry)
      if (entry.type !== 'symlink') break
      inside = posix.join(dirname(inside), entry.target)
      if (entry.target.startsWith('/')) inside = entry.target.slice(1)
    }
  }
  return entries
}

async function packageWith(library: string, signal: AbortSignal): Promise<string> {
  const candidates = libraryPackages(library)
  for (const candidate of candidates) {
    const known = await runCommand('apt-cache', ['show', '--no-all-versions', candidate], { signal })
    if (known.exitCode === 0 && known.stdout !== '') return candidate
  }
  throw new Error(`No package is known for the library ${library} (looked for ${candidates.join(', ')}): install it by hand and try again`)
}

/**
 * By Debian's policy the package of a library is named for its soname: libssl.so.3 is in libssl3, libevent-2.1.so.7 in libevent-2.1-7,
 * libdb-5.3.so in libdb5.3. Libraries whose interface changed with 64-bit times have t64 behind the name.
 */
export function libraryPackages(library: string): readonly string[] {
  const [, stem = '', version = ''] = /^(.+?)\.so(?:\.([\w.]+))?$/.exec(basename(library)) ?? []
  const base = stem.toLowerCase().replaceAll('_', '-')
  if (version === '') return [base.replace(/-(?=\d[\d.]*$)/, ''), base]
  const name = /\d$/.test(base) ? `${base}-${version}` : `${base}${version}`
  return [name, `${name}t64`]
}

function libraryDirectories(root: string): string[] {
  const found: string[] = []
  for (const base of ['lib', 'usr/lib', 'lib64', 'usr/lib64']) {
    const directory = join(root, base)
    if (!isDirectory(directory)) continue
    found.push(directory, ...readdirSync(directory).map((name) => join(directory, name)).filter(isDirectory))
  }
  return found
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function isElf(path: string): boolean {
  const descriptor = openSync(path, 'r')
  try {
    const start = Buffer.alloc(4)
    readSync(descriptor, start, 0, 4, 0)
    return start.toString('latin1') === '\x7fELF'
  } finally {
    closeSync(descriptor)
  }
}
