import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createTlsServer, request as httpsRequest } from 'node:https'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { gzipSync } from 'node:zlib'
import type { Handler } from '../apiserver/http.ts'
import { silentLog } from '../words/ports.ts'
import { systemClock } from './clock.ts'
import { startHttpsServer } from './https-server.ts'
import { createNodeProxy } from './node-proxy.ts'
import { createClusterPki } from './pki.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-backend-proxy-'))
const pki = createClusterPki(directory, { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog })
const { caPem: ca } = pki
/** What the backend was asked last. */
let asked: { method: string; url: string; headers: IncomingMessage['headers']; body: string } = { method: '', url: '', headers: {}, body: '' }
const PAGE = '<html><a href="/next">next</a></html>'

const listener: RequestListener = (request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const { method = '', url = '', headers } = request
    asked = { method, url, headers, body: Buffer.concat(parts).toString() }
    switch (url) {
      case '/page': return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': PAGE.length }).end(PAGE)
      case '/packed': return response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' }).end(gzipSync(PAGE))
      case '/torn': return response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' }).end('no gzip')
      case '/moved': return response.writeHead(302, { location: '/elsewhere?a=b' }).end()
      case '/cookies': return response.writeHead(204, { 'set-cookie': ['a=1; Path=/', 'b=2'] }).end()
      case '/open': return response.writeHead(200, { 'access-control-allow-origin': '*', upgrade: 'h2c', connection: 'x-hop', 'x-hop': '1', 'x-kept': '1' }).end('open')
      case '/missing': return response.writeHead(404, { 'content-type': 'text/plain' }).end('not here')
      default: return response.writeHead(200, { 'content-type': 'text/plain' }).end(`${method} ${url}`)
    }
  })
}

function echoUpgrades(server: Server): void {
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    asked = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: '' }
    socket.on('error', () => undefined)
    if (request.url !== '/echo') return void socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno')
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
    socket.write(head)
    socket.pipe(socket)
  })
}

const plain = createServer(listener)
const sealed = createTlsServer({ key: pki.apiServer.keyPem, cert: pki.apiServer.certificatePem }, listener)
/** Says what no server may. */
const rude = createTcpServer((socket) => {
  socket.on('error', () => undefined)
  socket.once('data', (data) => {
    if (String(data).startsWith('GET /mute')) return
    if (String(data).startsWith('GET /bare')) return void socket.end('HTTP/1.1 200 OK\nX-Kept: 1\nX-Bad: a\x01b\nSet-Cookie: a=\x01\nContent-Length: 4\n\nbare')
    if (String(data).startsWith('GET /half')) return void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf')
    socket.end(String(data).startsWith('GET /rubbish') ? 'rubbish\r\n\r\n' : 'HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n')
  })
})
for (const server of [plain, sealed]) echoUpgrades(server)
const portOf = (server: Server): Promise<number> => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
const ports = { plain: await portOf(plain), sealed: await portOf(sealed), rude: await portOf(rude), nobody: 1 }

const nodeProxy = createNodeProxy({ caPem: ca, ...pki.apiServerToNode, connectTimeoutMs: 1000 })
/** /plain/proxy/a/path?query */
const handler: Handler = ({ path, query, method, peer }) => {
  const [, to = '', , ...rest] = path.split('/')
  const scheme = to === 'sealed' ? 'https' : 'http'
  return {
    type: 'tunnel',
    target: {
      backend: { scheme, address: '127.0.0.1', port: ports[to as keyof typeof ports] }, basePath: `/${to}/proxy`, clientAddress: peer.address, method,
      path: `/${rest.join('/')}${query === '' ? '' : `?${query}`}`,
    },
  }
}
const server = await startHttpsServer({ host: '127.0.0.1', port: 0, ...pki.apiServer, caPem: ca, handler, nodeProxy, log: silentLog })

after(async () => {
  await server.close()
  nodeProxy.close()
  for (const started of [plain, sealed]) started.closeAllConnections()
  for (const started of [plain, sealed, rude]) started.close()
  rmSync(directory, { recursive: true })
})

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

