import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createSecureServer, type ServerHttp2Stream } from 'node:http2'
import { connect as connectTcp, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Handler } from '../apiserver/http.ts'
import type { Transport, TransportRequest } from '../client/transport.ts'
import { silentLog, type Clock } from '../words/ports.ts'
import { textOf, utf8 } from '../words/bytes.ts'
import { systemClock } from './clock.ts'
import { startHttpsServer, type HttpsServer } from './https-server.ts'
import { createHttpsTransport, type HttpsTransportOptions, type RenewableTransport } from './https-transport.ts'
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
      type: 'stream', status: 200, isLasting: true, headers: {},
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

function transportTo(port: number, credentials: HttpsTransportOptions['credentials'] = { type: 'none' }, clock: Clock = systemClock): RenewableTransport {
  const transport = createHttpsTransport({ server: `https://127.0.0.1:${port}`, caPem: pki.caPem, credentials, clock })
  closers.push(() => transport.close())
  return transport
}

/** 100 ms are 5 s. */
const fastClock: Clock = { ...systemClock, after: (delayMs, action) => systemClock.after(delayMs / 50, action) }

async function listen(server: Server | ReturnType<typeof createSecureServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  closers.push(() => server.close())
  return (server.address() as AddressInfo).port
}

function pass(client: Socket, port: number, onAnswer: (bytes: Buffer) => void): void {
  const upstream = connectTcp(port, '127.0.0.1')
  client.on('data', (bytes) => upstream.write(bytes))
  upstream.on('data', onAnswer)
  for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
    socket.on('error', () => undefined)
    socket.on('close', () => other.destroy())
  }
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

const PINGED_BYTES = 160_000

/** Answers /pings with data and pings in turn: the client writes an acknowledgement after each part that it reads. */
async function startPinging(go: Promise<void>): Promise<number> {
  const pinging = createSecureServer({ cert: pki.apiServer.certificatePem, key: pki.apiServer.keyPem })
  const ping = async (stream: ServerHttp2Stream): Promise<void> => {
    await go
    for (let part = 0; part < 10; part++) {
      await sleep(5)
      stream.write(Buffer.alloc(PINGED_BYTES / 10))
      stream.session?.ping(() => undefined)
    }
  }
  pinging.on('session', (session) => session.on('error', () => undefined))
  pinging.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    stream.respond({ ':status': 200 })
    if (headers[':path'] === '/pings') void ping(stream)
    else stream.end('here')
  })
  return listen(pinging)
}

// Like a server that gets SIGKILL while data is on its way to us and ours to it: what has arrived is still read, and the first write fails.
test('a connection that is reset while data arrives is lost at once, and the next request gets a new one', { timeout: 5_000 }, async () => {
  const go = Promise.withResolvers<void>()
  const pingingPort = await startPinging(go.promise)
  const held: Buffer[] = []
  const clients: Socket[] = []
  let isHolding = false
  const port = await listen(createServer((client) => {
    clients.push(client)
    pass(client, pingingPort, (bytes) => {
      if (isHolding) held.push(bytes)
      else client.write(bytes)
    })
  }))
  const transport = transportTo(port)
  const watch = await transport.send({ method: 'GET', path: '/pings', headers: {} })
  const drained = (async () => {
    for await (const chunk of watch.body) assert(chunk.length > 0)
  })()
  isHolding = true
  go.resolve()
  while (Buffer.concat(held).length < PINGED_BYTES) await sleep(5)
  isHolding = false
  clients[0]?.write(Buffer.concat(held))
  clients[0]?.resetAndDestroy()
  await assert.rejects(drained, { name: 'TransportError', message: /cut off/ })
  assert.equal(await ask(transport), '200 here')
})

test('a server that accepts and says nothing is given up after 5 s; the next request tries anew', { timeout: 5_000 }, async () => {
  const silent: Socket[] = []
  const port = await listen(createServer((client) => {
    if (silent.push(client) > 1) pass(client, server.port, (bytes) => client.write(bytes))
  }))
  const transport = transportTo(port, { type: 'none' }, fastClock)
  const waiting = [ask(transport), ask(transport, { method: 'PUT', body: utf8('1') })]
  for (const result of await Promise.allSettled(waiting)) {
    assert.equal(String(result.status === 'rejected' && result.reason), `TransportError: The API server https://127.0.0.1:${port} cannot be reached: no connection within 5 seconds`)
  }
  assert.equal(await ask(transport), '200 GET anonymous  0')
  assert.equal(silent.length, 2)
})

test('an answer that is whole before it is read is read wholly', async () => {
  const transport = transportTo(server.port)
  const response = await transport.send({ method: 'GET', path: '/late', headers: {} })
  await sleep(20)
  const chunks: Uint8Array[] = []
  for await (const chunk of response.body) chunks.push(chunk)
  assert.equal(textOf(Buffer.concat(chunks)), 'GET anonymous  0')
})

test('an abort while the connection is being made ends the request', async () => {
  const transport = transportTo(server.port)
  await assert.rejects(ask(transport, { path: '/watch', signal: AbortSignal.timeout(0) }), { name: 'TimeoutError' })
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

test('a renewed certificate is shown from the next request on, while a watch goes on and requests are under way', async () => {
  const { port } = await start()
  const shown = (name: 'admin' | 'scheduler'): HttpsTransportOptions['credentials'] => ({ type: 'certificate', ...pki[name] })
  const transport = transportTo(port, shown('admin'))
  const stop = new AbortController()
  const watch = await transport.send({ method: 'GET', path: '/watch', headers: {}, signal: stop.signal })
  const events = watch.body[Symbol.asyncIterator]()
  assert.equal(textOf((await events.next()).value ?? new Uint8Array()), 'event')
  const before = Array.from({ length: 20 }, () => ask(transport, { path: '/wait' }))
  transport.renew(shown('scheduler'))
  const after = Array.from({ length: 20 }, () => ask(transport, { path: '/wait' }))
  const who = async (answers: readonly Promise<string>[]): Promise<string> => (
    [...new Set((await Promise.all(answers)).map((answer) => /CN|GET ([^ ]+)/.exec(answer)?.[1] ?? answer))].join())
  // What had not gone out yet goes with the new one.
  assert.match(await who(before), /^(kubernetes-admin|system:kube-scheduler)/)
  assert.equal(await who(after), 'system:kube-scheduler')
  assert.equal(await Promise.race([events.next().then(() => 'ended', () => 'failed'), sleep(50).then(() => 'goes on')]), 'goes on')
  stop.abort()
})
