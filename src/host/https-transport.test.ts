import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Handler } from '../apiserver/http.ts'
import type { Transport, TransportRequest } from '../client/transport.ts'
import { silentLog } from '../words/ports.ts'
import { textOf, utf8 } from '../words/bytes.ts'
import { systemClock } from './clock.ts'
import { startHttpsServer, type HttpsServer } from './https-server.ts'
import { createHttpsTransport, type HttpsTransportOptions } from './https-transport.ts'
import { createNodeProxy } from './node-proxy.ts'
import { createClusterPki } from './pki.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-transport-'))
const pki = createClusterPki(directory, { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog })
const nodeProxy = createNodeProxy({ caPem: pki.caPem, ...pki.apiServerToNode, connectTimeoutMs: 100 })
const closers: (() => unknown)[] = []
after(async () => {
  for (const close of closers.toReversed()) await close()
  rmSync(directory, { recursive: true })
})

const handler: Handler = async (request) => {
  if (request.path === '/wait') await new Promise((resolve) => setTimeout(resolve, 30))
  if (request.path === '/watch') {
    return {
      type: 'stream', status: 200, headers: {},
      send: async (sink) => {
        sink.write(utf8('event'))
        await new Promise<void>((resolve) => request.signal.addEventListener('abort', () => resolve(), { once: true }))
      },
    }
  }
  const who = request.peer.certificate?.commonName ?? request.headers['authorization'] ?? 'anonymous'
  const body = textOf(await request.body(1e6))
  return { type: 'whole', status: 200, headers: { 'x-path': request.path }, body: [utf8(`${request.method} ${who} ${request.query} ${body.length}`)] }
}

async function start(port = 0): Promise<HttpsServer> {
  const server = await startHttpsServer({ host: '127.0.0.1', port, ...pki.apiServer, caPem: pki.caPem, handler, nodeProxy, log: silentLog })
  closers.push(() => server.close())
  return server
}

function transportTo(port: number, credentials: HttpsTransportOptions['credentials'] = { type: 'none' }): Transport {
  const transport = createHttpsTransport({ server: `https://127.0.0.1:${port}`, caPem: pki.caPem, credentials, clock: systemClock })
  closers.push(() => transport.close())
  return transport
}

async function ask(transport: Transport, request: Partial<TransportRequest> = {}): Promise<string> {
  const response = await transport.send({ method: 'GET', path: '/', headers: {}, ...request })
  let text = `${response.status} `
  for await (const chunk of response.body) text += textOf(chunk)
  return text
}

const server = await start()

test('requests carry method, query, body and who asks', async () => {
  let token = 'first'
  const byToken = transportTo(server.port, { type: 'token', token: () => token })
  assert.equal(await ask(byToken, { method: 'PUT', path: '/a?x=1', body: utf8('12345') }), '200 PUT Bearer first x=1 5')
  token = 'second'
  assert.equal(await ask(byToken), '200 GET Bearer second  0')
  assert.equal(await ask(transportTo(server.port, { type: 'certificate', ...pki.admin })), '200 GET kubernetes-admin  0')
  assert.equal(await ask(transportTo(server.port)), '200 GET anonymous  0')
})

test('many requests share one connection', async () => {
  const transport = transportTo(server.port)
  const answers = await Promise.all(Array.from({ length: 400 }, () => ask(transport, { path: '/wait' })))
  assert.deepEqual([...new Set(answers)], ['200 GET anonymous  0'])
})

test('an abort ends one request, the others go on', async () => {
  const transport = transportTo(server.port)
  const abort = new AbortController()
  const watch = await transport.send({ method: 'GET', path: '/watch', headers: {}, signal: abort.signal })
  const reader = watch.body[Symbol.asyncIterator]()
  assert.equal(textOf((await reader.next()).value), 'event')
  const next = reader.next()
  abort.abort(new Error('enough'))
  await assert.rejects(next, /enough/)
  const early = new AbortController()
  const waiting = ask(transport, { path: '/wait', signal: early.signal })
  early.abort(new Error('never mind'))
  await assert.rejects(waiting, /never mind/)
  assert.equal(await ask(transport), '200 GET anonymous  0')
})

test('after a restart of the server the next request gets a new connection', async () => {
  const first = await start()
  const transport = transportTo(first.port)
  assert.equal(await ask(transport), '200 GET anonymous  0')
  const watch = await transport.send({ method: 'GET', path: '/watch', headers: {} })
  const drained = (async () => {
    for await (const chunk of watch.body) assert.equal(textOf(chunk), 'event')
  })()
  await first.close()
  await drained
  await assert.rejects(ask(transport), { name: 'TransportError', message: /cannot be reached: .*ECONNREFUSED/ })
  await start(first.port)
  assert.equal(await ask(transport), '200 GET anonymous  0')
})

test('a server of another authority is refused', async () => {
  const foreign = mkdtempSync(join(tmpdir(), 'lotse-transport-'))
  closers.push(() => rmSync(foreign, { recursive: true }))
  const other = createClusterPki(foreign, { names: [], addresses: [], clock: systemClock, log: silentLog })
  const transport = createHttpsTransport({ server: `https://127.0.0.1:${server.port}`, caPem: other.caPem, credentials: { type: 'none' }, clock: systemClock })
  await assert.rejects(ask(transport), { name: 'TransportError', message: /cannot be reached: .*certificate/ })
})

test('a closed transport refuses', async () => {
  const transport = transportTo(server.port)
  await ask(transport)
  transport.close()
  await assert.rejects(ask(transport), { name: 'TransportError' })
})
