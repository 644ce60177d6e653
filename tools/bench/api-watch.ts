import { configMap } from './api-objects.ts'
import { startBenchServer, type BenchServer } from './api-server.ts'
import type { BenchCase, Measurement } from './bench-case.ts'
import { openConnection, prepare, type LoadRequest } from './http2-client.ts'
import { startWatchClients, type WatchClient } from './watch-client.ts'

const WATCHERS = 50
/** So many that the updates themselves cost less than to tell of them. */
const MANY_WATCHERS = 200
const UPDATES = 2_000
const SINGLE_UPDATES = 200
/** Before anything is counted, as is a round with the watchers: what a server does often, its engine has compiled well. */
const WARM_UPDATES = 6_000
/** More than clients, so that no two of them update one object at the same time. */
const OBJECTS = 64
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const WATCH = `${CONFIG_MAPS}?watch=true&resourceVersion=0&labelSelector=app%3Dbench`
const HEADERS = { 'content-type': 'application/json' }
const TIMEOUT_MS = 60_000

/**
 * 50 clients watch ConfigMaps while 2,000 updates are made, each on a connection of its own or all on one, then 200 on one: until the last event
 * has reached the last of them. Then one update at a time: from its request to its event at the last of them.
 */
export const apiWatch: BenchCase = {
  name: 'watch',
  async run(directory) {
    const server = await startBenchServer(directory)
    try {
      await server.load(OBJECTS, (number) => ({ headers: { ':method': 'POST', ':path': CONFIG_MAPS, ...HEADERS }, body: bodyOf(number) }))
      await server.load(WARM_UPDATES, update)
      const alone = await server.measure('', UPDATES, (number) => update(UPDATES + number))
      return [
        ...await measureWatchers(server, alone, { watchers: WATCHERS, connections: WATCHERS, firstUpdate: 2 * UPDATES }),
        ...await measureWatchers(server, alone, { watchers: WATCHERS, connections: 1, firstUpdate: 5 * UPDATES }),
        ...await measureWatchers(server, alone, { watchers: MANY_WATCHERS, connections: 1, firstUpdate: 8 * UPDATES }),
      ]
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

interface WatchRound {
  readonly watchers: number
  /** The watchers share them. One is how a client library does it that keeps many caches. */
  readonly connections: number
  readonly firstUpdate: number
}

async function measureWatchers(server: BenchServer, alone: Measurement, round: WatchRound): Promise<readonly Measurement[]> {
  const watchers = await startWatchClients(server, WATCH, { clients: round.watchers, connections: round.connections })
  await allReceived(watchers, OBJECTS)
  await server.load(UPDATES, (number) => update(round.firstUpdate + number))
  await allReceived(watchers, OBJECTS + UPDATES)
  const measurements = [await manyUpdates(server, watchers, alone, round), await singleUpdates(server, watchers, round)]
  await checkEvents(server, watchers)
  for (const watcher of watchers) watcher.close()
  return measurements
}

async function allReceived(watchers: readonly WatchClient[], events: number): Promise<void> {
  await Promise.all(watchers.map((watcher) => watcher.received(events, TIMEOUT_MS)))
}

async function manyUpdates(server: BenchServer, watchers: readonly WatchClient[], alone: Measurement, round: WatchRound): Promise<Measurement> {
  const { watchers: count, connections, firstUpdate } = round
  const before = server.cpuMs()
  const started = performance.now()
  const { elapsedMs: updatesMs } = await server.load(UPDATES, (number) => update(firstUpdate + UPDATES + number))
  await allReceived(watchers, OBJECTS + 2 * UPDATES)
  const elapsedMs = performance.now() - started
  const cpuMs = server.cpuMs() - before
  const updatesPerSecond = Math.round((UPDATES / updatesMs) * 1000)
  const aloneUs = Math.round(((alone.cpuMs ?? 0) * 1000) / UPDATES)
  return {
    name: `watch events, ${count} watchers on ${connections}, ${UPDATES} updates (at ${updatesPerSecond}/s; unwatched they cost ${aloneUs} us each)`,
    operations: count * UPDATES, elapsedMs, cpuMs, latenciesMs: [], scale: 'kube-apiserver: 28,000/s',
  }
}

async function singleUpdates(server: BenchServer, watchers: readonly WatchClient[], { watchers: count, connections, firstUpdate }: WatchRound): Promise<Measurement> {
  const latenciesMs: number[] = []
  const before = server.cpuMs()
  const started = performance.now()
  for (let number = 0; number < SINGLE_UPDATES; number += 1) {
    const begun = performance.now()
    const seen = allReceived(watchers, OBJECTS + 2 * UPDATES + number + 1).then(() => performance.now())
    await server.load(1, () => update(firstUpdate + 2 * UPDATES + number))
    latenciesMs.push(await seen - begun)
  }
  return {
    name: `from one update to its event at all ${count} watchers on ${connections}`,
    operations: SINGLE_UPDATES, elapsedMs: performance.now() - started, cpuMs: server.cpuMs() - before, latenciesMs, scale: '',
  }
}

/** Each event came once, at each watcher: as many as there were updates, and the last of them is the newest there is. */
async function checkEvents(server: BenchServer, watchers: readonly WatchClient[]): Promise<void> {
  const newest = await newestRevision(server)
  for (const { events, lastEvent } of watchers) {
    const revision = Number(JSON.parse(lastEvent.toString()).object.metadata.resourceVersion)
    if (events !== OBJECTS + 2 * UPDATES + SINGLE_UPDATES) throw new Error(`a watcher got ${events} events`)
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
