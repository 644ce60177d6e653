import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Blocks } from '../../apiserver/front/blocks.ts'
import type { ByteSink, Handler, ServerResponse } from '../../apiserver/http.ts'
import { silentLog } from '../../words/ports.ts'
import { textOf, utf8 } from '../../words/bytes.ts'
import { StatusError } from '../../words/status-error.ts'
import type { StreamSink } from '../response-writer.ts'
import { IncomingRequest } from '../server-request.ts'
import { Answering } from './answering.ts'
import { AskingHandler } from './asking-handler.ts'
import { Outbox } from './outbox.ts'
import { readBatch } from './packet.ts'
import { SharedBlocks } from './shared-blocks.ts'

/** Both sides in one thread; their batches go by the event loop, as between threads. */
function joined(handler: Handler): AskingHandler {
  const asking: AskingHandler = new AskingHandler({ postMessage: (batch: ArrayBuffer) => void setImmediate(() => readBatch(batch, (packet) => answering.take(packet))) })
  const outbox = new Outbox({ postMessage: (batch: ArrayBuffer) => void setImmediate(() => readBatch(batch, (packet) => asking.take(packet))) })
  const answering: Answering = new Answering({ handler, log: silentLog, outbox, blocks: new SharedBlocks((block, buffer) => asking.show(block, buffer)) })
  return asking
}

interface Asked {
  readonly method?: string
  readonly target?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: () => Promise<Uint8Array>
}

function request({ method = 'GET', target = '/', headers = {}, body = () => Promise.reject(new Error('unread')) }: Asked = {}): IncomingRequest {
  return new IncomingRequest({ method, target, headers, peer: { address: '10.0.0.1', certificate: undefined }, source: body, bodies: { read: () => body() } })
}

/** A client that takes what is written, or nothing until it is told to. */
class Client implements StreamSink {
  text = ''
  backlog = 0
  isSlow = false
  #taken: (() => void)[] = []

  write(bytes: Uint8Array): boolean {
    this.text += textOf(bytes)
    if (this.isSlow) this.backlog += bytes.length
    return !this.isSlow
  }

