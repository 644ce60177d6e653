import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import type { User } from '../apiserver/access.ts'
import type { RemoteTarget } from '../apiserver/aggregation/remote-api.ts'
import { testRequest } from '../apiserver/apiserver.testing.ts'
import type { Handler } from '../apiserver/http.ts'
import { silentLog } from '../words/ports.ts'
import { systemClock } from './clock.ts'
import { startHttpsServer } from './https-server.ts'
import { createNodeProxy } from './node-proxy.ts'
import { createCertificate } from './pki-certificate.ts'
import { createClusterPki } from './pki.ts'
import { createRemoteApi } from './remote-api.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-api-tunnel-'))
const pki = createClusterPki(directory, { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog })
const alice: User = { name: 'alice', uid: '', groups: ['devs', 'system:authenticated'], extra: { 'example.com/Team': ['a'] } }
/** What the other server was asked, a line each. */
const asked: string[] = []

const backend = startBackend()
const backendPort = await listening(backend)
const remote = createRemoteApi(pki.frontProxy)
const nodeProxy = createNodeProxy({ caPem: pki.caPem, ...pki.apiServerToNode, connectTimeoutMs: 1_000, frontProxy: pki.frontProxy })
const target: RemoteTarget = { host: '127.0.0.1', port: backendPort, serverName: 'localhost', caPem: pki.caPem, isUnverified: false }
const handler: Handler = (request) => {
  const api = request.query === 'untrusted' ? { ...target, caPem: pki.frontProxy.caPem } : request.query === 'nobody' ? { ...target, port: 1 } : target
  if (request.headers['upgrade'] === undefined) return remote.forward(api, request, alice)
  return { type: 'tunnel', target: { api, user: alice, clientAddress: request.peer.address, path: request.path, method: request.method } }
}
const server = await startHttpsServer({ host: '127.0.0.1', port: 0, ...pki.apiServer, caPem: pki.caPem, handler, nodeProxy, log: silentLog })

after(async () => {
  await server.close()
  nodeProxy.close()
  remote.close()
  backend.closeAllConnections()
  backend.close()
  rmSync(directory, { recursive: true })
})

function note(request: IncomingMessage, socket: TLSSocket): void {
  const { headers } = request
  const claims = ['x-remote-user', 'x-remote-group', 'x-remote-extra-example.com%2fteam', 'authorization', 'impersonate-user', 'sec-websocket-protocol']
  if ('x-own-hop' in headers) asked.push('what Connection names was passed on')
  asked.push(`${request.method} ${request.url} by ${socket.getPeerCertificate().subject?.CN}: ${claims.map((name) => String(headers[name] ?? '-')).join(' ')}`)
}

/** Upgrades /echo, refuses all other upgrades; answers GET and a watch. */
function startBackend(): Server {
  const started = createServer({ key: pki.apiServer.keyPem, cert: pki.apiServer.certificatePem, ca: pki.frontProxy.caPem, requestCert: true }, (request, response) => {
    note(request, request.socket as TLSSocket)
    if (request.url === '/silent') return
    if (request.url === '/document') return void response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    if (request.url === '/moved') return void response.writeHead(302, { location: 'https://elsewhere.example.com/' }).end()
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"type":"ADDED"}\n')
    const timer = setInterval(() => response.write('{"type":"MODIFIED"}\n'), 5)
    response.on('close', () => clearInterval(timer))
  })
  started.on('upgrade', (request: IncomingMessage, socket: TLSSocket, head: Buffer) => {
    note(request, socket)
    socket.on('error', () => undefined)
    if (request.url !== '/echo') return void socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nno')
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${request.headers.upgrade}\r\n\r\n`)
    socket.write(head)
    socket.pipe(socket)
  })
  return started
}

function listening(started: Server): Promise<number> {
  return new Promise((resolve) => started.listen(0, '127.0.0.1', () => resolve((started.address() as AddressInfo).port)))
}

async function upgrade(path: string, protocol: string, early = ''): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: pki.caPem, ALPNProtocols: ['http/1.1'] })
  const claims = 'Authorization: Bearer secret\r\nX-Remote-User: admin\r\nX-Remote-Group: system:masters\r\nImpersonate-User: admin\r\n'
  const protocols = protocol === 'websocket' ? 'Sec-WebSocket-Protocol: v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.c2VjcmV0\r\n' : ''
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, X-Own-Hop\r\nX-Own-Hop: 1\r\nUpgrade: ${protocol}\r\n${claims}${protocols}\r\n${early}`)
  return socket
}

/** Reads until the text has come, or the connection ends. */
async function until(socket: TLSSocket, text: string): Promise<string> {
  let received = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    received += String(chunk)
    if (text !== '' && received.includes(text)) break
  }
  return received
}

test('an upgrade goes through to another API server, in the name of the user and of nobody else', async () => {
  for (const protocol of ['websocket', 'SPDY/3.1']) {
    asked.length = 0
    const socket = await upgrade('/echo', protocol, 'early ')
    socket.write('late')
    const received = await until(socket, 'late')
    assert.match(received, new RegExp(`^HTTP/1.1 101 Switching Protocols\\r\\nconnection: upgrade\\r\\nupgrade: ${protocol}\\r\\n\\r\\nearly late$`))
    socket.end()
    await until(socket, '')
    const protocols = protocol === 'websocket' ? 'v5.channel.k8s.io' : '-'
    assert.deepEqual(asked, [`POST /echo by front-proxy-client: alice ${['devs', 'system:authenticated'].join(', ')} a - - ${protocols}`])
  }
})

