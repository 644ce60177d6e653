import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as http1Request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { Agent, createServer as createHttps, request as httpsRequest, type RequestOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Handler, ServerRequest, ServerResponse } from '../apiserver/http.ts'
import { StatusError } from '../words/status-error.ts'
import { silentLog, type Log } from '../words/ports.ts'
import { textOf, utf8 } from '../words/bytes.ts'
import { systemClock } from './clock.ts'
import type { HttpsServer } from './https-server.ts'
import type { NodeProxyOptions } from './node-proxy.ts'
import { createClusterPki, type ClusterPki, type Credentials } from './pki.ts'

export interface ServerUnderTest {
  readonly pki: ClusterPki
  readonly port: number
  readonly handler: Handler
  readonly nodeProxy: NodeProxyOptions
  readonly log: Log
}

interface Answer { status: number; text: string; headers: Record<string, unknown> }

/** What every server does that serves the API's handler over TLS. */
export async function httpsServerConformance(startServer: (server: ServerUnderTest) => Promise<HttpsServer>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'lotse-https-'))
  const foreignDirectory = mkdtempSync(join(tmpdir(), 'lotse-https-'))
  const pki = createClusterPki(directory, { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog })
  const foreign = createClusterPki(foreignDirectory, { names: [], addresses: [], clock: systemClock, log: silentLog })
  const node = pki.node('one', { names: ['one'], addresses: ['127.0.0.1'] })

  const closers: (() => unknown)[] = []
  after(async () => {
    for (const close of closers.toReversed()) await close()
    rmSync(directory, { recursive: true })
    rmSync(foreignDirectory, { recursive: true })
  })

  const agentPort = await startAgent()

  const handler: Handler = async (request) => {
    switch (request.path) {
      case '/echo':
        return whole(200, `${request.method} ${request.query} ${textOf(await request.body(1000).catch((error) => utf8(errorLine(error))))}`)
      case '/peer': return whole(200, JSON.stringify(request.peer.certificate ?? 'none', ['commonName', 'organizations']))
      case '/proxy': return whole(200, request.peer.proxyName ?? 'none')
      case '/claims': return whole(
        200, JSON.stringify(['impersonate-user', 'impersonate-group', 'accept'].map((name) => request.headers[name])),
      )
      case '/kept':
        seen.bodies.push(await request.body(1_000_000).then((body) => `${body.length} bytes`, errorLine))
        return whole(200, 'kept')
      case '/large': return { type: 'whole', status: 200, headers: {}, body: Array.from({ length: 2000 }, () => Buffer.alloc(5000, 'x')) }
      case '/unread': return whole(401, 'no')
      case '/broken': throw new Error('secret detail')
      case '/refused': throw new StatusError(429, 'TooManyRequests', 'later')
      case '/watch': return watch(request)
      case '/flood': return flood(request)
      case '/stubborn': return new Promise((resolve) => setTimeout(() => resolve(whole(200, 'late')), 3000).unref())
      case '/tunnel': return {
        type: 'tunnel',
        target: { nodeName: request.query || 'one', address: '127.0.0.1', port: agentPort, path: '/agent?x=1', method: request.method },
      }
      default: return whole(404, request.path)
    }
  }
  const warnings: string[] = []
  const seen = { aborted: 0, backlog: 0, bodies: [] as string[] }
  const server = await start(handler)
  const h2 = session()

  function whole(status: number, text: string): ServerResponse {
    return { type: 'whole', status, headers: { 'content-type': 'text/plain' }, body: text === '' ? [] : [utf8(text)] }
  }

  /** Two events, then silence until the client goes. */
  function watch(request: ServerRequest): ServerResponse {
    return {
      type: 'stream', status: 200, headers: {}, isLasting: true,
      send: async (sink) => {
        sink.write(utf8('one '))
        sink.write(utf8('two '))
        await new Promise<void>((resolve) => request.signal.addEventListener('abort', () => resolve(), { once: true }))
        seen.aborted++
      },
    }
  }

  /** Writes until 5 MB are not taken, as a watch does whose client sleeps. */
  function flood(request: ServerRequest): ServerResponse {
    return {
      type: 'stream', status: 200, headers: {}, isLasting: true,
      send: async (sink) => {
        const block = Buffer.alloc(64 * 1024)
        for (let count = 0; count < 400 && sink.backlogBytes() < 5_000_000 && !request.signal.aborted; count++) {
          sink.write(block)
          await new Promise((resolve) => setImmediate(resolve))
        }
        seen.backlog = sink.backlogBytes()
      },
    }
  }

  async function start(handle: Handler, port = 0): Promise<HttpsServer> {
    const nodeProxy = { caPem: pki.caPem, ...pki.apiServerToNode, connectTimeoutMs: 1000 }
    const started = await startServer({
      pki, port, handler: handle, nodeProxy, log: { ...silentLog, warn: (message) => warnings.push(message) },
    })
    closers.push(() => started.close())
    return started
  }

  /** A node's server: answers GET with what it saw, and upgrades into an echo. */
  async function startAgent(): Promise<number> {
    const agent = createHttps({
      key: node.serving.keyPem, cert: node.serving.certificatePem, ca: pki.caPem, requestCert: true, rejectUnauthorized: true,
    })
    agent.on('request', (message, response) => {
      response.writeHead(200, { 'content-type': 'text/log' })
      const socket = message.socket as TLSSocket
      response.write(
        `${message.method} ${message.url} by ${socket.getPeerCertificate().subject.CN} token ${message.headers.authorization ?? 'none'}\n`,
      )
      setTimeout(() => response.end('followed\n'), 5)
    })
    agent.on('upgrade', (message: IncomingMessage, socket, head) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${message.headers.upgrade}\r\nX-Path: ${message.url}\r\n` +
          `X-Protocols: ${message.headers['sec-websocket-protocol']}\r\nX-Token: ${message.headers.authorization}\r\n\r\n`,
      )
      socket.write(head)
      socket.pipe(socket)
    })
    await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve))
    closers.push(() => agent.close())
    return (agent.address() as AddressInfo).port
  }

  function session(credentials?: Credentials, to: HttpsServer = server): ClientHttp2Session {
    const client = connectHttp2(`https://127.0.0.1:${to.port}`, {
      ca: pki.caPem, ...(credentials === undefined ? {} : { cert: credentials.certificatePem, key: credentials.keyPem }),
    })
    client.on('error', () => undefined)
    closers.push(() => client.destroy())
    return client
  }

  function viaHttp2(
    client: ClientHttp2Session, method: string, path: string, body?: Uint8Array, headers: OutgoingHttpHeaders = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = client.request({ ...headers, ':method': method, ':path': path }, { endStream: body === undefined })
      let status = 0
      let answered = {}
      const chunks: Buffer[] = []
      stream.on('response', (received) => {
        status = received[':status'] ?? 0
        answered = received
      })
      stream.on('data', (chunk) => chunks.push(chunk))
      stream.on('end', () => resolve({ status, headers: answered, text: Buffer.concat(chunks).toString() }))
      stream.on('error', (error) => (status === 0 ? reject(error) : undefined))
      if (body !== undefined) stream.end(body)
    })
  }

  function viaHttp1(options: RequestOptions, body?: Uint8Array): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = httpsRequest({ host: '127.0.0.1', port: server.port, ca: pki.caPem, ...options }, (message) => {
        const chunks: Buffer[] = []
        message.on('data', (chunk) => chunks.push(chunk))
        message.on(
          'end', () => resolve({ status: message.statusCode ?? 0, headers: message.headers, text: Buffer.concat(chunks).toString() }),
        )
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  function errorLine(error: unknown): string {
    return error instanceof StatusError ? `${error.code} ${error.message}` : String(error)
  }

  test('both protocols serve the same', async () => {
    const large = 'x'.repeat(10_000_000)
    for (const via of [
      (method: string, path: string, body?: Uint8Array) => viaHttp2(h2, method, path, body),
      (method: string, path: string, body?: Uint8Array) => viaHttp1({ method, path }, body),
    ]) {
      const line = async (method: string, path: string, body?: Uint8Array): Promise<string> => {
        const { status, text } = await via(method, path, body)
        return `${status} ${text}`
      }
      assert.equal(await line('GET', '/echo?a=1&b=?'), '200 GET a=1&b=? ')
      assert.equal(await line('POST', '/echo', utf8('hello')), '200 POST  hello')
      assert.equal(await line('POST', '/echo', Buffer.alloc(1001)), '200 POST  413 the request body is larger than 1000 bytes')
      assert.equal(await line('PUT', '/unread', Buffer.alloc(100)), '401 no')
      assert.equal(await line('GET', '/a/../%2e%2e//b'), '404 /a/../%2e%2e//b')
      assert.equal(await line('HEAD', '/echo'), '200 ')
      assert.equal((await via('GET', '/large')).text, large)
    }
  })

  test('a body within which the connection breaks is none, also where nobody has said how long it would be', async () => {
    const client = session()
    const stream = client.request({ ':method': 'POST', ':path': '/kept' })
    stream.on('error', () => undefined)
    stream.write(Buffer.alloc(100_000))
    await new Promise((resolve) => setTimeout(resolve, 100))
    client.destroy()
    assert.equal((await viaHttp2(h2, 'POST', '/kept', Buffer.alloc(100_000))).text, 'kept')
    await until(() => seen.bodies.length === 2)
    assert.deepEqual(seen.bodies.sort(), ['100000 bytes', '400 the connection ended in the middle of the request body'])
  })

  test('lines of a header that says who somebody is are kept apart, whatever is in them', async () => {
    const headers = {
      'Impersonate-User': 'ann', 'Impersonate-Group': ['x, system:masters', 'cn=a,ou=b'], Accept: ['text/html', 'text/plain'],
    }
    const expected = ['ann', 'x, system:masters\ncn=a,ou=b', 'text/html, text/plain']
    assert.deepEqual(JSON.parse((await viaHttp2(h2, 'GET', '/claims', undefined, headers)).text), expected)
    assert.deepEqual(JSON.parse((await viaHttp1({ path: '/claims', headers })).text), expected)
  })

  test('an error of the handler shows no details, a StatusError its own words', async () => {
    const broken = await viaHttp2(h2, 'GET', '/broken')
    assert.deepEqual([broken.status, JSON.parse(broken.text).message], [500, 'Internal error occurred: the request could not be handled'])
    const refused = await viaHttp1({ path: '/refused' })
    assert.deepEqual([refused.status, JSON.parse(refused.text).reason], [429, 'TooManyRequests'])
  })

  test('a certificate counts when our authority signed it for clients', async () => {
    const peer = async (credentials?: Credentials): Promise<string> => (await viaHttp2(session(credentials), 'GET', '/peer')).text
    assert.equal(await peer(pki.admin), '{"commonName":"kubernetes-admin","organizations":["system:masters"]}')
    assert.equal(await peer(node.client), '{"commonName":"system:node:one","organizations":["system:nodes"]}')
    assert.deepEqual([await peer(), await peer(foreign.admin), await peer(node.serving)], ['"none"', '"none"', '"none"'])
    assert.equal(
      (await viaHttp1({ path: '/peer', key: pki.admin.keyPem, cert: pki.admin.certificatePem })).text,
      '{"commonName":"kubernetes-admin","organizations":["system:masters"]}',
    )
  })

  test('renewed authorities judge every connection; whom a former authority of proxies has signed is nobody', async () => {
    const renewed = await start(handler)
    const ask = async (credentials: Credentials, path: string): Promise<string> => (
      (await viaHttp2(session(credentials, renewed), 'GET', path)).text)
    const shortly = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))
    const seenAs = async (): Promise<string> => `${await ask(pki.frontProxy, '/proxy')} ${await ask(foreign.frontProxy, '/proxy')}`
    assert.equal(await seenAs(), 'none none')
    const steps: [frontProxyCaPem: string | undefined, expected: string][] = [
      [pki.frontProxy.caPem, 'front-proxy-client none'], [foreign.frontProxy.caPem, 'none front-proxy-client'],
      [`${pki.frontProxy.caPem}${foreign.frontProxy.caPem}`, 'front-proxy-client front-proxy-client'], [undefined, 'none none'],
    ]
    for (const [frontProxyCaPem, expected] of steps) {
      renewed.renew({ ...pki.apiServer, caPem: pki.caPem, frontProxyCaPem })
      for (let waited = 0; waited < 100 && await seenAs() !== expected; waited++) await shortly()
      assert.equal(await seenAs(), expected)
      assert.deepEqual([await ask(pki.frontProxy, '/peer'), await ask(foreign.frontProxy, '/peer')], ['"none"', '"none"'])
      assert.match(await ask(pki.admin, '/peer'), /kubernetes-admin/)
    }
    renewed.renew({ ...pki.apiServer, caPem: pki.caPem, frontProxyCaPem: foreign.frontProxy.caPem })
    for (let waited = 0; waited < 100 && await ask(foreign.frontProxy, '/proxy') === 'none'; waited++) await shortly()
    const standing = session(foreign.frontProxy, renewed)
    const proxy = async (): Promise<string> => (await viaHttp2(standing, 'GET', '/proxy')).text
    assert.equal(await proxy(), 'front-proxy-client')
    renewed.renew({ ...pki.apiServer, caPem: `${pki.caPem}${foreign.frontProxy.caPem}`, frontProxyCaPem: pki.frontProxy.caPem })
    for (let waited = 0; waited < 100 && await ask(pki.frontProxy, '/proxy') === 'none'; waited++) await shortly()
    assert.deepEqual([await ask(foreign.frontProxy, '/peer'), await ask(foreign.frontProxy, '/proxy')], ['"none"', 'none'])
    assert.equal(await proxy(), 'none', 'a connection that was there before is judged too')
    const admins = session(pki.admin, renewed)
    const user = async (): Promise<string> => (await viaHttp2(admins, 'GET', '/peer')).text
    assert.match(await user(), /kubernetes-admin/)
    renewed.renew({ ...pki.apiServer, caPem: foreign.caPem, frontProxyCaPem: undefined })
    for (let waited = 0; waited < 100 && await user() !== '"none"'; waited++) await shortly()
    assert.equal(await user(), '"none"', 'nor does its authority count any more')
  })

  test('a stream is delivered as it is written, and its end at the client is noticed', async () => {
    const before = seen.aborted
    const stream = h2.request({ ':path': '/watch' })
    let text = ''
    for await (const chunk of stream) {
      text += chunk
      if (text === 'one two ') break
    }
    stream.close()
    const agent = new Agent()
    const outgoing = httpsRequest(
      { host: '127.0.0.1', port: server.port, ca: pki.caPem, path: '/watch', agent },
      (message) => message.once('data', () => outgoing.destroy()),
    )
    outgoing.on('error', () => undefined)
    outgoing.end()
    await until(() => seen.aborted === before + 2)
  })

  test('a client that stops reading shows as backlog', async () => {
    const stream = h2.request({ ':path': '/flood' })
    stream.pause()
    await until(() => seen.backlog > 0)
    assert(seen.backlog >= 5_000_000, `backlog ${seen.backlog}`)
    stream.destroy()
  })

  test('requests that a client of HTTP/1.1 sends ahead are answered in turn, and too many end the connection', async () => {
    let [underway, most, begun] = [0, 0, 0]
    const counted = await start(async (request) => {
      begun++
      most = Math.max(most, ++underway)
      await new Promise((resolve) => setTimeout(resolve, 2))
      underway--
      return whole(200, request.path === '/large' ? 'x'.repeat(4_000_000) : `${request.path} `)
    })
    const ahead = async (path: (index: number) => string, count: number): Promise<TLSSocket> => {
      const socket = connectTls({ host: '127.0.0.1', port: counted.port, ca: pki.caPem, servername: 'localhost' })
      socket.on('error', () => undefined)
      await new Promise((resolve) => socket.once('secureConnect', resolve))
      socket.write(Array.from({ length: count }, (_, index) => `GET ${path(index)} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''))
      return socket
    }
    const patient = await ahead((index) => `/${index}`, 50)
    let text = ''
    patient.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await until(() => text.includes('/49 '))
    assert.deepEqual(text.match(/\/\d+ /g), Array.from({ length: 50 }, (_, index) => `/${index} `))
    assert.equal(most, 1)
    patient.destroy()
    begun = 0
    const deaf = (await ahead(() => '/large', 50)).pause()
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert(begun > 0 && begun < 10, `${begun} large answers were made for who reads none`)
    deaf.destroy()
    const rude = await ahead(() => '/small', 5_000)
    await new Promise((resolve) => rude.once('close', resolve).resume())
  })

  test('an upgrade goes through to the node, byte for byte, both ways', async () => {
    for (const protocol of ['websocket', 'SPDY/3.1']) {
      const socket = await new Promise<TLSSocket>((resolve) => {
        const opened = connectTls({ host: '127.0.0.1', port: server.port, ca: pki.caPem, servername: 'localhost' }, () => resolve(opened))
      })
      socket.write(
        `POST /tunnel HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\nAuthorization: Bearer secret\r\n` +
          'Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.c2VjcmV0, v5.channel.k8s.io\r\n\r\nearly',
      )
      const data = Buffer.alloc(3_000_000, 'abcdefg')
      setTimeout(() => socket.write(data), 20)
      const received: Buffer[] = []
      let length = 0
      for await (const chunk of socket) {
        received.push(chunk)
        length += chunk.length
        if (length > data.length + 50 && Buffer.concat(received).toString().split('\r\n\r\n')[1]?.length === data.length + 5) break
      }
      const [head = '', echoed = ''] = Buffer.concat(received).toString().split('\r\n\r\n')
      assert.deepEqual(
        head.split('\r\n'),
        [
          'HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${protocol}`, 'X-Path: /agent?x=1',
          'X-Protocols: v5.channel.k8s.io', 'X-Token: undefined',
        ],
      )
      assert.equal(echoed, `early${data.toString()}`)
      socket.destroy()
    }
  })

  test('an ordinary request for the node is passed on with its streamed answer, without the credentials of the client', async () => {
    const expected = 'GET /agent?x=1 by kube-apiserver-kubelet-client token none\nfollowed\n'
    assert.equal((await viaHttp2(h2, 'GET', '/tunnel')).text, expected)
    assert.equal((await viaHttp1({ path: '/tunnel', headers: { authorization: 'Bearer secret' } })).text, expected)
  })

  test('a node that cannot be reached, or is another one, is a 503 that says so', async () => {
    const other = await viaHttp2(h2, 'GET', '/tunnel?two')
    assert.deepEqual([other.status, JSON.parse(other.text).message], [
      503, `the agent of node two at 127.0.0.1:${agentPort} cannot be reached: its certificate is for another node`,
    ])
    const upgrade = await viaHttp1({ path: '/tunnel?two', headers: { connection: 'upgrade', upgrade: 'websocket' } })
    assert.deepEqual([upgrade.status, JSON.parse(upgrade.text).reason], [503, 'ServiceUnavailable'])
    const refused = await viaHttp1({ path: '/unread', headers: { connection: 'upgrade', upgrade: 'websocket' } })
    assert.deepEqual([refused.status, refused.text], [401, 'no'])
  })

  for (const path of ['/watch', '/stubborn']) {
    test(`streams of ${path} reset in a flood end the connection of the one, not the server`, async () => {
      warnings.length = 0
      const attacker = session()
      await new Promise((resolve) => attacker.once('remoteSettings', resolve))
      for (let count = 0; count < 20_000 && !attacker.destroyed; count++) {
        const stream = attacker.request({ ':path': path })
        stream.on('error', () => undefined)
        setImmediate(() => stream.close(8))
        if (count % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      }
      assert.equal((await viaHttp2(h2, 'GET', '/echo')).status, 200)
      await until(() => warnings.length > 0)
      // Which of them depends on whether the server frees the streams as fast as the client opens them.
      assert.match(warnings.join(), /^A client (reset too many requests|broke the rules of HTTP\/2); its connection is closed$/)
    })
  }

  test('an answer reaches a client that still sends what was refused', async () => {
    const refused = async (head: string, block: string, blocks: number): Promise<string> => {
      const socket = connectTls({ host: '127.0.0.1', port: server.port, ca: pki.caPem, servername: 'localhost' })
      let text = ''
      socket.on('data', (chunk) => (text += chunk)).on('error', () => undefined)
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.write(head)
      for (let count = 0; count < blocks; count++) {
        socket.write(block)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      await closed
      return text
    }
    const body = 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n'
    const [large, headers] = await Promise.all([
      refused(body, 'x'.repeat(50_000), 100),
      refused('GET / HTTP/1.1\r\nHost: x\r\n', `X-A: ${'x'.repeat(10_000)}\r\n`, 100),
    ])
    assert.match(large, /^HTTP\/1\.1 200 .*413 the request body is larger than 1000 bytes/s)
    assert.match(headers, /^HTTP\/1\.1 431 /)
  })

  test('what is no HTTP is cut off without harm', async () => {
    const socket = connectTls({ host: '127.0.0.1', port: server.port, ca: pki.caPem, servername: 'localhost' })
    socket.on('error', () => undefined)
    socket.write('\0\0\0 nonsense\r\n\r\n')
    await new Promise((resolve) => socket.on('close', resolve).resume())
    const huge = await viaHttp1({ path: '/echo', headers: { big: 'x'.repeat(70_000) } })
    assert.equal(huge.status, 431)
    await new Promise((resolve) => http1Request({ host: '127.0.0.1', port: server.port }).on('error', resolve).end())
    assert.equal((await viaHttp2(h2, 'GET', '/echo')).status, 200)
  })

  test('a port in use is said with the way out', async () => {
    await assert.rejects(start(handler, server.port), {
      name: 'ListenError',
      message: `The address 127.0.0.1:${server.port} is in use by another program.`
        + ' Choose another port with --port, or stop that program.',
    })
  })

  test('closing ends watches within a second and says goodbye', async () => {
    const closing = await start(handler)
    const client = session(undefined, closing)
    let goodbye = false
    client.on('goaway', () => (goodbye = true))
    const stream = client.request({ ':path': '/watch' })
    stream.on('error', () => undefined)
    await new Promise((resolve) => stream.once('data', resolve))
    const ended = new Promise((resolve) => stream.resume().on('end', resolve))
    const started = performance.now()
    await closing.close()
    await ended
    assert(performance.now() - started < 1000)
    assert(goodbye)
  })

  async function until(condition: () => boolean): Promise<void> {
    const deadline = performance.now() + 3000
    while (!condition()) {
      assert(performance.now() < deadline, 'it did not happen within 3 seconds')
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
}
