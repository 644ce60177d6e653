/** Clients that take much and give little: floods, slow bodies, sleeping watchers. They are cut off; all others are served. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cpSync } from 'node:fs'
import { constants, type ClientHttp2Stream } from 'node:http2'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { join } from 'node:path'
import { systemClock } from '../../src/host/clock.ts'
import { createClusterPki } from '../../src/host/pki.ts'
import { silentLog } from '../../src/words/ports.ts'
import { errorLines, failureOf, startServer, type Api, type ServerBed } from './server-bed.testing.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const MIB = 1024 * 1024

let bed: ServerBed
let api: Api
let slow: { readonly headers: Promise<string>; readonly body: Promise<string>; readonly body2: Promise<string> }
before(async () => {
  bed = await startServer('server-floods')
  api = bed.connect()
  slow = await startSlowClients()
})
after(async () => {
  api.close()
  await bed.remove()
})

/** Everything that the server says until it closes the connection. */
async function allOf(socket: TLSSocket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(chunks).toString()
}

async function send(text: string | Uint8Array): Promise<string> {
  const socket = await bed.tls('http/1.1')
  socket.write(text)
  return allOf(socket)
}

function head(method: string, path: string, ...headers: string[]): string {
  return [`${method} ${path} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n')
}

/** They need half a minute to be given up, in which the other tests run. */
async function startSlowClients(): Promise<typeof slow> {
  const [headers, body] = await Promise.all([bed.tls('http/1.1'), bed.tls('http/1.1')])
  headers.write(`GET ${CONFIG_MAPS} HTTP/1.1\r\nHost: x\r\n`)
  let count = 0
  const drip = setInterval(() => headers.writable && headers.write(`X-${count++}: y\r\n`), 2_000)
  headers.on('close', () => clearInterval(drip))
  body.write(`${head('POST', CONFIG_MAPS, 'Content-Type: application/json', 'Content-Length: 1000')}{"a":`)
  const stream = api.session.request({ ':method': 'POST', ':path': CONFIG_MAPS, 'content-type': 'application/json' }, { endStream: false })
  stream.on('error', () => undefined)
  stream.write('{"a":')
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const body2 = once(stream, 'end').then(() => Buffer.concat(chunks).toString())
  return { headers: allOf(headers), body: allOf(body), body2 }
}

async function checkServes(): Promise<void> {
  const started = performance.now()
  const answer = await api.call('GET', `${CONFIG_MAPS}?limit=1`)
  assert.equal(answer.status, 200, answer.text)
  assert(performance.now() - started < 3_000, 'others are served at once')
}

/** A frame's header and payload (RFC 9113 section 4.1). */
function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(9)
  header.writeUIntBE(payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

const PREFACE = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0, Buffer.alloc(0))])

/** A GET as HEADERS without compression tables (RFC 7541): method and scheme by index, path and authority literally. */
function getFrame(stream: number, path: string): Buffer {
  const literal = (index: number, value: string): Buffer => Buffer.concat([Buffer.from([index, value.length]), Buffer.from(value)])
  return frame(1, 5, stream, Buffer.concat([Buffer.from([0x82, 0x87]), literal(4, path), literal(1, 'localhost')]))
}

test('HTTP/2: requests reset in a flood end that connection alone', async () => {
  const socket = await bed.tls('h2')
  const closed = allOf(socket)
  socket.write(PREFACE)
  let count = 0
  for (; count < 100_000 && !socket.destroyed; count += 20) {
    const streams = Array.from({ length: 20 }, (_, index) => 2 * (count + index) + 1)
    socket.write(Buffer.concat(streams.flatMap((stream) => [getFrame(stream, `${CONFIG_MAPS}?watch=true`), frame(3, 0, stream, Buffer.from([0, 0, 0, 8]))])))
    await sleep(1)
  }
  await closed
  assert(count < 50_000, `closed after ${count} requests`)
  await checkServes()
})

test('HTTP/2: floods of settings, pings and header continuations, and nonsense, end their connection', async () => {
  const settings = Buffer.concat(Array.from({ length: 500 }, () => frame(4, 0, 0, Buffer.from([0, 4, 0, 1, 0, 0]))))
  const pings = Buffer.concat(Array.from({ length: 500 }, () => frame(6, 0, 0, Buffer.alloc(8))))
  const continuation = Buffer.concat(Array.from({ length: 50 }, () => frame(9, 0, 1, Buffer.alloc(16_000))))
  const floods: [string, Buffer, Buffer][] = [
    ['settings', settings, settings], ['pings', pings, pings], ['continuations', frame(1, 0, 1, Buffer.alloc(100)), continuation],
    ['a frame of a megabyte', frame(0, 0, 1, Buffer.alloc(MIB)), pings], ['data on a stream that is not open', frame(0, 0, 7, Buffer.alloc(10)), pings],
  ]
  const before = bed.residentBytes()
  for (const [what, first, more] of floods) {
    const socket = await bed.tls('h2')
    socket.on('error', () => undefined)
    // Nothing is read: answers pile up on the other side.
    socket.pause()
    socket.write(Buffer.concat([PREFACE, first]))
    for (let count = 0; count < 100 && !socket.destroyed; count++) {
      socket.write(more)
      await sleep(2)
    }
    socket.resume()
    await checkServes()
    socket.destroy()
    assert(bed.residentBytes() - before < 150 * MIB, `${what}: ${Math.round((bed.residentBytes() - before) / MIB)} MiB more`)
  }
})

test('HTTP/1.1: too large and malformed requests are refused, and the connection ends', async () => {
  const chunk = `${(64 * 1024).toString(16)}\r\n${'x'.repeat(64 * 1024)}\r\n`
  const table: [string, string | Uint8Array, RegExp][] = [
    ['a body of 4 GB by its length', head('POST', CONFIG_MAPS, 'Content-Type: application/json', 'Content-Length: 4294967296'), /^HTTP\/1\.1 413 .*RequestEntityTooLarge/s],
    ['a chunked body without an end', head('POST', CONFIG_MAPS, 'Content-Type: application/json', 'Transfer-Encoding: chunked') + chunk.repeat(60), /^HTTP\/1\.1 413 .*RequestEntityTooLarge/s],
    ['a header of 100 KB', head('GET', CONFIG_MAPS, `X-Big: ${'x'.repeat(100_000)}`), /^HTTP\/1\.1 431 /],
    ['a selector of 100,000 requirements', head('GET', `${CONFIG_MAPS}?labelSelector=${Array.from({ length: 100_000 }, (_, index) => `a${index}`).join()}`), /^HTTP\/1\.1 431 /],
    ['two lengths', `${head('POST', CONFIG_MAPS, 'Content-Length: 2', 'Content-Length: 3')}{}`, /^HTTP\/1\.1 400 /],
    ['a length and chunks', `${head('POST', CONFIG_MAPS, 'Content-Length: 2', 'Transfer-Encoding: chunked')}0\r\n\r\n`, /^HTTP\/1\.1 400 /],
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a path without a slash', head('GET', 'foo', 'Connection: close'), /^HTTP\/1\.1 400 /],
    ['another host in the path', head('GET', 'http://other/api', 'Connection: close'), /^HTTP\/1\.1 400 /],
    ['an upgrade where nothing can be upgraded', head('GET', '/version', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'), /^HTTP\/1\.1 200 .*gitVersion/s],
    ['an upgrade of a list', head('GET', CONFIG_MAPS, 'Connection: Upgrade', 'Upgrade: SPDY/3.1'), /^HTTP\/1\.1 200 .*ConfigMapList/s],
    ['h2c', head('GET', '/version', 'Connection: Upgrade, HTTP2-Settings, close', 'Upgrade: h2c'), /^HTTP\/1\.1 200 .*gitVersion/s],
    ['exec into a pod that is missing', head('POST', '/api/v1/namespaces/default/pods/missing/exec?command=ls&stdout=true', 'Connection: Upgrade', 'Upgrade: SPDY/3.1'), /^HTTP\/1\.1 404 .*pods \\"missing\\" not found/s],
    ['port-forward to a pod that is missing', head('GET', '/api/v1/namespaces/default/pods/missing/portforward?ports=80', 'Connection: Upgrade', 'Upgrade: websocket'), /^HTTP\/1\.1 404 .*pods \\"missing\\" not found/s],
  ]
  const answers = await Promise.all(table.map(([, request]) => send(request)))
  answers.forEach((answer, index) => assert.match(answer.slice(0, 4_000), table[index]?.[2] ?? /never/, table[index]?.[0]))
  await checkServes()
})

test('HTTP/2: a body that is far too large is refused before it is all there', async () => {
  const client = bed.connect()
  const stream = client.session.request({ ':method': 'POST', ':path': CONFIG_MAPS, 'content-type': 'application/json' }, { endStream: false })
  stream.setMaxListeners(0).on('error', () => undefined)
  const answered = once(stream, 'response')
  const block = Buffer.alloc(256 * 1024, ' ')
  let sent = 0
  for (; sent < 200 && !stream.destroyed && !stream.closed; sent++) {
    if (!stream.write(block)) await Promise.race([once(stream, 'drain'), sleep(300)]).catch(() => undefined)
  }
  const [headers] = await answered
  assert.equal(headers[':status'], 413)
  client.close()
  await checkServes()
})

test('watchers that stop reading are ended, the memory stays bounded, and others see all', { timeout: 60_000 }, async () => {
  const sleepers = Array.from({ length: 12 }, () => bed.connect())
  const streams: ClientHttp2Stream[] = sleepers.map(({ session }) => session.request({ ':path': `${CONFIG_MAPS}?watch=true&labelSelector=big&resourceVersion=1` }))
  for (const stream of streams) stream.on('error', () => undefined).pause()
  const watching = Promise.all(streams.map((stream) => once(stream, 'response')))
  const sleeper1 = await bed.tls('http/1.1')
  sleeper1.on('error', () => undefined).pause()
  sleeper1.write(head('GET', `${CONFIG_MAPS}?watch=true&labelSelector=big`))
  await watching
  const awake = bed.connect()
  let seen = 0
  const reading = awake.session.request({ ':path': `${CONFIG_MAPS}?watch=true&labelSelector=big&resourceVersion=1` })
  reading.on('error', () => undefined)
  reading.on('data', (chunk: Buffer) => (seen += chunk.toString('latin1').split('"type":"MODIFIED"').length - 1))
  await api.call('POST', CONFIG_MAPS, { body: { metadata: { name: 'big', labels: { big: 'y' } } } })
  const before = bed.residentBytes()
  const payload = 'x'.repeat(900_000)
  for (let count = 0; count < 30; count++) {
    const answer = await api.call('PUT', `${CONFIG_MAPS}/big`, { body: { metadata: { name: 'big', labels: { big: 'y' } }, data: { count: String(count), payload } } })
    assert.equal(answer.status, 200)
  }
  for (let attempt = 0; attempt < 100 && seen < 30; attempt++) await sleep(50)
  assert.equal(seen, 30, 'who reads sees every update')
  const grown = bed.residentBytes() - before
  assert(grown < 400 * MIB, `${Math.round(grown / MIB)} MiB more`)
  const ended = bed.log().split('\n').filter((line) => line.includes('does not read')).length
  assert(ended >= 12, `${ended} sleepers were ended`)
  for (const client of [...sleepers, awake]) client.close()
  sleeper1.destroy()
  await checkServes()
})

test('three thousand idle watches cost little, all hear of a change, and leave nothing when they go', { timeout: 60_000 }, async () => {
  const before = bed.residentBytes()
  const clients = Array.from({ length: 15 }, () => bed.connect())
  let opened = 0
  let heard = 0
  for (const client of clients) {
    for (let count = 0; count < 200; count++) {
      const stream = client.session.request({ ':path': `${CONFIG_MAPS}?watch=true&fieldSelector=metadata.name%3Dring&resourceVersion=1` })
      stream.on('error', () => undefined).on('response', () => opened++).on('data', (chunk: Buffer) => (heard += chunk.includes('"ADDED"') ? 1 : 0))
    }
  }
  for (let attempt = 0; attempt < 400 && opened < 3_000; attempt++) await sleep(50)
  assert.equal(opened, 3_000)
  assert((bed.residentBytes() - before) / 3_000 < 64 * 1024, `${Math.round((bed.residentBytes() - before) / 3_000)} bytes for each`)
  assert.equal((await api.call('POST', CONFIG_MAPS, { body: { metadata: { name: 'ring' } } })).status, 201)
  for (let attempt = 0; attempt < 200 && heard < 3_000; attempt++) await sleep(50)
  assert.equal(heard, 3_000)
  for (const client of clients) client.close()
  await checkServes()
})

test('a client that aborts a followed log is no error, with a node that streams, is silent or breaks off', async () => {
  // A copy: the server would take up the certificate that this makes for it, which has no names.
  const copy = join(bed.dataDirectory, 'pki-copy')
  cpSync(join(bed.dataDirectory, 'pki'), copy, { recursive: true })
  const pki = createClusterPki(copy, { names: [], addresses: [], clock: systemClock, log: silentLog })
  const { serving } = pki.node('fake', { names: ['fake'], addresses: ['127.0.0.1'] })
  const node = createHttps({ key: serving.keyPem, cert: serving.certificatePem }, (request, response) => {
    if (request.url?.includes('tailLines=1') === true) return
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write('a line\n')
    if (request.url?.includes('tailLines=2') === true) setTimeout(() => response.destroy(), 50)
  })
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve))
  const { port } = node.address() as AddressInfo
  const status = { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints: { kubeletEndpoint: { Port: port } } }
  assert.equal((await api.call('POST', '/api/v1/nodes', { body: { metadata: { name: 'fake' }, status } })).status, 201)
  await api.call('PATCH', '/api/v1/nodes/fake/status', { body: { status }, type: 'application/merge-patch+json' })
  const pod = { metadata: { name: 'p' }, spec: { nodeName: 'fake', containers: [{ name: 'c', image: 'i' }] } }
  assert.equal((await api.call('POST', '/api/v1/namespaces/default/pods', { body: pod })).status, 201)
  try {
    for (const tail of ['', '&tailLines=1', '&tailLines=2']) {
      const path = `/api/v1/namespaces/default/pods/p/log?follow=true${tail}`
      const stream = api.session.request({ ':path': path })
      stream.on('error', () => undefined)
      if (tail !== '&tailLines=1') await once(stream, 'data')
      await sleep(100)
      stream.close(constants.NGHTTP2_CANCEL)
      const socket = await bed.tls('http/1.1')
      socket.on('error', () => undefined).write(head('GET', path))
      await sleep(150)
      socket.destroy()
    }
    await sleep(200)
  } finally {
    node.closeAllConnections()
    node.close()
  }
  await checkServes()
})

test('slow headers and slow bodies are given up', { timeout: 60_000 }, async () => {
  assert.match(await slow.headers, /^HTTP\/1\.1 408 /)
  const [body, body2] = await Promise.all([slow.body, slow.body2])
  assert.match(body, /^HTTP\/1\.1 408 .*the request body made no progress for 30 seconds/s)
  assert.match(failureOf({ status: 408, headers: {}, text: body2, json: Object(JSON.parse(body2)) }), /^408 Timeout: the request body made no progress/)
  await checkServes()
})

test('none of that is an error in the log', () => {
  assert.deepEqual(errorLines(bed.log()), [])
})