test('an upgrade that is refused is answered, and nothing that the client sends after it is passed on', async () => {
  asked.length = 0
  const socket = await upgrade('/refused', 'websocket', 'GET /secret HTTP/1.1\r\nHost: x\r\nX-Remote-User: admin\r\n\r\n')
  assert.match(await until(socket, ''), /^HTTP\/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno$/)
  assert.deepEqual(asked.map((line) => line.split(' by ')[0]), ['POST /refused'])
})

test('a server that is not there, or is another one, is told of with 503', async () => {
  const check = async (path: string, expected: RegExp): Promise<void> => assert.match(await until(await upgrade(path, 'websocket'), ''), expected)
  await check('/echo?nobody', /^HTTP\/1.1 503 [^]*error trying to reach service: the API server localhost at 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused/)
  await check('/echo?untrusted', /^HTTP\/1.1 503 [^]*error trying to reach service: [^]*certificate/)
})

test('who speaks of an upgrade and asks for none is answered as anybody else, and claims nothing', async () => {
  asked.length = 0
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: pki.caPem, ALPNProtocols: ['http/1.1'] })
  socket.write('GET /plain HTTP/1.1\r\nHost: x\r\nConnection: X-Own-Hop, keep-alive\r\nX-Own-Hop: 1\r\nUpgrade: websocket\r\nX-Remote-User: admin\r\nX-Remote-Extra-Example.com%2fTeam: admins\r\n\r\n')
  assert.match(await until(socket, 'ADDED'), /^HTTP\/1.1 200 OK/)
  socket.destroy()
  assert.deepEqual(asked, ['GET /plain by front-proxy-client: alice devs, system:authenticated a - - -'])
})

test('a body is never taken for another request, in the name of this server', async () => {
  const smuggled = 'GET /secret HTTP/1.1\r\nHost: x\r\nX-Remote-User: admin\r\nX-Remote-Group: system:masters\r\n\r\n'
  const chunked = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`
  for (const method of ['GET', 'DELETE', 'OPTIONS', 'POST']) {
    asked.length = 0
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: pki.caPem, ALPNProtocols: ['http/1.1'] })
    socket.write(`${method} /document HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`)
    assert.match(await until(socket, ''), /^HTTP\/1.1 200 OK/)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(asked.map((line) => line.split(' by ')[0]), [`${method} /document`])
  }
})

test('a watch streams; a redirect is refused', async () => {
  asked.length = 0
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: pki.caPem, ALPNProtocols: ['http/1.1'] })
  socket.write('GET /watch HTTP/1.1\r\nHost: x\r\nX-Remote-User: admin\r\nX-Remote-Extra-Scopes: all\r\n\r\n')
  assert.match(await until(socket, 'MODIFIED'), /^HTTP\/1.1 200 OK[^]*ADDED/)
  socket.destroy()
  const other = connect({ host: '127.0.0.1', port: server.port, ca: pki.caPem, ALPNProtocols: ['http/1.1'] })
  other.write('GET /moved HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  const refused = await until(other, '')
  assert.match(refused, /^HTTP\/1.1 502 [^]*the backend attempted to redirect this request, which is not permitted/)
  assert.doesNotMatch(refused, /elsewhere/)
  assert.match(asked[0] ?? '', /^GET \/watch by front-proxy-client: alice /)
})

test('documents are read once, and again when they have changed', async () => {
  const question = { path: '/x', user: 'system:aggregator', timeoutMs: 300, maxBytes: 100 }
  await assert.rejects(remote.read(target, question), /the answer is larger than 100 bytes|no answer within 0.3 seconds/)
  await assert.rejects(remote.read(target, { ...question, path: '/moved' }), new RegExp(`bad status from https://127.0.0.1:${backendPort}/moved: 302`))
})

test('a renewed certificate is shown on new connections; what is on its way goes on', async () => {
  asked.length = 0
  const get = async (): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: pki.caPem, ALPNProtocols: ['http/1.1'] })
    socket.write('GET /watch HTTP/1.1\r\nHost: x\r\n\r\n')
    return await until(socket, 'MODIFIED').finally(() => socket.destroy())
  }
  const standing = connect({ host: '127.0.0.1', port: server.port, ca: pki.caPem, ALPNProtocols: ['http/1.1'] })
  standing.write('GET /watch HTTP/1.1\r\nHost: x\r\n\r\n')
  await until(standing, 'ADDED')
  await get()
  const signer = {
    certificatePem: pki.frontProxy.caPem, keyPem: readFileSync(join(directory, 'front-proxy-ca.key'), 'utf8'), commonName: 'lotse-front-proxy-ca',
  }
  const renewed = createCertificate({ commonName: 'another', organizations: [], use: 'client', names: [], addresses: [] }, signer, { now: systemClock.now(), lifetimeMs: 3_600_000 })
  remote.renew(renewed)
  nodeProxy.renew({ ...pki.apiServerToNode, frontProxy: renewed })
  await get()
  const upgraded = await upgrade('/echo', 'websocket', 'hello')
  await until(upgraded, 'hello')
  upgraded.destroy()
  assert.deepEqual(asked.map((line) => / by (\S+):/.exec(line)?.[1]), ['front-proxy-client', 'front-proxy-client', 'another', 'another'])
  assert.match(await until(standing, 'MODIFIED'), /MODIFIED/)
  standing.destroy()
})

test('many who wait for another server do not keep this one from asking whether it is well', async () => {
  const abort = new AbortController()
  const waiting = Array.from({ length: 300 }, () => remote.forward(target, testRequest('GET', '/silent', undefined, {}, abort.signal), alice).catch(() => 'given up'))
  const answer = await remote.read(target, { path: '/document', user: 'system:kube-aggregator', timeoutMs: 5_000, maxBytes: 100 })
  assert.equal(answer.outcome, 'document')
  abort.abort()
  assert.deepEqual(new Set(await Promise.all(waiting)), new Set(['given up']))
})
