import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { thrownMessage } from '../words/thrown.ts'

const ROOT = '/sys/fs/cgroup'
/** statfs magic of a cgroup2 mount. */
const CGROUP2_MAGIC = 0x63677270

/** v1: one hierarchy per controller. hybrid: those, and an (often empty) v2 one beside them. */
export type CgroupLayout = 'v1' | 'v2' | 'hybrid'

export interface CgroupHost {
  readonly layout: CgroupLayout
  /** v1: every hierarchy by its controllers' names (cpu, memory, systemd, ...). v2: one, under the name ''. */
  readonly hierarchies: ReadonlyMap<string, string>
}

export interface CgroupLimits {
  readonly cpuShares: number
  /** 0: no quota. */
  readonly cpuQuotaMicros: number
  readonly cpuPeriodMicros: number
  /** 0: no limit. */
  readonly memoryLimitBytes: number
}

/** Which cgroups this machine has, and where. Throws with the remedy when containers could not be limited here. */
export function detectCgroups(root = ROOT): CgroupHost {
  if (isCgroup2(root)) return { layout: 'v2', hierarchies: new Map([['', root]]) }
  const hierarchies = new Map<string, string>()
  for (const name of readdirSync(root)) {
    // cpu,cpuacct is mounted once and linked as cpu and cpuacct; the links count, each under its own name.
    const path = join(root, name)
    if (!name.includes(',') && name !== 'unified' && existsSync(join(path, 'tasks'))) hierarchies.set(name, path)
  }
  const hybrid = isCgroup2(join(root, 'unified'))
  if (!hierarchies.has('memory') || !hierarchies.has('cpu')) {
    const remedy = 'Mount cgroup2 there, or the v1 controllers below it'
    throw new Error(`${root} has no cpu and memory cgroups: containers cannot be limited. ${remedy}`)
  }
  return { layout: hybrid ? 'hybrid' : 'v1', hierarchies }
}

/** Makes the cgroup in every hierarchy (parents too) and sets its limits; also updates one that is there. */
export function writeCgroup(host: CgroupHost, path: string, limits: CgroupLimits): void {
  assertCgroupPath(path)
  for (const [name, root] of host.hierarchies) {
    const directory = join(root, path)
    if (!existsSync(directory)) {
      if (host.layout === 'v2') delegateControllers(root, path)
      mkdirSync(directory, { recursive: true })
      if (name === 'cpuset') inheritCpuset(root, path)
    }
  }
  if (host.layout === 'v2') writeLimitsV2(join(host.hierarchies.get('') ?? ROOT, path), limits)
  else writeLimitsV1(host, path, limits)
}

/** Removes the cgroup with all below it, in every hierarchy. Processes that are still ending are waited for, up to timeoutMs. */
export async function removeCgroup(host: CgroupHost, path: string, timeoutMs = 5000): Promise<void> {
  assertCgroupPath(path)
  const deadline = performance.now() + timeoutMs
  const roots = [...new Set(host.hierarchies.values()), ...(host.layout === 'hybrid' ? [join(ROOT, 'unified')] : [])]
  for (const root of roots) {
    while (true) {
      const problem = removeTree(join(root, path))
      if (problem === undefined) break
      if (performance.now() > deadline) throw new Error(`The cgroup ${join(root, path)} cannot be removed: ${problem}`)
      await delay(20)
    }
  }
}

/** Every process in the cgroup and below it. */
export function cgroupProcesses(host: CgroupHost, path: string): readonly number[] {
  assertCgroupPath(path)
  const found = new Set<number>()
  const root = host.hierarchies.get('') ?? host.hierarchies.get('memory') ?? ROOT
  const visit = (directory: string): void => {
    for (const line of readLines(join(directory, 'cgroup.procs'))) if (line !== '') found.add(Number(line))
    for (const child of childDirectories(directory)) visit(join(directory, child))
  }
  visit(join(root, path))
  return [...found]
}

/** The v2 weight of v1 shares: [2, 262144] onto [1, 10000], as container runtimes convert. */
export function cpuWeightOfShares(shares: number): number {
  const bounded = Math.min(262144, Math.max(2, shares))
  return 1 + Math.floor(((bounded - 2) * 9999) / 262142)
}

