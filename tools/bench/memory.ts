import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { configMap, pod } from './api-objects.ts'
import { startBenchServer, type BenchServer } from './api-server.ts'
import type { BenchCase, Measurement } from './bench-case.ts'
import { openConnection, prepare, type Http2Connection, type LoadRequest } from './http2-client.ts'
import { openConnections } from './http2-load.ts'
import type { ReadInTurn } from './memory-reader.ts'

export interface MemoryLoad {
  readonly configMaps: number
  readonly pods: number
  readonly watchers: number
}

const PATH = '/api/v1/namespaces/default'
const JSON_TYPE = { 'content-type': 'application/json' }
/** What is created at once: the bodies of all would need as much memory as the server. */
const BATCH = 5_000
/** Long enough for a collection that only idleness brings about. */
const REST_MS = 12_000
const WATCHER_CONNECTIONS = 100
const PROBE_EVERY_MS = 1
/** Below what a server takes on one connection. */
const MAX_PROBES_WAITING = 100
const PROBE_ALONE_MS = 3_000

/** Whole lists as clients ask for them. The watch is one too: it begins with the state. */
const LISTS: readonly Pick<ReadInTurn, 'path' | 'accept' | 'until'>[] = [
  { path: `${PATH}/pods`, accept: 'application/json', until: 'end' },
  { path: `${PATH}/pods`, accept: 'application/vnd.kubernetes.protobuf', until: 'end' },
  { path: `${PATH}/pods`, accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', until: 'end' },
  { path: `${PATH}/pods?labelSelector=app%3Dshop`, accept: 'application/json', until: 'end' },
  { path: `${PATH}/pods?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`, accept: 'application/json', until: 'bookmark' },
]

/**
 * What a server holds in memory for watchers that are told nothing, and for objects, as resident bytes; then how long the requests of others wait
 * while one client reads everything.
 */
export const memory: BenchCase = {
  name: 'memory',
  run: (directory) => measureMemory(directory, { configMaps: 20_000, pods: 100_000, watchers: 2_000 }),
}

async function measureMemory(directory: string, load: MemoryLoad): Promise<readonly Measurement[]> {
  const server = await startBenchServer(join(directory, 'server'))
  try {
    await rest()
    const idle = { name: `server at rest: ${megabytes(server.residentBytes())}`, operations: 0, elapsedMs: 1, cpuMs: undefined, latenciesMs: [], scale: '' }
    return [
      idle,
      await watchIdly(server, load.watchers),
      await fill(server, { what: 'ConfigMaps (1 KiB)', count: load.configMaps, path: `${PATH}/configmaps`, objectOf: (number) => configMap(`held-${number}`) }),
      await fill(server, { what: 'Pods (2.5 KiB)', count: load.pods, path: `${PATH}/pods`, objectOf: (number) => pod(`held-${number}`) }),
      ...await readWhileOthersAsk(server),
    ]
  } finally {
    await server.stop()
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST_MS))
}

interface Filling {
  readonly what: string
  readonly count: number
  readonly path: string
  readonly objectOf: (number: number) => object
}

async function fill(server: BenchServer, { what, count, path, objectOf }: Filling): Promise<Measurement> {
  const before = server.residentBytes()
  const cpuBefore = server.cpuMs()
  let elapsedMs = 0
  for (let done = 0; done < count; done += BATCH) {
    const first = done
    const create = (number: number): LoadRequest => (
      { headers: { ':method': 'POST', ':path': path, ...JSON_TYPE }, body: Buffer.from(JSON.stringify(objectOf(first + number))) })
    elapsedMs += (await server.load(Math.min(BATCH, count - done), create)).elapsedMs
  }
  const cpuMs = server.cpuMs() - cpuBefore
  const full = server.residentBytes()
  await rest()
  const rested = server.residentBytes()
  const each = ((rested - before) / count / 1000).toFixed(1)
  return {
    name: `${count} ${what} created: ${megabytes(full)}, at rest ${megabytes(rested)}, ${each} KB each`,
    operations: count, elapsedMs, cpuMs, latenciesMs: [], scale: '',
  }
}

