import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:https'
import type { RequestOptions } from 'node:https'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { openNodeServer } from '../../src/host/node-server/node-server.ts'
import type { NodeServer } from '../../src/host/node-server/node-server.ts'
import { openSpdyClient } from '../../src/host/node-server/spdy-client.ts'
import { createClusterPki } from '../../src/host/pki.ts'
import type { ClusterPki } from '../../src/host/pki.ts'
import { silentLog } from '../../src/words/ports.ts'
import { containerObstacle, openContainerdBed, realClock } from './containerd-bed.testing.ts'
import type { ContainerdBed } from './containerd-bed.testing.ts'
import { containerConfig, runContainer, runSandbox, sandboxConfig } from './pod-configs.testing.ts'

const obstacle = containerObstacle()
const POD_CIDR = `10.223.${process.pid % 250}.0/24`

describe('the server of a node', { skip: obstacle ?? false, timeout: 120_000 }, () => {
  const stop = new AbortController()
  let bed: ContainerdBed
  let pki: ClusterPki
  let server: NodeServer

  before(async () => {
    bed = await openContainerdBed(`lotse-node-${process.pid}`, POD_CIDR, stop.signal)
    pki = createClusterPki(join(bed.directory, 'pki'), { names: ['localhost'], addresses: ['127.0.0.1'], clock: realClock, log: silentLog })
    const { serving } = pki.node('node-1', { names: ['node-1'], addresses: ['127.0.0.1'] })
    server = await openNodeServer({
      credentials: serving,
      certificateAuthority: pki.caPem,
      clientCommonName: 'kube-apiserver-kubelet-client',
      address: '127.0.0.1',
      port: 0,
      client: bed.client,
      waitingReason: (_, pod) => (pod === 'pending' ? 'ContainerCreating' : undefined),
      clock: realClock,
      log: silentLog,
    })
    const sandbox = sandboxConfig(bed, 'web')
    const sandboxId = await runSandbox(bed, sandbox, stop.signal)
    const serve = 'mkdir /www; echo hello > /www/index.html; httpd -p 8080 -h /www; echo one; echo two; echo three; exec sleep 1000'
    await runContainer(bed, containerConfig(bed, sandbox, sandboxId, serve, { name: 'main' }), stop.signal)
    await runContainer(bed, containerConfig(bed, sandbox, sandboxId, 'exec cat', { name: 'cat', stdin: true }), stop.signal)
    await runContainer(bed, containerConfig(bed, sandbox, sandboxId, 'echo first life', { name: 'twice' }), stop.signal)
    await delay(100)
    await runContainer(bed, containerConfig(bed, sandbox, sandboxId, 'for i in 1 2 3; do echo $i; sleep 0.2; done', { name: 'twice', attempt: 1 }), stop.signal)
  })
  after(async () => {
    await server.close()
    await bed.close()
    stop.abort()
  })

  const options = (path: string): RequestOptions => ({
    host: '127.0.0.1', port: server.port, path, agent: false, servername: 'node-1',
    ca: pki.caPem, cert: pki.apiServerToNode.certificatePem, key: pki.apiServerToNode.keyPem,
  })
  const fetchText = (asked: RequestOptions): Promise<{ status: number; text: string }> => new Promise((resolve, reject) => {
    const outgoing = request(asked, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
  const connect = (path: string, protocol: string): WebSocket => (
    new WebSocket(`wss://127.0.0.1:${server.port}${path}`, protocol === '' ? [] : [protocol], {
      ca: pki.caPem, cert: pki.apiServerToNode.certificatePem, key: pki.apiServerToNode.keyPem,
    }))

  test('only the API server is let in', async () => {
    assert.deepEqual(await fetchText(options('/healthz')), { status: 200, text: 'ok' })
    const other = { cert: pki.admin.certificatePem, key: pki.admin.keyPem }
    assert.equal((await fetchText({ ...options('/healthz'), ...other })).status, 403)
    await assert.rejects(fetchText({ ...options('/healthz'), cert: undefined, key: undefined }))
    assert.equal((await fetchText(options('/nothing'))).status, 404)
    assert.equal((await fetchText({ ...options('/healthz'), method: 'POST' })).status, 405)
    assert.equal((await fetchText(options('/exec/default/web/main?command=ls&stdout=1'))).status, 400)
  })

  test('logs: all, tail, followed to the end, of the life before', async () => {
    const logs = (rest: string) => fetchText(options(`/containerLogs/default/${rest}`))
    assert.deepEqual(await logs('web/main'), { status: 200, text: 'one\ntwo\nthree\n' })
    assert.deepEqual(await logs('web/main?tailLines=1'), { status: 200, text: 'three\n' })
    assert.match((await logs('web/main?tailLines=1&timestamps=true')).text, /^\d{4}-\d\d-\d\dT\S+ three\n$/)
    assert.deepEqual(await logs('web/twice?follow=true'), { status: 200, text: '1\n2\n3\n' })
    assert.deepEqual(await logs('web/twice?previous=true'), { status: 200, text: 'first life\n' })
    assert.deepEqual(refusal(await logs('web/main?previous=true')), [400, 'previous terminated container "main" in pod "web" not found'])
    assert.deepEqual(refusal(await logs('pending/main')), [400, 'container "main" in pod "pending" is waiting to start: ContainerCreating'])
    assert.equal((await logs('none/main')).status, 404)
    assert.equal((await logs('web/main?tailLines=x')).status, 400)
  })

  const exec = (command: readonly string[], more: string): string => {
    const query = command.map((word) => `command=${encodeURIComponent(word)}`).join('&')
    return `/exec/default/web/main?${query}&${more}`
  }

  test('exec over v5: outputs, the exit code, the end of stdin', async () => {
    const failing = await converse(connect(exec(['sh', '-c', 'echo out; echo err >&2; exit 7'], 'stdout=1&stderr=1'), 'v5.channel.k8s.io'))
    assert.deepEqual([failing.text(1), failing.text(2)], ['out\n', 'err\n'])
    assert.deepEqual(failing.status(), ['Failure', 'NonZeroExitCode', '7'])
    const data = randomBytes(5_000_000)
    const sum = await converse(connect(exec(['md5sum'], 'stdin=1&stdout=1&stderr=1'), 'v5.channel.k8s.io'), (socket) => {
      for (let start = 0; start < data.length; start += 100_000) socket.send(Buffer.concat([Buffer.from([0]), data.subarray(start, start + 100_000)]))
      socket.send(Buffer.from([255, 0]))
    })
    assert.deepEqual([sum.text(1), sum.status()], [`${createHash('md5').update(data).digest('hex')}  -\n`, ['Success']])
    const big = await converse(connect(exec(['head', '-c', '8000000', '/dev/zero'], 'stdout=1'), 'v5.channel.k8s.io'))
    assert.equal(big.text(1).length, 8_000_000)
  })

  test('exec over older protocols', async () => {
    const run = (protocol: string) => converse(connect(exec(['sh', '-c', 'echo out; exit 2'], 'stdout=1&stderr=1'), protocol))
    assert.deepEqual((await run('v4.channel.k8s.io')).status(), ['Failure', 'NonZeroExitCode', '2'])
    const first = await run('channel.k8s.io')
    assert.equal(first.text(1), 'out\n')
    assert.match(first.text(3), /^command terminated with non-zero exit code/)
    assert.equal((await run('')).text(1), 'out\n')
    const base64 = await run('v4.base64.channel.k8s.io')
    assert.ok(base64.messages.some((message) => message.toString() === `1${Buffer.from('out\n').toString('base64')}`))
    await assert.rejects(run('v9.example'), /403/)
  })

  test('a terminal gets its size', async () => {
    const command = exec(['sh', '-c', 'while [ "$(stty size 2>/dev/null)" != "40 120" ]; do sleep 0.05; done; stty size'], 'stdin=1&stdout=1&tty=1')
    const size = await converse(connect(command, 'v5.channel.k8s.io'), (socket) => {
      socket.send(Buffer.concat([Buffer.from([4]), Buffer.from('{"Width":120,"Height":40}')]))
    })
    assert.equal(size.text(1), '40 120\r\n')
  })

  test('what cannot be run is said', async () => {
    await assert.rejects(converse(connect('/exec/default/web/none?command=ls&stdout=1', 'v5.channel.k8s.io')), /404/)
    await assert.rejects(converse(connect('/exec/default/web/main?stdout=1', 'v5.channel.k8s.io')), /400/)
    await assert.rejects(converse(connect('/exec/default/web/main?command=ls', 'v5.channel.k8s.io')), /400/)
    const missing = await converse(connect(exec(['/no/such'], 'stdout=1'), 'v5.channel.k8s.io'))
    assert.equal(missing.status()[0], 'Failure')
  })

  test('attach: what goes in comes out', async () => {
    const socket = connect('/attach/default/web/cat?stdin=1&stdout=1', 'v5.channel.k8s.io')
    let text = ''
    socket.on('message', (message: Buffer) => {
      text += message.subarray(1).toString()
    })
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send(Buffer.from('\0echo\n'))
    for (let attempt = 0; attempt < 100 && text === ''; attempt += 1) await delay(20)
    assert.equal(text, 'echo\n')
    socket.close()
    await new Promise((resolve) => socket.once('close', resolve))
  })

  test('exec over SPDY', async () => {
    const { socket, head, protocol } = await upgradeSpdy(options(exec(['cat'], 'stdin=1&stdout=1')), ['v5.channel.k8s.io', 'v4.channel.k8s.io'])
    assert.equal(protocol, 'v4.channel.k8s.io')
    const client = openSpdyClient(socket, head)
    const read = (streamType: string): Promise<string> => new Promise((resolve) => {
      let text = ''
      client.openStream({ streamType }, { onData: (bytes) => { text += bytes.toString() }, onEnd: () => resolve(text) })
    })
    const outputs = Promise.all([read('error'), read('stdout')])
    const stdin = client.openStream({ streamType: 'stdin' }, { onData() {}, onEnd() {} })
    stdin.write(Buffer.from('through spdy'))
    stdin.end()
    assert.deepEqual(await outputs, ['{"metadata":{},"status":"Success"}', 'through spdy'])
    client.close()
  })

  test('ports are forwarded: with channels, over SPDY, over SPDY in a WebSocket', async () => {
    const path = '/portForward/default/web'
    const plain = await upgradeSpdy(options(path), ['portforward.k8s.io'])
    assert.match(await askThroughSpdy(plain.socket, plain.head), /^HTTP\/1\.[01] 200 OK[^]*hello\n$/)
    const tunnel = await upgradeTunnel(options(path))
    assert.equal(tunnel.protocol, 'SPDY/3.1+portforward.k8s.io')
    assert.match(await askThroughSpdy(tunnel.stream, Buffer.alloc(0)), /^HTTP\/1\.[01] 200 OK[^]*hello\n$/)
    const channels = connect(`${path}?ports=8080`, 'v4.channel.k8s.io')
    const answer = await converse(channels, (socket) => socket.send(Buffer.from('\0GET / HTTP/1.0\r\n\r\n')))
    assert.deepEqual([...Buffer.from(answer.text(0), 'latin1').subarray(0, 2)], [0x90, 0x1f])
    assert.match(answer.text(0), /200 OK[^]*hello\n$/)
    const refused = await converse(connect(`${path}?ports=9`, 'v4.channel.k8s.io'))
    assert.match(refused.text(1), /connection refused|failed to connect/i)
    await assert.rejects(converse(connect(`${path}?ports=0`, 'v4.channel.k8s.io')), /400/)
    await assert.rejects(converse(connect('/portForward/default/none?ports=80', 'v4.channel.k8s.io')), /404/)
  })

  test('closing the server ends its streams', async () => {
    const socket = connect(exec(['sleep', '100'], 'stdout=1'), 'v5.channel.k8s.io')
    socket.on('error', () => undefined)
    await new Promise((resolve) => socket.once('open', resolve))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await server.close()
    await closed
  })
})

interface Conversation {
  readonly messages: readonly Buffer[]
  text(channel: number): string
  /** The status on channel 3: Success, or Failure with its reason and exit code. */
  status(): string[]
}

/** Collects messages until the other side closes. */
function converse(socket: WebSocket, onOpen?: (socket: WebSocket) => void): Promise<Conversation> {
  return new Promise((resolve, reject) => {
    const messages: Buffer[] = []
    socket.on('open', () => onOpen?.(socket))
    socket.on('message', (message: Buffer) => messages.push(message))
    socket.on('error', reject)
    socket.on('close', () => {
      const text = (channel: number): string => (
        Buffer.concat(messages.filter((message) => message[0] === channel).map((message) => message.subarray(1))).toString('latin1'))
      resolve({
        messages,
        text,
        status() {
          const status = JSON.parse(text(3)) as { status: string; reason?: string; details?: { causes?: { message: string }[] } }
          return [status.status, status.reason, status.details?.causes?.[0]?.message].filter((part) => part !== undefined)
        },
      })
    })
  })
}

function upgradeSpdy(asked: RequestOptions, protocols: readonly string[]): Promise<{ socket: Socket; head: Buffer; protocol: string }> {
  return new Promise((resolve, reject) => {
    const headers = { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': [...protocols] }
    const outgoing = request({ ...asked, method: 'POST', headers })
    outgoing.on('upgrade', (response, socket, head) => {
      resolve({ socket: socket as Socket, head, protocol: String(response.headers['x-stream-protocol-version']) })
    })
    outgoing.on('response', (response) => reject(new Error(`refused with ${response.statusCode ?? 0}`)))
    outgoing.on('error', reject)
    outgoing.end()
  })
}

/** The WebSocket library refuses the name of this protocol, so its frames are made here: masked from the client, plain from the server. */
async function upgradeTunnel(asked: RequestOptions): Promise<{ stream: Duplex; protocol: string }> {
  const headers = {
    Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Protocol': 'SPDY/3.1+portforward.k8s.io',
  }
  const { socket, protocol } = await new Promise<{ socket: Socket; protocol: string }>((resolve, reject) => {
    const outgoing = request({ ...asked, headers })
    outgoing.on('upgrade', (response, upgraded) => resolve({ socket: upgraded as Socket, protocol: String(response.headers['sec-websocket-protocol']) }))
    outgoing.on('response', (response) => reject(new Error(`refused with ${response.statusCode ?? 0}`)))
    outgoing.on('error', reject)
    outgoing.end()
  })
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _, done) {
      const header = Buffer.from([0x82, 0xfe, chunk.length >>> 8, chunk.length & 0xff, 0, 0, 0, 0])
      socket.write(Buffer.concat([header, chunk]), done)
    },
    destroy(_, done) {
      socket.destroy()
      done(null)
    },
  })
  let pending = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 2) {
      const short = (pending[1] ?? 0) & 0x7f
      const start = short === 126 ? 4 : 2
      const length = short === 126 ? pending.readUInt16BE(2) : short
      if (pending.length < start + length) return
      if (pending[0] === 0x82) stream.push(pending.subarray(start, start + length))
      pending = pending.subarray(start + length)
    }
  })
  return { stream, protocol }
}

function askThroughSpdy(socket: Duplex, head: Buffer): Promise<string> {
  const client = openSpdyClient(socket, head)
  return new Promise((resolve) => {
    let text = ''
    const headers = { port: '8080', requestID: '0' }
    client.openStream({ ...headers, streamType: 'error' }, { onData() {}, onEnd() {} }).end()
    const data = client.openStream({ ...headers, streamType: 'data' }, {
      onData: (bytes) => { text += bytes.toString() },
      onEnd() {
        client.close()
        resolve(text)
      },
    })
    data.write(Buffer.from('GET / HTTP/1.0\r\n\r\n'))
    data.end()
  })
}

function refusal({ status, text }: { readonly status: number; readonly text: string }): readonly [number, string] {
  return [status, (JSON.parse(text) as { message: string }).message]
}
