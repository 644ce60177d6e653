import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { newConfig, saveConfig } from '../../src/cli/cluster-config.ts'
import { clusterPaths } from '../../src/programs/cluster-paths.ts'
import { ENGINE_OPTIONS } from '../../src/programs/engine-options.ts'
import type { LoadRequest } from './http2-client.ts'
import { http2Load, openConnections, type Load } from './http2-load.ts'
import type { Measurement } from './bench-case.ts'

const CLIENTS = 32
const START_TIMEOUT_MS = 20_000
const CLOCK_TICKS_PER_SECOND = 100

/** A whole control plane as a process of its own: TLS, HTTP/2, durable store, controllers and scheduler, as `lotse up --nodes 0` starts it. */
export interface BenchServer {
  readonly url: string
  readonly caPem: string
  readonly certificatePem: string
  readonly keyPem: string
  /** Processor time of the server so far, all threads. */
  cpuMs(): number
  residentBytes(): number
  /** So many requests, made before the clock starts, by 32 clients on as many connections unless said otherwise. */
  measure(name: string, requests: number, request: (number: number) => LoadRequest, options?: MeasureOptions): Promise<Measurement>
  load(requests: number, request: (number: number) => LoadRequest): Promise<Load>
  stop(): Promise<void>
}

export interface MeasureOptions {
  readonly clients?: number
  /** All clients share one connection. */
  readonly shared?: boolean
  readonly scale?: string
  /** CPU of the same request where nothing but Node answers it. */
  readonly limitCpuUs?: number
}

export async function startBenchServer(directory: string): Promise<BenchServer> {
  const config = newConfig({ name: 'bench', dataDirectory: directory, port: await freePort(), nodes: 0, nodeName: 'bench', index: 0 })
  saveConfig(config)
  const paths = clusterPaths(config)
  const main = join(import.meta.dirname, '../../src/programs/server-main.ts')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...ENGINE_OPTIONS.server, main, '--data-dir', directory], { stdio: ['ignore', 'inherit', 'inherit'] })
  await untilExists(paths.serverReady, child)
  const read = (file: string): string => readFileSync(join(paths.pkiDirectory, file), 'utf8')
  const access = { url: `https://127.0.0.1:${config.port}`, caPem: read('ca.crt'), certificatePem: read('admin.crt'), keyPem: read('admin.key') }
  const pid = child.pid ?? 0
  const own = await openConnections(access, CLIENTS)
  const shared = await openConnections(access, 1)
  const prepared = (requests: number, request: (number: number) => LoadRequest): LoadRequest[] => Array.from({ length: requests }, (_, number) => request(number))
  return {
    ...access,
    cpuMs: () => cpuMsOf(pid),
    residentBytes: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    load: (requests, request) => http2Load(own, CLIENTS, prepared(requests, request)),
    async measure(name, requests, request, options = {}) {
      const all = prepared(requests, request)
      const before = cpuMsOf(pid)
      const measured = await http2Load(options.shared === true ? shared : own, options.clients ?? CLIENTS, all)
      return { name, operations: requests, ...measured, cpuMs: cpuMsOf(pid) - before, scale: options.scale ?? '', limitCpuUs: options.limitCpuUs }
    },
    async stop() {
      for (const connection of [...own, ...shared]) connection.close()
      child.kill('SIGTERM')
      if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
    },
  }
}

/** utime and stime of /proc/PID/stat. */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS_PER_SECOND
}

async function untilExists(file: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (!existsSync(file)) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error('the server did not start')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
