import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTcp, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Handler } from '../apiserver/http.ts'
import { utf8 } from '../words/bytes.ts'
import { silentLog } from '../words/ports.ts'
import { systemClock } from './clock.ts'
import { HTTPS_LIMITS } from './https-limits.ts'
import { startHttpsServer } from './https-server.ts'
import { createNodeProxy } from './node-proxy.ts'
import { createClusterPki } from './pki.ts'

// The client's side of it is in https-transport.test.ts.
test('a server sees that a client is gone whose reset was met by a write', { timeout: 10_000 }, async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] })
  const directory = mkdtempSync(join(tmpdir(), 'lotse-reading-'))
  const pki = createClusterPki(directory, { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog })
  const nodeProxy = createNodeProxy({ caPem: pki.caPem, ...pki.apiServerToNode, connectTimeoutMs: 100 })
  let isGone = false
  const handler: Handler = async (request) => ({
    type: 'stream', status: 200, isLasting: true, headers: {},
    send: async (sink) => {
      sink.write(utf8('event'))
      await new Promise<void>((resolve) => request.signal.addEventListener('abort', () => resolve(), { once: true }))
      isGone = true
    },
  })
  const server = await startHttpsServer({ host: '127.0.0.1', port: 0, ...pki.apiServer, caPem: pki.caPem, handler, nodeProxy, log: silentLog })
  const held: Buffer[] = []
  let isHolding = false
  let reset = (): void => undefined
  const cable = createServer((client) => {
    const upstream = connectTcp(server.port, '127.0.0.1')
    for (const socket of [client, upstream]) socket.on('error', () => undefined)
    upstream.on('data', (bytes) => client.write(bytes))
    client.on('data', (bytes) => (isHolding ? held.push(bytes) : upstream.write(bytes)))
    reset = () => {
      upstream.write(Buffer.concat(held))
      upstream.resetAndDestroy()
    }
  })
  await new Promise<void>((resolve) => cable.listen(0, '127.0.0.1', () => resolve()))
  const { port } = cable.address() as AddressInfo
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: pki.caPem })
  session.on('error', () => undefined)
  const watch = session.request({ ':path': '/watch' })
  watch.on('error', () => undefined)
  await new Promise((resolve) => watch.once('data', resolve))
  isHolding = true
  // Each is acknowledged by a write of its own.
  for (let pings = 0; pings < 5; pings++) {
    session.ping(() => undefined)
    await sleep(5)
  }
  reset()
  await sleep(50)
  assert(!isGone, 'Node does not see it: where this fails, readAgain is not needed any more')
  context.mock.timers.tick(HTTPS_LIMITS.readAgainMs)
  while (!isGone) await sleep(5)
  session.destroy()
  cable.close()
  await server.close()
  rmSync(directory, { recursive: true })
})