  /** Bytes that it has not taken must not change. */
  writeThen(bytes: Uint8Array, taken: () => void): void {
    const before = textOf(bytes)
    if (this.write(bytes)) return taken()
    this.#taken.push(() => {
      assert.equal(textOf(bytes), before)
      taken()
    })
  }

  backlogBytes(): number {
    return this.backlog
  }

  drained(): Promise<void> {
    return this.isSlow ? new Promise((resolve) => this.#taken.push(resolve)) : Promise.resolve()
  }

  take(): void {
    this.isSlow = false
    this.backlog = 0
    for (const resume of this.#taken.splice(0)) resume()
  }
}

async function received(response: ServerResponse, client = new Client()): Promise<string> {
  if (response.type === 'whole') return `${response.status} ${response.body.map(textOf).join('')}`
  if (response.type === 'tunnel') return `tunnel to ${response.target.path}`
  await response.send(client)
  return `${response.status} ${client.text}`
}

function whole(text: string): ServerResponse {
  return { type: 'whole', status: 200, headers: {}, body: [utf8(text)] }
}

async function turns(count = 6): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('a request arrives as it came, and its answer too', async () => {
  const asking = joined(async (asked) => {
    if (asked.path === '/body') return whole(textOf(await asked.body(100).catch((error: Error) => utf8(error.message))))
    if (asked.path === '/refused') throw new StatusError(418, 'Invalid', 'no')
    if (asked.path === '/tunnel') return { type: 'tunnel', target: { nodeName: 'one', address: '', port: 1, path: '/exec', method: 'GET' } }
    return whole(JSON.stringify([asked.method, asked.path, asked.query, asked.headers, asked.peer.address]))
  })
  const answer = async (of: Asked): Promise<string> => received(await asking.handle(request(of)))
  assert.equal(await answer({ target: '/a?b=c?', headers: { accept: 'ä' } }), '200 ["GET","/a","b=c?",{"accept":"ä"},"10.0.0.1"]')
  assert.match(await answer({ target: '/refused' }), /^418 .*"reason":"Invalid"/)
  assert.equal(await answer({ target: '/tunnel' }), 'tunnel to /exec')
  const sent = async (length: number | undefined, body: () => Promise<Uint8Array>): Promise<string> => (
    answer({ method: 'POST', target: '/body', headers: length === undefined ? {} : { 'content-length': String(length) }, body }))
  const small = (): Promise<Uint8Array> => Promise.resolve(utf8('small'))
  assert.equal(await sent(5, small), '200 small', 'comes with the request')
  assert.equal(await sent(undefined, small), '200 small', 'is asked for')
  assert.equal(await sent(101, small), '200 the request body is larger than 100 bytes')
  for (const length of [5, undefined, 70_000]) {
    const cut = await sent(length, () => Promise.reject(new StatusError(400, 'BadRequest', 'cut')))
    assert.equal(cut, length === 70_000 ? '200 the request body is larger than 100 bytes' : '200 cut')
  }
})

test('a large answer goes in pieces, no faster than its client takes them', async () => {
  const parts = Array.from({ length: 3000 }, (_, part) => utf8(`${part} `.padEnd(1000, '.')))
  const asking = joined(() => ({ type: 'whole', status: 200, headers: { a: 'b' }, body: parts }))
  const response = await asking.handle(request())
  assert(response.type === 'stream')
  assert.deepEqual(response.headers, { a: 'b', 'content-length': '3000000' })
  const client = new Client()
  client.isSlow = true
  const done = received(response, client)
  await turns(50)
  assert(client.text.length >= 512 * 1024 && client.text.length < 800_000, `${client.text.length} bytes wait for the client`)
  client.take()
  assert.equal((await done).length, '200 '.length + 3_000_000)
  assert.equal(client.text, parts.map(textOf).join(''))
})

test('a list that fills one block again and again arrives as it was written', async () => {
  const item = (number: number): string => `${number} `.padEnd(1000, '.')
  const asking = joined(() => ({
    type: 'stream', status: 200, headers: {}, isLasting: false,
    send: async (sink) => {
      const blocks = new Blocks(sink)
      for (let number = 0; number < 1_500; number++) {
        blocks.addText(item(number))
        if (blocks.mustWait) await blocks.drained()
      }
      blocks.flush()
    },
  }))
  const client = new Client()
  client.isSlow = true
  const done = received(await asking.handle(request()), client)
  await turns(50)
  assert(client.text.length < 800_000, `${client.text.length} bytes wait for the client`)
  client.take()
  await done
  assert.equal(client.text, Array.from({ length: 1_500 }, (_, number) => item(number)).join(''))
})

test('blocks of memory come back, whatever becomes of the client', async () => {
  const body = [new Uint8Array(1024 * 1024)]
  const shown: number[] = []
  const outbox = (take: () => (batch: ArrayBuffer) => void): Outbox => new Outbox({ postMessage: (batch: ArrayBuffer) => void setImmediate(() => take()(batch)) })
  const asking: AskingHandler = new AskingHandler({ postMessage: (batch: ArrayBuffer) => void setImmediate(() => readBatch(batch, (packet) => answering.take(packet))) })
  const blocks = new SharedBlocks((block, buffer) => { shown.push(block); asking.show(block, buffer) })
  const answering = new Answering({ handler: () => ({ type: 'whole', status: 200, headers: {}, body }), log: silentLog, blocks, outbox: outbox(() => (batch) => readBatch(batch, (packet) => asking.take(packet))) })
  for (let turn = 0; turn < 20; turn++) {
    const asked = request()
    const answer = asking.handle(asked)
    if (turn % 4 === 0) asked.abort()
    const response = await answer.catch(() => undefined)
    if (turn % 4 === 1) asked.abort()
    else if (response !== undefined) await received(response)
    await turns(10)
  }
  assert(shown.length <= 8, `${shown.length} blocks were made`)
})

test('a client that is gone aborts the request, whatever it waits for', async () => {
  const seen: string[] = []
  const asking = joined(async (asked) => {
    const ended = new Promise<void>((resolve) => asked.signal.addEventListener('abort', () => resolve()))
    if (asked.path === '/body') await asked.body(10).catch((error: Error) => seen.push(error.message))
    if (asked.path !== '/watch') return ended.then(() => { seen.push(`${asked.path} aborted`); return whole('late') })
    return { type: 'stream', status: 200, isLasting: true, headers: {}, send: async (sink) => { sink.write(utf8('event')); await ended; seen.push(`backlog ${sink.backlogBytes()}`) } }
  })
  const [waiting, reading, watching] = [request({ target: '/wait' }), request({ method: 'PUT', target: '/body', body: () => new Promise(() => undefined) }), request({ target: '/watch' })]
  const answers = [waiting, reading].map((each) => asking.handle(each).then(() => 'answered', (error: Error) => error.message))
  const watch = await asking.handle(watching)
  const client = new Client()
  const watched = received(watch, client)
  await turns()
  for (const each of [waiting, reading, watching]) each.abort()
  assert.deepEqual(await Promise.all(answers), Array(2).fill('the client is gone, or the server closes'))
  assert.equal(await watched, '200 event')
  await turns()
  assert.deepEqual(seen.toSorted(), ['/body aborted', '/wait aborted', 'backlog 0', 'the connection ended in the middle of the request body'])
})

test('a request counts until the handler is done with it, though its client is gone', async () => {
  let finish: ((response: ServerResponse) => void) | undefined
  const asking = joined(() => new Promise<ServerResponse>((resolve) => { finish = resolve }))
  const asked = request()
  let isOver = false
  const answer = asking.handle(asked).catch(() => { isOver = true })
  await turns()
  asked.abort()
  await turns()
  assert.equal(isOver, false)
  finish?.(whole('late'))
  await answer
  assert.equal(isOver, true)
})

test('an answer that breaks off is no whole one', async () => {
  const asking = joined(() => ({ type: 'stream', status: 200, isLasting: true, headers: {}, send: async (sink) => { sink.write(utf8('half')); throw new StatusError(503, 'ServiceUnavailable', 'gone') } }))
  await assert.rejects(received(await asking.handle(request())), new StatusError(503, 'ServiceUnavailable', 'gone'))
})

test('what a watcher has not taken is its backlog', async () => {
  let sink: ByteSink | undefined
  const asking = joined(() => ({ type: 'stream', status: 200, isLasting: true, headers: {}, send: (its) => { sink = its; return new Promise(() => undefined) } }))
  const client = new Client()
  void received(await asking.handle(request()), client)
  const backlogAfter = async (write: string): Promise<number | undefined> => {
    sink?.write(utf8(write))
    await turns()
    return sink?.backlogBytes()
  }
  assert.equal(await backlogAfter('12345'), 0)
  client.isSlow = true
  assert.deepEqual([await backlogAfter('12345'), await backlogAfter('678')], [5, 8])
  client.take()
  await turns()
  assert.deepEqual([sink?.backlogBytes(), client.text], [0, '1234512345678'])
})