function ask(path: string, { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest({ host: '127.0.0.1', port: server.port, servername: 'localhost', ca, path, method, headers: { host: 'api.example.com', ...headers }, agent: false }, (answer) => {
      let text = ''
      answer.on('data', (part) => { text += String(part) })
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

test('a request goes to the backend as it came, without what says who asks', async () => {
  const secret = { authorization: 'Bearer secret', 'x-remote-user': 'admin', 'impersonate-user': 'admin', te: 'trailers' }
  for (const to of ['plain', 'sealed']) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const body = method === 'GET' || method === 'OPTIONS' ? '' : 'a body'
      const headers = { ...secret, cookie: 'a=b', 'x-own': '1', ...(body === '' ? {} : { 'transfer-encoding': 'chunked' }) }
      const { status, text } = await ask(`/${to}/proxy/a%2Fb//c/?d=e%20f`, { method, body, headers })
      assert.deepEqual([status, text], [200, `${method} /a%2Fb//c/?d=e%20f`])
      const { headers: told } = asked
      assert.deepEqual([asked.body, told['cookie'], told['x-own'], told.host], [body, 'a=b', '1', 'api.example.com'])
      assert.deepEqual([told['x-forwarded-for'], told['x-forwarded-uri']], ['127.0.0.1', `/${to}/proxy/a%2Fb//c/`])
      assert.deepEqual(Object.keys(secret).filter((name) => name in told), [])
    }
  }
  const { status, text, headers } = await ask('/plain/proxy/page', { method: 'HEAD' })
  assert.deepEqual([status, text, headers['content-type']], [200, '', 'text/html; charset=utf-8'])
  assert.equal((await ask('/plain/proxy/x', { headers: { 'x-forwarded-for': '10.1.1.1' } })).status, 200)
  assert.equal(asked.headers['x-forwarded-for'], '10.1.1.1, 127.0.0.1')
})

test('answers come as they are, but for links, redirects and what is for one hop', async () => {
  for (const to of ['plain', 'sealed']) {
    const page = `<html><a href="/${to}/proxy/next">next</a></html>`
    assert.equal((await ask(`/${to}/proxy/page`)).text, page)
    const packed = await ask(`/${to}/proxy/packed`)
    assert.deepEqual([packed.text, packed.headers['content-encoding']], [page, undefined])
    const { status, headers } = await ask(`/${to}/proxy/moved`)
    assert.deepEqual([status, headers.location], [302, `/${to}/proxy/elsewhere?a=b`])
    const missing = await ask(`/${to}/proxy/missing`)
    assert.deepEqual([missing.status, missing.text], [404, 'not here'])
    assert.deepEqual((await ask(`/${to}/proxy/cookies`)).headers['set-cookie'], ['a=1; Path=/', 'b=2'])
    const open = (await ask(`/${to}/proxy/open`)).headers
    assert.deepEqual(['access-control-allow-origin', 'upgrade', 'x-hop', 'x-kept'].map((name) => open[name]), [undefined, undefined, undefined, '1'])
  }
})

test('over HTTP/2 too', async () => {
  const session = connectHttp2(`https://127.0.0.1:${server.port}`, { ca })
  const get = (path: string, method = 'GET'): Promise<unknown[]> => new Promise((resolve, reject) => {
    const stream = session.request({ ':method': method, ':path': path })
    let [text, head]: [string, unknown[]] = ['', []]
    stream.on('response', (headers) => { head = [headers[':status'], headers['set-cookie'], headers['upgrade']] })
    stream.on('data', (part) => { text += String(part) })
    stream.on('end', () => resolve([...head, text]))
    stream.on('error', reject)
  })
  try {
    assert.deepEqual(await get('/plain/proxy/cookies'), [204, ['a=1; Path=/', 'b=2'], undefined, ''])
    assert.deepEqual(await get('/plain/proxy/open'), [200, undefined, undefined, 'open'])
    assert.deepEqual(await get('/plain/proxy/page', 'HEAD'), [200, undefined, undefined, ''])
    assert.deepEqual(await get('/plain/proxy/page'), [200, undefined, undefined, '<html><a href="/plain/proxy/next">next</a></html>'])
    assert.equal(asked.headers.host, `127.0.0.1:${server.port}`)
    const [status, , , text] = await get('/rude/proxy/strange')
    assert.equal(status, 502)
    assert.match(String(text), /the server at 127.0.0.1:\d+ answered with the status 999/)
  } finally {
    session.close()
  }
})

test('a backend that is not there, or speaks no HTTP, is told of', async () => {
  const told = async (path: string): Promise<string> => {
    const { status, text } = await ask(path)
    return `${status} ${(JSON.parse(text) as { message: string }).message}`
  }
  assert.equal(await told('/nobody/proxy/x'), '503 error trying to reach service: dial tcp 127.0.0.1:1: connect: connection refused')
  assert.match(await told('/rude/proxy/rubbish'), /^503 error trying to reach service: .*Parse Error/)
  assert.match(await told('/rude/proxy/strange'), /^502 the server at 127.0.0.1:\d+ answered with the status 999, which HTTP does not have$/)
  const { text, headers } = await ask('/rude/proxy/bare')
  assert.deepEqual([text, headers['x-kept'], headers['x-bad'], headers['set-cookie']], ['bare', '1', undefined, undefined], 'lines without carriage returns, as Go reads them')
  for (const path of ['/rude/proxy/half', '/plain/proxy/torn']) await assert.rejects(ask(path), path)
  assert.equal((await ask('/plain/proxy/still-there')).status, 200)
})

test('a client that does not wait for its answer takes the request back', async () => {
  const outgoing = httpsRequest({ host: '127.0.0.1', port: server.port, ca, path: '/rude/proxy/mute', agent: false })
  const reached = new Promise<Socket>((resolve) => rude.once('connection', resolve))
  outgoing.on('error', () => undefined)
  outgoing.end()
  const socket = await reached
  const closed = new Promise((resolve) => socket.once('close', resolve))
  outgoing.destroy()
  await closed
})

async function upgrade(path: string, early: string): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: server.port, ca, ALPNProtocols: ['http/1.1'] })
  const head = 'Host: api.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: a=b\r\nAuthorization: Bearer secret\r\nX-Remote-User: admin\r\nContent-Length: 0'
  socket.write(`GET ${path} HTTP/1.1\r\n${head}\r\nSec-WebSocket-Protocol: chat, base64url.bearer.authorization.k8s.io.c2VjcmV0\r\n\r\n${early}`)
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

test('an upgrade goes through once the backend has agreed', async () => {
  for (const to of ['plain', 'sealed']) {
    const socket = await upgrade(`/${to}/proxy/echo`, 'early ')
    socket.write('late')
    assert.match(await until(socket, 'late'), /^HTTP\/1.1 101 [^]*\r\n\r\nearly late$/)
    socket.end()
    await until(socket, '')
    const { headers } = asked
    assert.deepEqual(
      ['cookie', 'host', 'x-forwarded-for', 'sec-websocket-protocol', 'authorization', 'x-remote-user', 'content-length'].map((name) => headers[name]),
      ['a=b', 'api.example.com', '127.0.0.1', 'chat', undefined, undefined, undefined],
    )
    assert.match(await until(await upgrade(`/${to}/proxy/refused`, 'GET /secret HTTP/1.1\r\nHost: x\r\n\r\n'), ''), /^HTTP\/1.1 403 Forbidden\r\n[^]*\r\n\r\nno$/)
    assert.equal(asked.url, '/refused')
  }
  assert.match(await until(await upgrade('/nobody/proxy/echo', ''), ''), /^HTTP\/1.1 503 [^]*error trying to reach service: dial tcp 127.0.0.1:1: connect: connection refused/)
})
