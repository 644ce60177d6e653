import { connect, type ClientHttp2Session } from 'node:http2'
import { configMap } from './api-objects.ts'
import { startBenchServer, type BenchServer } from './api-server.ts'
import type { BenchCase } from './bench-case.ts'

const WATCHERS = 50
const UPDATES = 2_000
const WARM_UPDATES = 2_000
/** More than clients, so that no two of them update one object at the same time. */
const OBJECTS = 64
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const TIMEOUT_MS = 60_000

/** 50 clients watch ConfigMaps while 2,000 updates are made: until the last event has reached the last of them. */
export const apiWatch: BenchCase = {
  name: 'watch',
  async run(directory) {
    const server = await startBenchServer(directory)
    try {
      const name = (number: number): string => `watched-${number % OBJECTS}`
      const body = (number: number, version: number): Buffer => Buffer.from(JSON.stringify(configMap(name(number), version)))
      const headers = { 'content-type': 'application/json' }
      await server.load(OBJECTS, (number) => ({ headers: { ':method': 'POST', ':path': CONFIG_MAPS, ...headers }, body: body(number, 0) }))
      const update = (number: number) => ({ headers: { ':method': 'PUT', ':path': `${CONFIG_MAPS}/${name(number)}`, ...headers }, body: body(number, number + 1) })
      await server.load(WARM_UPDATES, update)
      const watchers = await Promise.all(Array.from({ length: WATCHERS }, () => watch(server)))
      const before = server.cpuMs()
      const started = performance.now()
      await server.load(UPDATES, (number) => update(number + WARM_UPDATES))
      const updatesMs = performance.now() - started
      await Promise.all(watchers.map((watcher) => watcher.received))
      const elapsedMs = performance.now() - started
      const cpuMs = server.cpuMs() - before
      for (const watcher of watchers) watcher.session.destroy()
      const updatesPerSecond = Math.round((UPDATES / updatesMs) * 1000)
      return [{
        name: `watch events, ${WATCHERS} watchers, ${UPDATES} updates (at ${updatesPerSecond}/s)`,
        operations: WATCHERS * UPDATES, elapsedMs, cpuMs, latenciesMs: [], scale: 'kube-apiserver: 28,000/s',
      }]
    } finally {
      await server.stop()
    }
  },
}

interface Watcher {
  readonly session: ClientHttp2Session
  /** Resolves when all updates have come. */
  readonly received: Promise<void>
}

/** Counts the events; resolves when the watch has shown the objects that are there. */
function watch(server: BenchServer): Promise<Watcher> {
  const session = connect(server.url, { ca: server.caPem, cert: server.certificatePem, key: server.keyPem })
  const stream = session.request({ ':path': `${CONFIG_MAPS}?watch=true&resourceVersion=0&labelSelector=app%3Dbench` })
  return new Promise((resolve, reject) => {
    session.on('error', reject)
    let started = false
    let lines = 0
    const received = new Promise<void>((done, failed) => {
      const timer = setTimeout(() => failed(new Error(`a watcher got ${lines} of ${UPDATES + OBJECTS} events`)), TIMEOUT_MS)
      stream.on('data', (chunk: Buffer) => {
        for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1
        if (!started && lines >= OBJECTS) {
          started = true
          resolve({ session, received })
        }
        if (lines === UPDATES + OBJECTS) {
          clearTimeout(timer)
          done()
        }
      })
    })
  })
}