async function readWhileOthersAsk(server: BenchServer): Promise<Measurement[]> {
  const probe = await openConnection(server)
  const rows = [await probed(server, probe, 'GET each ms, alone', () => new Promise((resolve) => setTimeout(resolve, PROBE_ALONE_MS)))]
  for (const list of LISTS) {
    let said = ''
    const row = await probed(server, probe, '', async () => {
      const { bytes, elapsedMs } = await readElsewhere({ ...list, target: targetOf(server) })
      said = `${megabytes(bytes)} in ${(elapsedMs / 1000).toFixed(1)} s`
    })
    rows.push({ ...row, name: `GET each ms, during ${list.path.replace(PATH, '')} as ${list.accept} (${said}, then ${megabytes(server.residentBytes())})${row.name}` })
  }
  probe.close()
  return rows
}

function targetOf({ url, caPem, certificatePem, keyPem }: BenchServer): ReadInTurn['target'] {
  return { url, caPem, certificatePem, keyPem }
}

/** Asks for one object every millisecond, until too many answers are waited for, while the work goes on. */
async function probed(server: BenchServer, connection: Http2Connection, name: string, work: () => Promise<void>): Promise<Measurement> {
  const request = prepare({ headers: { ':method': 'GET', ':path': `${PATH}/configmaps/held-1` } })
  const latenciesMs: number[] = []
  let waiting = 0
  const asking = setInterval(() => {
    if (waiting === MAX_PROBES_WAITING) return
    const begun = performance.now()
    waiting += 1
    connection.start(request, {
      onStatus: () => {},
      onEnd: () => {
        waiting -= 1
        latenciesMs.push(performance.now() - begun)
      },
    })
  }, PROBE_EVERY_MS)
  const cpuBefore = server.cpuMs()
  const started = performance.now()
  await Promise.race([work(), connection.failed()])
  clearInterval(asking)
  while (waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const longest = Math.max(...latenciesMs).toFixed(0)
  return {
    name: `${name}: longest ${longest} ms`, operations: latenciesMs.length, elapsedMs: performance.now() - started, cpuMs: server.cpuMs() - cpuBefore, latenciesMs, scale: '',
  }
}

/** In a thread of its own, so that what it does with the bytes does not delay the clock of those who measure. */
function readElsewhere(workerData: ReadInTurn): Promise<{ readonly bytes: number; readonly elapsedMs: number }> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./memory-reader.ts', import.meta.url), { workerData })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

/** Twice: the first ones also let the engine's room for short-lived objects grow to its full size, which happens once. */
async function watchIdly(server: BenchServer, watchers: number): Promise<Measurement> {
  const before = server.residentBytes()
  const connections = await openConnections(server, WATCHER_CONNECTIONS)
  await rest()
  const connected = server.residentBytes()
  const first = await startWatches(server, connections, watchers)
  const between = server.residentBytes()
  await startWatches(server, connections, watchers)
  const each = (bytes: number, count: number): string => `${(bytes / count / 1000).toFixed(1)} KB each`
  const said = [
    `${watchers} idle watchers: ${each(between - connected, watchers)}`, `${watchers} more: ${each(server.residentBytes() - between, watchers)}`,
    `their ${WATCHER_CONNECTIONS} connections: ${each(connected - before, WATCHER_CONNECTIONS)}`,
  ]
  for (const open of connections) open.close()
  return { ...first, name: said.join(', ') }
}

async function startWatches(server: BenchServer, connections: readonly Http2Connection[], watchers: number): Promise<Measurement> {
  const started = performance.now()
  const cpuBefore = server.cpuMs()
  await Promise.all(Array.from({ length: watchers }, (_, number) => new Promise<void>((resolve) => {
    const path = `${PATH}/pods?watch=true&resourceVersion=0&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dnone-${number}`
    connections[number % connections.length]?.start(prepare({ headers: { ':method': 'GET', ':path': path } }), { onStatus: () => resolve(), onEnd: () => {} })
  })))
  const elapsedMs = performance.now() - started
  const cpuMs = server.cpuMs() - cpuBefore
  await rest()
  return { name: '', operations: watchers, elapsedMs, cpuMs, latenciesMs: [], scale: '' }
}
