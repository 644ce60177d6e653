import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http2'
import type { Http2Server, ServerHttp2Stream } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { listPodSandboxRequest, versionRequest, versionResponse } from './cri-messages.ts'
import { openGrpcClient } from './grpc-client.ts'
import { GrpcFailure } from './grpc-failure.ts'
import { encodeMessage } from './protobuf.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-grpc-'))
const servers: Http2Server[] = []
after(() => {
  for (const server of servers) server.close()
  rmSync(directory, { recursive: true })
})

const version = { path: '/runtime.v1.RuntimeService/Version', input: versionRequest, output: versionResponse }

async function serve(name: string, answer: (stream: ServerHttp2Stream) => void): Promise<string> {
  const server = createServer()
  const path = join(directory, name)
  server.on('stream', (stream) => {
    stream.on('error', () => undefined)
    answer(stream)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  servers.push(server)
  return path
}

function message(runtimeName: string): Buffer {
  const bytes = encodeMessage(versionResponse, { runtimeName })
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([prefix, bytes])
}

function respond(stream: ServerHttp2Stream, parts: readonly Buffer[], trailers: Record<string, string>): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  for (const part of parts) stream.write(part)
  stream.end()
}

test('a call: its message in pieces, a failure, one without a body', async () => {
  const whole = message('fake')
  const good = openGrpcClient(await serve('good', (stream) => respond(stream, [whole.subarray(0, 3), whole.subarray(3)], { 'grpc-status': '0' })))
  assert.equal((await good.call(version, {}, { timeoutMs: 5000 })).runtimeName, 'fake')
  good.close()
  const bad = openGrpcClient(await serve('bad', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5', 'grpc-message': 'not%20found: %C3%A4' }, { endStream: true })
  }))
  await assert.rejects(bad.call(version, {}, { timeoutMs: 5000 }), new GrpcFailure(5, 'not found: ä'))
  bad.close()
})

test('a stream: many messages, then its end or an abort', async () => {
  const path = await serve('stream', (stream) => respond(stream, [Buffer.concat([message('a'), message('b')]), message('c')], { 'grpc-status': '0' }))
  const client = openGrpcClient(path)
  const seen: string[] = []
  const method = { ...version, input: listPodSandboxRequest }
  await client.stream(method, {}, { onOpen: () => seen.push('open'), onMessage: (one) => seen.push(one.runtimeName) }, new AbortController().signal)
  assert.deepEqual(seen, ['open', 'a', 'b', 'c'])
  client.close()
})

test('no answer, an abort, a lost connection, nobody there', async () => {
  const silent = await serve('silent', () => undefined)
  const client = openGrpcClient(silent)
  const stop = new AbortController()
  const aborted = client.call(version, {}, { timeoutMs: 5000, signal: stop.signal })
  stop.abort()
  await assert.rejects(aborted, { name: 'GrpcFailure', code: 1 })
  const lost = client.call(version, {}, { timeoutMs: 5000 })
  setTimeout(() => client.close(), 10)
  await assert.rejects(lost, { name: 'GrpcFailure', code: 14 })
  const nobody = openGrpcClient(join(directory, 'nobody'))
  await assert.rejects(nobody.call(version, {}, { timeoutMs: 5000 }), { name: 'GrpcFailure', code: 14 })
  nobody.close()
})

test('after a server came back the same client works again', async () => {
  const dropping = await serve('dropping', (stream) => stream.session?.destroy())
  const client = openGrpcClient(dropping)
  await assert.rejects(client.call(version, {}, { timeoutMs: 5000 }), { code: 14 })
  servers.at(-1)?.close()
  await new Promise((resolve) => setTimeout(resolve, 20))
  rmSync(dropping, { force: true })
  await serve('dropping', (stream) => respond(stream, [message('back')], { 'grpc-status': '0' }))
  assert.equal((await client.call(version, {}, { timeoutMs: 5000 })).runtimeName, 'back')
  client.close()
})
