import { chmodSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { findProgram } from './containerd/runtime-choice.ts'
import { runCommand } from './run-command.ts'

/** A Debian package and what shows that it (or something as good) is there: programs by name, files by path. */
export interface NeededPackage {
  readonly package: string
  readonly provides: readonly string[]
}

/** What a node that runs containers needs. runc is the fallback where crun cannot run. */
export const nodePackages: readonly NeededPackage[] = [
  { package: 'containerd', provides: ['containerd', 'ctr', 'containerd-shim-runc-v2'] },
  { package: 'runc', provides: ['runc'] },
  { package: 'crun', provides: ['crun'] },
  { package: 'containernetworking-plugins', provides: ['/usr/lib/cni/ptp'] },
  { package: 'nftables', provides: ['nft'] },
  { package: 'iptables', provides: ['iptables'] },
  { package: 'iproute2', provides: ['ip'] },
  { package: 'conntrack', provides: ['conntrack'] },
]

export interface InstallOptions {
  /** Told before each long step. */
  readonly onProgress: (step: string) => void
  readonly signal: AbortSignal
}

const APT_TIMEOUT_MS = 600_000
const POLICY_FILE = '/usr/sbin/policy-rc.d'

function missingPackages(needed: readonly NeededPackage[]): readonly string[] {
  return needed.filter((entry) => !entry.provides.every(isThere)).map((entry) => entry.package)
}

/** Installs what is missing, or says what to type. Answers the names of the packages that were installed. */
export async function ensurePackages(needed: readonly NeededPackage[], options: InstallOptions): Promise<readonly string[]> {
  const missing = missingPackages(needed)
  if (missing.length === 0) return []
  const obstacle = installObstacle()
  if (obstacle !== undefined) throw new Error(`Missing packages: ${missing.join(', ')}. ${obstacle}\nType: ${commandToType(missing)}`)
  if (!hasPackageLists()) {
    options.onProgress('Reading package lists')
    await aptGet(['update'], options.signal)
  }
  options.onProgress(`Installing ${missing.join(', ')}`)
  await withoutServiceStarts(() => installOnce(missing, options))
  const still = missingPackages(needed)
  if (still.length > 0) throw new Error(`apt-get installed ${missing.join(', ')}, yet what is needed of ${still.join(', ')} is not there`)
  return missing
}

/** Lists that are there may be old, and name files that the mirror dropped: one update, one more try. */
async function installOnce(packages: readonly string[], options: InstallOptions): Promise<void> {
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  try {
    await aptGet(install, options.signal)
  } catch {
    options.signal.throwIfAborted()
    options.onProgress('Reading package lists again')
    await aptGet(['update'], options.signal)
    await aptGet(install, options.signal)
  }
}

async function aptGet(parameters: readonly string[], signal: AbortSignal): Promise<void> {
  const result = await runCommand('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...parameters], {
    timeoutMs: APT_TIMEOUT_MS,
    environment: { DEBIAN_FRONTEND: 'noninteractive' },
    signal,
  })
  if (result.exitCode === 0) return
  throw new Error(`apt-get ${parameters.join(' ')} failed: ${result.stderr.trim().split('\n').slice(-5).join('\n')}`)
}

/**
 * Debian's packages start their services when they are installed, unless policy-rc.d says no (exit code 101 by Debian's
 * policy manual). An own policy of the machine is kept and put back.
 */
async function withoutServiceStarts(install: () => Promise<void>): Promise<void> {
  const kept = `${POLICY_FILE}.lotse-kept`
  // A kept file from an install that was interrupted is the machine's own; the present one is ours then.
  if (existsSync(POLICY_FILE) && !existsSync(kept)) renameSync(POLICY_FILE, kept)
  writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n')
  chmodSync(POLICY_FILE, 0o755)
  try {
    await install()
  } finally {
    rmSync(POLICY_FILE, { force: true })
    if (existsSync(kept)) renameSync(kept, POLICY_FILE)
  }
}

function installObstacle(): string | undefined {
  if (!isDebianLike()) return 'Lotse installs packages by itself on Debian and Ubuntu only; use your system\'s names for them.'
  if (process.getuid?.() !== 0) return 'Only root can install them.'
  return undefined
}

function commandToType(packages: readonly string[]): string {
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`
}

function isDebianLike(): boolean {
  if (findProgram('apt-get') === undefined) return false
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}

function hasPackageLists(): boolean {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => name.endsWith('_Packages') || name.endsWith('_Packages.lz4'))
  } catch {
    return false
  }
}

function isThere(what: string): boolean {
  return what.startsWith('/') ? existsSync(what) : findProgram(what) !== undefined
}
