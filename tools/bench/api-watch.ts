import { configMap } from './api-objects.ts'
import { startBenchServer, type BenchServer } from './api-server.ts'
import type { BenchCase, Measurement } from './bench-case.ts'
import { openConnection, prepare, type LoadRequest } from './http2-client.ts'
import { startWatchClient, type WatchClient } from './watch-client.ts'

const WATCHERS = 50
const UPDATES = 2_000
const SINGLE_UPDATES = 200
/** More than clients, so that no two of them update one object at the same time. */
const OBJECTS = 64
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const WATCH = `${CONFIG_MAPS}?watch=true&resourceVersion=0&labelSelector=app%3Dbench`
const HEADERS = { 'content-type': 'application/json' }
const TIMEOUT_MS = 60_000

/**
 * 50 clients watch ConfigMaps while 2,000 updates are made: until the last event has reached the last of them. Then one update at a time:
 * from its request to its event at the last of them.
 */
export const apiWatch: BenchCase = {
  name: 'watch',
  async run(directory) {
    const server = await startBenchServer(directory)
    try {
      await server.load(OBJECTS, (number) => ({ headers: { ':method': 'POST', ':path': CONFIG_MAPS, ...HEADERS }, body: bodyOf(number) }))
      await server.load(UPDATES, update)
      const alone = await server.measure('', UPDATES, (number) => update(UPDATES + number))
      const watchers = await Promise.all(Array.from({ length: WATCHERS }, () => watch(server)))
      const measurements = [await manyUpdates(server, watchers, alone), await singleUpdates(server, watchers)]
      await checkEvents(server, watchers)
      for (const watcher of watchers) watcher.close()
      return measurements
    } finally {
      await server.stop()
    }
  },
}

/** The number makes the object another than before. */
function bodyOf(number: number): Buffer {
  return Buffer.from(JSON.stringify(configMap(nameOf(number), number)))
}

function nameOf(number: number): string {
  return `watched-${number % OBJECTS}`
}

function update(number: number): LoadRequest {
  return { headers: { ':method': 'PUT', ':path': `${CONFIG_MAPS}/${nameOf(number)}`, ...HEADERS }, body: bodyOf(number) }
}

/** Resolves when the watch has shown the objects that are there. */
async function watch(server: BenchServer): Promise<WatchClient> {
  const watcher = await startWatchClient(server, WATCH)
  await watcher.received(OBJECTS, TIMEOUT_MS)
  return watcher
}

async function manyUpdates(server: BenchServer, watchers: readonly WatchClient[], alone: Measurement): Promise<Measurement> {
  const before = server.cpuMs()
  const started = performance.now()
  const { elapsedMs: updatesMs } = await server.load(UPDATES, (number) => update(2 * UPDATES + number))
  await Promise.all(watchers.map((watcher) => watcher.received(OBJECTS + UPDATES, TIMEOUT_MS)))
  const elapsedMs = performance.now() - started
  const cpuMs = server.cpuMs() - before
  const updatesPerSecond = Math.round((UPDATES / updatesMs) * 1000)
  const aloneUs = Math.round(((alone.cpuMs ?? 0) * 1000) / UPDATES)
  return {
    name: `watch events, ${WATCHERS} watchers, ${UPDATES} updates (at ${updatesPerSecond}/s; unwatched they cost ${aloneUs} us each)`,
    operations: WATCHERS * UPDATES, elapsedMs, cpuMs, latenciesMs: [], scale: 'kube-apiserver: 28,000/s',
  }
}

async function singleUpdates(server: BenchServer, watchers: readonly WatchClient[]): Promise<Measurement> {
  const latenciesMs: number[] = []
  const before = server.cpuMs()
  const started = performance.now()
  for (let number = 0; number < SINGLE_UPDATES; number += 1) {
    const begun = performance.now()
    const seen = Promise.all(watchers.map((watcher) => watcher.received(OBJECTS + UPDATES + number + 1, TIMEOUT_MS))).then(() => performance.now())
    await server.load(1, () => update(3 * UPDATES + number))
    latenciesMs.push(await seen - begun)
  }
  return {
    name: `from one update to its event at all ${WATCHERS} watchers`,
    operations: SINGLE_UPDATES, elapsedMs: performance.now() - started, cpuMs: server.cpuMs() - before, latenciesMs, scale: '',
  }
}

/** Each event came once, at each watcher: as many as there were updates, and the last of them is the newest there is. */
async function checkEvents(server: BenchServer, watchers: readonly WatchClient[]): Promise<void> {
  const newest = await newestRevision(server)
  for (const { events, lastEvent } of watchers) {
    const revision = Number(JSON.parse(lastEvent.toString()).object.metadata.resourceVersion)
    if (events !== OBJECTS + UPDATES + SINGLE_UPDATES) throw new Error(`a watcher got ${events} events`)
    if (revision !== newest) throw new Error(`a watcher's last event has resourceVersion ${revision}, and the newest object ${newest}`)
  }
}

async function newestRevision(server: BenchServer): Promise<number> {
  const connection = await openConnection(server)
  const chunks: Buffer[] = []
  const ended = new Promise<void>((resolve) => {
    connection.start(prepare({ headers: { ':method': 'GET', ':path': `${CONFIG_MAPS}?labelSelector=app%3Dbench` } }), {
      onStatus: () => {},
      onData: (bytes) => void chunks.push(bytes),
      onEnd: resolve,
    })
  })
  await Promise.race([ended, connection.failed()])
  connection.close()
  const { items } = JSON.parse(Buffer.concat(chunks).toString())
  return Math.max(...items.map((item: { metadata: { resourceVersion: string } }) => Number(item.metadata.resourceVersion)))
}
