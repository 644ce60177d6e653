import { readFileSync, statfsSync } from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import { arch, cpus, hostname, release, totalmem } from 'node:os'
import type { NodeFacts, NodePressure } from '../node/node-facts.ts'
import { hostAddresses } from './host-addresses.ts'

export interface NodeFactsOptions {
  /** Overrides the host's name, for several nodes on one machine. */
  readonly hostname?: string
  /** Overrides the addresses found. */
  readonly addresses?: readonly string[]
  /** Where pods' data lies: its file system is the node's disk. */
  readonly dataDirectory: string
  /** Kept back from pods. */
  readonly reserved?: { readonly cpuMilli: number; readonly memoryBytes: number }
}

/** What this machine is. Where a file is missing the fact is empty, as on machines without systemd. */
export function readNodeFacts(options: NodeFactsOptions): NodeFacts {
  const { cpuMilli = 0, memoryBytes: reservedBytes = 0 } = options.reserved ?? {}
  const disk = statfsSync(options.dataDirectory)
  const diskBytes = disk.blocks * disk.bsize
  const memoryBytes = totalmem()
  const cpuCount = cpus().length
  const capacity = {
    cpu: String(cpuCount), 'ephemeral-storage': `${Math.floor(diskBytes / 1024)}Ki`, 'hugepages-1Gi': '0', 'hugepages-2Mi': '0',
    memory: `${Math.floor(memoryBytes / 1024)}Ki`,
  }
  const cpuLeft = cpuCount * 1000 - cpuMilli
  return {
    hostname: options.hostname ?? hostname().toLowerCase(),
    addresses: options.addresses ?? [hostAddresses().primary],
    cpuCount, memoryBytes, diskBytes,
    architecture: arch() === 'x64' ? 'amd64' : arch(),
    kernelVersion: release(),
    osImage: osImage(),
    machineId: firstLine('/etc/machine-id', '/var/lib/dbus/machine-id'),
    systemUuid: firstLine('/sys/class/dmi/id/product_uuid') || firstLine('/etc/machine-id'),
    bootId: firstLine('/proc/sys/kernel/random/boot_id'),
    capacity,
    allocatable: {
      ...capacity,
      cpu: cpuLeft % 1000 === 0 ? String(cpuLeft / 1000) : `${cpuLeft}m`,
      memory: `${Math.floor((memoryBytes - reservedBytes) / 1024)}Ki`,
      // As upstream: a tenth of the disk stays free.
      'ephemeral-storage': String(Math.floor(diskBytes * 0.9)),
    },
  }
}

const LEAST_MEMORY_BYTES = 100 * 1024 * 1024
const LEAST_DISK_SHARE = 0.1
const LEAST_INODE_SHARE = 0.05

/** Upstream's default eviction thresholds. */
export async function nodePressure(dataDirectory: string): Promise<NodePressure> {
  const memory = await readFile('/proc/meminfo', 'utf8')
  const availableKib = Number(/^MemAvailable:\s+(\d+)/m.exec(memory)?.[1] ?? Number.POSITIVE_INFINITY)
  const disk = await statfs(dataDirectory)
  const isInodeShort = disk.files > 0 && disk.ffree / disk.files < LEAST_INODE_SHARE
  const running = Number(firstLine('/proc/loadavg').split(/[ /]/)[4] ?? 0)
  const most = Number(firstLine('/proc/sys/kernel/pid_max') || 4_194_304)
  return {
    memory: availableKib * 1024 < LEAST_MEMORY_BYTES,
    disk: disk.bavail / disk.blocks < LEAST_DISK_SHARE || isInodeShort,
    processes: running > most * 0.9,
  }
}

function osImage(): string {
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(textOf('/etc/os-release'))?.[1] ?? 'Linux'
}

function firstLine(...paths: readonly string[]): string {
  return paths.map((path) => textOf(path).split('\n')[0]?.trim() ?? '').find((line) => line !== '') ?? ''
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