function isCgroup2(path: string): boolean {
  try {
    return statfsSync(path).type === CGROUP2_MAGIC
  } catch {
    return false
  }
}

/** Paths come from names of clusters and uids; this keeps a wrong one from reaching another part of the tree. */
function assertCgroupPath(path: string): void {
  if (!/^(\/[a-zA-Z0-9._-]+)+$/.test(path) || path.split('/').includes('..')) throw new Error(`${path} is no cgroup path`)
}

function writeLimitsV1(host: CgroupHost, path: string, limits: CgroupLimits): void {
  const cpu = join(host.hierarchies.get('cpu') ?? join(ROOT, 'cpu'), path)
  writeFileSync(join(cpu, 'cpu.shares'), String(Math.max(2, limits.cpuShares)))
  if (limits.cpuQuotaMicros > 0) writeFileSync(join(cpu, 'cpu.cfs_period_us'), String(limits.cpuPeriodMicros))
  writeFileSync(join(cpu, 'cpu.cfs_quota_us'), limits.cpuQuotaMicros > 0 ? String(limits.cpuQuotaMicros) : '-1')
  const memory = join(host.hierarchies.get('memory') ?? join(ROOT, 'memory'), path)
  writeFileSync(join(memory, 'memory.limit_in_bytes'), limits.memoryLimitBytes > 0 ? String(limits.memoryLimitBytes) : '-1')
}

function writeLimitsV2(directory: string, limits: CgroupLimits): void {
  writeFileSync(join(directory, 'cpu.weight'), String(cpuWeightOfShares(limits.cpuShares)))
  const quota = limits.cpuQuotaMicros > 0 ? `${limits.cpuQuotaMicros} ${limits.cpuPeriodMicros}` : 'max'
  writeFileSync(join(directory, 'cpu.max'), quota)
  writeFileSync(join(directory, 'memory.max'), limits.memoryLimitBytes > 0 ? String(limits.memoryLimitBytes) : 'max')
}

/** v2 gives a child only the controllers that each of its ancestors passes on. */
function delegateControllers(root: string, path: string): void {
  let directory = root
  for (const part of path.split('/').slice(1)) {
    if (!existsSync(directory)) mkdirSync(directory)
    const there = readLines(join(directory, 'cgroup.controllers')).join(' ').trim().split(' ')
    const wanted = ['cpu', 'cpuset', 'memory', 'pids', 'io', 'hugetlb'].filter((name) => there.includes(name))
    const enabled = new Set(readLines(join(directory, 'cgroup.subtree_control')).join(' ').trim().split(' '))
    for (const name of wanted) if (!enabled.has(name)) passOn(directory, name)
    directory = join(directory, part)
  }
}

/** cpu refuses while real-time processes run, cpuset on some kernels: only what limits need must work. */
function passOn(directory: string, controller: string): void {
  try {
    writeFileSync(join(directory, 'cgroup.subtree_control'), `+${controller}`)
  } catch (error) {
    if (controller !== 'cpu' && controller !== 'memory') return
    throw new Error(`${directory} does not pass its ${controller} controller on, so pods cannot be limited: ${thrownMessage(error)}`)
  }
}

/** A v1 cpuset starts empty, and takes no process before it has processors and memory nodes. */
function inheritCpuset(root: string, path: string): void {
  let directory = root
  for (const part of path.split('/').slice(1)) {
    directory = join(directory, part)
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (readFileSync(join(directory, file), 'utf8').trim() !== '') continue
      writeFileSync(join(directory, file), readFileSync(join(dirname(directory), file), 'utf8').trim())
    }
  }
}

/** Undefined when it is gone, else why not. */
function removeTree(directory: string): string | undefined {
  if (!existsSync(directory)) return undefined
  for (const child of childDirectories(directory)) {
    const problem = removeTree(join(directory, child))
    if (problem !== undefined) return problem
  }
  try {
    rmdirSync(directory)
    return undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    return thrownMessage(error)
  }
}

function childDirectories(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  } catch {
    return []
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}
