import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ClientCalls } from '../apiserver/metrics/client-calls.ts'
import { silentLog } from '../words/ports.ts'
import { systemClock } from './clock.ts'
import { namelessChain } from './nameless-chain.testing.ts'
import { createClusterPki } from './pki.ts'
import { createWebhookCaller } from './webhook-caller.ts'

const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'lotse-webhook-')))
const [pki, foreign] = directories.map((directory) =>
  createClusterPki(directory, { names: ['hook.default.svc'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog }))
assert(pki !== undefined && foreign !== undefined)
const calls = new ClientCalls(systemClock)
const caller = createWebhookCaller(calls)

const server = createServer({ cert: pki.apiServer.certificatePem, key: pki.apiServer.keyPem }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    switch (request.url) {
      case '/echo': return response.end(JSON.stringify({ host: request.headers.host, body: JSON.parse(Buffer.concat(chunks).toString()) }))
      case '/as-it-is': return response.end(`{"body":${Buffer.concat(chunks).toString()}}`)
      case '/failing': return response.writeHead(503).end('busy')
      case '/boom': return response.writeHead(500, { 'content-type': 'text/plain' }).end('boom\n')
      case '/closed': return response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"secret"}')
      case '/missing': return response.writeHead(404).end('404 page not found')
      case '/told': return response.writeHead(403).end('{"kind":"Status","status":"Failure","message":"not you"}')
      case '/elsewhere': return response.writeHead(302, { location: '/echo' }).end()
      case '/empty': return response.writeHead(200, { 'content-type': 'text/plain' }).end()
      case '/list': return response.end('[]')
      case '/rubbish': return response.end('<html>')
      case '/huge': return response.end(Buffer.alloc(4 * 1024 * 1024, 'x'))
      case '/cut': return void response.writeHead(200, { 'content-length': '100' }).write('{', () => request.socket.destroy())
      default: return undefined
    }
  })
})
await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo

after(() => {
  caller.close()
  server.close()
  server.closeAllConnections()
  for (const directory of directories) rmSync(directory, { recursive: true })
})

function call(path: string, more: object = {}): Promise<unknown> {
  const named = { serverName: 'hook.default.svc', authority: 'hook.default.svc:443' }
  const target = { host: '127.0.0.1', port, path, ...named, caPem: pki?.caPem, ...more }
  return caller.call({ target, body: { question: 1 }, timeoutMs: path === '/silent' ? 300 : 10_000 })
}

test('an answer of whoever the certificate is for', async () => {
  assert.deepEqual(await call('/echo'), { host: 'hook.default.svc:443', body: { question: 1 } })
})

test('whom a bundle names is trusted by itself: an authority that another signed, or the server alone', async () => {
  assert.deepEqual(await call('/echo', { caPem: pki?.apiServer.certificatePem }), { host: 'hook.default.svc:443', body: { question: 1 } })
})

test('a certificate without a subject, of an authority without one, is no self-signed one: its signature decides', async () => {
  const { authority, leaf, other } = namelessChain('hook.default.svc')
  const nameless = createServer({ cert: leaf.certificatePem, key: leaf.keyPem }, (_, response) => response.end('{"nameless":true}'))
  await new Promise<void>((resolve) => void nameless.listen(0, '127.0.0.1', resolve))
  const at = { port: (nameless.address() as AddressInfo).port }
  try {
    for (const turn of ['first', 'again']) {
      assert.deepEqual(await call('/', { ...at, caPem: authority }), { nameless: true }, turn)
      await assert.rejects(call('/', { ...at, caPem: other }), /x509: certificate signed by unknown authority/)
      await assert.rejects(call('/', { ...at, caPem: authority, serverName: 'other.default.svc' }), /x509: certificate is valid for hook\.default\.svc/)
    }
  } finally {
    nameless.close()
    nameless.closeAllConnections()
  }
})

test('integers of 64 bits go and come as they are', async () => {
  const target = { host: '127.0.0.1', port, path: '/as-it-is', serverName: 'hook.default.svc', authority: 'hook.default.svc:443', caPem: pki?.caPem }
  const body = { nanos: [9007199254740993n, -(2n ** 63n)] }
  assert.deepEqual(await caller.call({ target, body, timeoutMs: 300 }), { body })
})

test('what goes wrong is said with the address as it was given', async () => {
  const table: [string, object, RegExp][] = [
    ['/huge', {}, /the answer is larger than 3145728 bytes/],
    ['/cut', {}, /EOF/],
    ['/silent', {}, /no answer within 0.3 seconds/],
    ['/echo', { serverName: 'other.default.svc' }, /x509: certificate is valid for hook\.default\.svc.*, not other\.default\.svc$/],
    ['/echo', { caPem: foreign?.caPem }, /x509: certificate signed by unknown authority/],
    ['/echo', { port: 1 }, /dial tcp 127\.0\.0\.1:1: connect: connection refused/],
  ]
  for (const [path, target, message] of table) {
    await assert.rejects(call(path, target), (error: Error) => {
      assert.match(error.message, message)
      assert.match(error.message, /^failed to call webhook: Post "https:\/\/hook\.default\.svc:443\/[a-z]+": /)
      return true
    }, path)
  }
})

test('an answer that is none is told in the words of Kubernetes\' own client', async () => {
  const table: [string, string | RegExp][] = [
    ['/failing', 'the server is currently unable to handle the request'],
    ['/boom', 'an error on the server ("boom") has prevented the request from succeeding'],
    ['/closed', 'an error on the server ("unknown") has prevented the request from succeeding'],
    ['/missing', 'the server could not find the requested resource'],
    ['/told', 'not you'],
    ['/elsewhere', 'the server responded with the status code 302 but did not return more information'],
    ['/empty', '0-length response with status code: 200 and content type: text/plain'],
    ['/list', 'the answer is no JSON object'],
    ['/rubbish', /^failed to call webhook: couldn't get version\/kind; json parse error: .*not valid JSON/],
  ]
  for (const [path, message] of table) {
    await assert.rejects(call(path), { message: typeof message === 'string' ? `failed to call webhook: ${message}` : message }, path)
  }
})

test('calls are counted by host and status', async () => {
  const served = calls.of('hook.default.svc:443')
  assert(served.counts().length > 0)
  await call('/echo', { serverName: 'counted.default.svc', authority: 'counted.default.svc:443' }).catch(() => undefined)
  await call('/failing').catch(() => undefined)
  assert.deepEqual(calls.of('counted.default.svc:443').counts(), [['<error>', 'POST', 1]])
  assert(served.counts().some(([code, method]) => code === '503' && method === 'POST'))
})
