import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import type { ProbeTarget } from '../../node/prober.ts'
import { createHostProber } from './host-prober.ts'

const never = new AbortController().signal
const prober = createHostProber()

async function ask(target: ProbeTarget, timeoutMs = 2000): Promise<string> {
  const { outcome, output } = await prober.probe(target, timeoutMs, never)
  return `${outcome}: ${output}`
}

test('http', async (t) => {
  const seen: Record<string, string | undefined>[] = []
  const server = createHttpServer((request, response) => {
    seen.push({ host: request.headers.host, agent: request.headers['user-agent'], accept: request.headers.accept, token: request.headers['x-token']?.toString() })
    const url = new URL(request.url ?? '/', 'http://x')
    const status = Number(url.searchParams.get('status') ?? 200)
    if (url.pathname === '/slow') return
    if (url.pathname === '/round') return void response.writeHead(302, { location: '/round' }).end()
    const location = url.searchParams.get('location')
    response.writeHead(status, location === null ? {} : { location }).end(url.pathname === '/big' ? 'x'.repeat(100_000) : `at ${url.pathname}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const target = (path: string, headers: { name: string; value: string }[] = []): ProbeTarget => ({ type: 'http', scheme: 'http', host: '127.0.0.1', port, path, headers })
  const cases: readonly (readonly [string, string])[] = [
    ['/', 'success: at /'],
    ['/a%20b?status=399', 'success: at /a%20b'],
    ['/?status=404', 'failure: HTTP probe failed with statuscode: 404'],
    ['/?status=302&location=/next', 'success: at /next'],
    ['/?status=302&location=http://example.invalid/', 'success: Probe terminated redirects, Response body: at /'],
    ['/round', `failure: Get "http://127.0.0.1:${port}/round": stopped after 10 redirects`],
  ]
  for (const [path, expected] of cases) assert.equal(await ask(target(path)), expected, path)
  assert.equal((await ask(target('/big'))).length, 'success: '.length + 10_240)
  assert.equal(await ask(target('/slow'), 50), `failure: Get "http://127.0.0.1:${port}/slow": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`)
  seen.length = 0
  await ask(target('/', [{ name: 'Host', value: 'web.example' }, { name: 'X-Token', value: '1' }, { name: 'Accept', value: '' }]))
  assert.deepEqual(seen, [{ host: 'web.example', agent: 'kube-probe/1.32', accept: undefined, token: '1' }])
})

test('tcp', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  assert.equal(await ask({ type: 'tcp', host: '127.0.0.1', port }), 'success: ')
  await new Promise((resolve) => server.close(resolve))
  assert.equal(await ask({ type: 'tcp', host: '127.0.0.1', port }), `failure: dial tcp 127.0.0.1:${port}: connect: connection refused`)
  assert.equal(await ask({ type: 'http', scheme: 'http', host: '127.0.0.1', port, path: '/', headers: [] }), `failure: Get "http://127.0.0.1:${port}/": dial tcp 127.0.0.1:${port}: connect: connection refused`)
})

test('grpc', async (t) => {
  const server = new Server()
  const definition = { path: '/grpc.health.v1.Health/Check', requestStream: false as const, responseStream: false as const, requestSerialize: (b: Buffer) => b, requestDeserialize: (b: Buffer) => b, responseSerialize: (b: Buffer) => b, responseDeserialize: (b: Buffer) => b }
  server.addService({ check: definition }, {
    check: (call: { request: Buffer }, answer: (error: null, bytes: Buffer) => void) => answer(null, Buffer.from([8, call.request.subarray(2).toString() === 'down' ? 2 : 1])),
  })
  const port = await new Promise<number>((resolve, reject) => server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error))))
  t.after(() => server.forceShutdown())
  const target = (service: string): ProbeTarget => ({ type: 'grpc', host: '127.0.0.1', port, service })
  assert.equal(await ask(target('')), 'success: service healthy')
  assert.equal(await ask(target('down')), 'failure: service unhealthy (responded with "NOT_SERVING")')
})
