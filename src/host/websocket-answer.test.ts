import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { WebSocket } from 'ws'
import type { ByteSink, Handler, ServerResponse } from '../apiserver/http.ts'
import { silentLog } from '../words/ports.ts'
import { systemClock } from './clock.ts'
import { startHttpsServer } from './https-server.ts'
import { createNodeProxy, type NodeProxy } from './node-proxy.ts'
import { createClusterPki } from './pki.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-websocket-answer-'))
const pki = createClusterPki(directory, { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog })

type Send = (sink: ByteSink) => Promise<void>
const stream = (contentType: string, send: Send): ServerResponse & { type: 'stream' } => (
  { type: 'stream', status: 200, headers: { 'content-type': contentType }, isLasting: true, send })
const writing = (...pieces: (string | Buffer)[]): Send => async (sink) => {
  for (const piece of pieces) {
    sink.write(Buffer.from(piece))
    await sink.drained()
  }
}
const framed = (text: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)])
/** What a sender saw of one that does not read. */
let slow = { backlogBytes: 0, isGone: false }

const WATCH = '/api/v1/namespaces/shop/pods?watch=true'
const answers: Record<string, Send> = {
  json: writing('{"a":1}\n{"b"', ':2}\n', '{"c":"é"}\n'),
  protobuf: writing(framed('one'), Buffer.concat([framed('two'), framed('three').subarray(0, 6)]), framed('three').subarray(6)),
  broken: async (sink) => {
    await writing('{"a":1}\n')(sink)
    throw new Error('broken off')
  },
  slow: async (sink) => {
    const line = Buffer.from(`${'x'.repeat(1_000_000)}\n`)
    for (let count = 0; count < 30; count++) sink.write(line)
    slow = { backlogBytes: sink.backlogBytes(), isGone: false }
    await sink.drained()
    slow = { backlogBytes: sink.backlogBytes(), isGone: true }
  },
}
const handler: Handler = ({ path, query, method, headers }) => {
  const name = new URLSearchParams(query).get('fieldSelector') ?? ''
  if (path.endsWith('/log')) return { type: 'tunnel', target: { nodeName: headers['x-log'] ?? '', address: '', port: 0, path: '/', method, isPlain: true } }
  const type = name === 'protobuf' ? 'application/vnd.kubernetes.protobuf;stream=watch' : 'application/json'
  if (name === 'refused') return { type: 'whole', status: 403, headers: { 'content-type': 'application/json' }, body: [Buffer.from('{}')] }
  return stream(type, answers[name] ?? writing('{"items":[\n', ']}\n'))
}
const nodeProxy: NodeProxy = {
  ...createNodeProxy({ caPem: pki.caPem, ...pki.apiServerToNode, connectTimeoutMs: 1000 }),
  forward: (target) => {
    if (!('nodeName' in target)) return Promise.reject(new Error('not asked for'))
    const answered = stream('text/plain', writing('line one\n', 'line ', 'two\n'))
    return Promise.resolve(target.nodeName === 'broken' ? { type: 'whole', status: 404, headers: {}, body: [Buffer.from('no such log')] } : answered)
  },
  tunnel: () => assert.fail('a log is no tunnel'),
}
const server = await startHttpsServer({ host: '127.0.0.1', port: 0, ...pki.apiServer, caPem: pki.caPem, handler, nodeProxy, log: silentLog })

after(async () => {
  await server.close()
  nodeProxy.close()
  rmSync(directory, { recursive: true })
})

/** The protocol, then each message (text as it is, bytes after a tilde), then the code at its end. Or the status of a refusal. */
function conversation(path: string, protocols: string[] = [], headers: Record<string, string> = {}): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`wss://127.0.0.1:${server.port}${path}`, protocols, { ca: pki.caPem, headers })
    const heard: string[] = []
    socket.on('open', () => heard.push(socket.protocol))
    socket.on('message', (data: Buffer, isBinary) => heard.push(`${isBinary ? '~' : ''}${data.toString()}`))
    socket.on('close', (code) => resolve([...heard, String(code)]))
    socket.on('unexpected-response', (_, answer) => {
      answer.resume()
      resolve([String(answer.statusCode)])
    })
    socket.on('error', reject)
  })
}

test('each event of a watch is a message; a log comes in messages as it comes', async () => {
  const token = `base64url.bearer.authorization.k8s.io.${Buffer.from('token').toString('base64url')}`
  const log = '/api/v1/namespaces/shop/pods/web/log'
  const table: [string, string[], Record<string, string>, string[]][] = [
    [`${WATCH}&fieldSelector=json`, [], {}, ['', '{"a":1}\n', '{"b":2}\n', '{"c":"é"}\n', '1000']],
    [`${WATCH}&fieldSelector=json`, [token, 'watch.example.com'], {}, ['watch.example.com', '{"a":1}\n', '{"b":2}\n', '{"c":"é"}\n', '1000']],
    [`${WATCH}&fieldSelector=protobuf`, [], {}, ['', '~one', '~two', '~three', '1000']],
    [`${WATCH}&fieldSelector=broken`, [], {}, ['', '{"a":1}\n', '1011']],
    [`${WATCH}&fieldSelector=refused`, [], {}, ['403']],
    ['/api/v1/namespaces/shop/pods', [], {}, ['200']],
    [log, [], {}, ['', '', '~line one\n', '~line ', '~two\n', '1000']],
    [log, ['binary.k8s.io'], {}, ['binary.k8s.io', '', '~line one\n', '~line ', '~two\n', '1000']],
    [log, ['x', 'base64.binary.k8s.io'], {}, ['base64.binary.k8s.io', '', ...['line one\n', 'line ', 'two\n'].map((text) => Buffer.from(text).toString('base64')), '1000']],
    [log, ['v4.channel.k8s.io'], {}, ['403']],
    [log, [], { 'x-log': 'broken' }, ['404']],
  ]
  for (const [path, protocols, headers, expected] of table) assert.deepEqual(await conversation(path, protocols, headers), expected, `${path} ${protocols.join()}`)
})

test('who does not read is seen to be slow, and nothing waits for who is gone', async () => {
  const socket = new WebSocket(`wss://127.0.0.1:${server.port}${WATCH}&fieldSelector=slow`, { ca: pki.caPem })
  await new Promise((resolve) => socket.once('open', resolve))
  socket.pause()
  while (slow.backlogBytes === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(slow.backlogBytes > 10_000_000, String(slow.backlogBytes))
  socket.terminate()
  while (!slow.isGone) await new Promise((resolve) => setTimeout(resolve, 10))
})

test('what a client sends is dropped; what is no WebSocket ends it', async () => {
  const socket = new WebSocket(`wss://127.0.0.1:${server.port}${WATCH}&fieldSelector=json`, { ca: pki.caPem })
  socket.on('open', () => socket.send('x'.repeat(100_000)))
  const ended = await new Promise((resolve) => socket.on('close', resolve))
  assert.equal(ended, 1000)
})
