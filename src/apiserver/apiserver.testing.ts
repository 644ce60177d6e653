import assert from 'node:assert/strict'
import type { Client } from '../client/client.ts'
import type { JsonObject } from '../objects/json.ts'
import { jsonText, parseJson } from '../objects/json-text.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import { kindConversions, servedResources } from '../resources/registry.ts'
import { SchemaCatalog } from '../resources/schema.ts'
import { createMemoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { textOf, utf8 } from '../words/bytes.ts'
import { silentLog } from '../words/ports.ts'
import type { Clock, Random } from '../words/ports.ts'
import { tooLarge } from '../words/status-error.ts'
import type { User } from './access.ts'
import type { ByteSink, ServerRequest, ServerResponse } from './http.ts'
import { createApiServer, defaultLimits } from './server.ts'
import type { ApiServer, ApiServerCore, ApiServerDependencies, ApiServerExtensions } from './server.ts'

export const testUser: User = { name: 'alice', uid: '', groups: ['system:masters', 'system:authenticated'], extra: {} }

/** Time that moves when told. */
export class TestClock implements Clock {
  #now: number
  #timers: { at: number; readonly callback: () => void }[] = []
  /** What passes at each look: for works that look at the clock to see how long they take. */
  lookMs = 0

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  now(): number {
    this.#now += this.lookMs
    return this.#now
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** The wall clock is set; timers go on as they would. */
  setBack(byMs: number): void {
    this.#now -= byMs
    for (const timer of this.#timers) timer.at -= byMs
  }

  async advance(durationMs: number): Promise<void> {
    const end = this.#now + durationMs
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== due)
      this.#now = due.at
      due.callback()
      await settle()
    }
    this.#now = end
  }
}

export function testRandom(seed = 1): Random {
  let state = seed
  return {
    bytes: (length) => Uint8Array.from({ length }, () => {
      state = (state * 1103515245 + 12345) % 2147483648
      return (state >>> 16) & 0xff
    }),
  }
}

/** Lets everything run that only waits for promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

export interface TestAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly body: JsonObject & KubeObject
  /** A member of the body: metadata.labels.app, items.0.metadata.name. */
  get(path: string): unknown
}

export function memberOf(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? (at as JsonObject)[step] : undefined), value,
  )
}

export interface TestWatch {
  /** All that came so far. */
  readonly events: readonly { readonly type: string; readonly object: JsonObject & KubeObject }[]
  /** Lets the server work; then what came since the last call, as 'TYPE name@revision'. */
  news(): Promise<readonly string[]>
  close(): Promise<void>
  readonly ended: Promise<void>
  /** What the client has not taken: set it to make the client slow. */
  backlogBytes: number
}

export interface TestServer {
  readonly server: ApiServer
  readonly store: Store
  readonly clock: TestClock
  readonly client: Client
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer>
  /** The answer as the handler gave it. */
  raw(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ServerResponse>
  watch(path: string, headers?: Record<string, string>): Promise<TestWatch>
  stop(): void
}

export interface TestServerOptions extends Partial<Omit<ApiServerDependencies, 'extend'>> {
  readonly extensions?: Partial<ApiServerExtensions> | ((core: ApiServerCore) => Partial<ApiServerExtensions>)
  readonly started?: boolean
}

/** A whole API server on a memory store, where everyone may do everything unless an authorizer is given. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const clock = new TestClock()
  const { extensions, started = true, ...dependencies } = options
  const store = options.store ?? createMemoryStore()
  const server = createApiServer({
    store, storeIsShared: false, clock, random: testRandom(), log: silentLog, definitions: servedResources(),
    conversions: kindConversions(),
    schemas: new SchemaCatalog().lookup, limits: defaultLimits, freezeObjects: true,
    ...dependencies,
    extend: (core) => ({
      authenticators: [{ authenticate: async () => testUser }],
      authorizer: { authorize: () => ({ allowed: true, reason: '' }) },
      mutators: [], validators: [], observers: [], bookkeeper: undefined, routes: [],
      ...(typeof extensions === 'function' ? extensions(core) : extensions),
    }),
  })
  const life = new AbortController()
  if (started) await server.start(life.signal)
  const raw: TestServer['raw'] = async (method, path, body, headers) => server.handle(testRequest(method, path, body, headers))
  return {
    server, store, clock, client: server.client(testUser), raw,
    request: async (method, path, body, headers) => answerOf(await raw(method, path, body, headers)),
    watch: (path, headers) => openWatch(server, path, headers),
    stop: () => life.abort(),
  }
}

export function testRequest(
  method: string, url: string, body?: unknown, headers: Record<string, string> = {}, signal: AbortSignal = new AbortController().signal,
): ServerRequest {
  const [path = '', query = ''] = url.split('?', 2)
  const bytes = body === undefined ? new Uint8Array()
    : body instanceof Uint8Array ? body
    : utf8(typeof body === 'string' ? body : jsonText(body))
  return {
    method, path, query, headers, peer: { address: '127.0.0.1', certificate: undefined }, signal,
    body: async (maxBytes) => {
      if (bytes.length > maxBytes) throw tooLarge(`the body has more than ${maxBytes} bytes`)
      return bytes
    },
  }
}

export function answerOf(response: ServerResponse): TestAnswer {
  assert(response.type === 'whole', `expected a whole answer, got a ${response.type}`)
  const text = response.body.map(textOf).join('')
  const isJson = response.headers['content-type'] === 'application/json'
  const body: JsonObject & KubeObject = parseJson(isJson && text !== '' ? text : '{}') as JsonObject & KubeObject
  return { status: response.status, headers: response.headers, text, body, get: (path) => memberOf(body, path) }
}

function nameIn(object: JsonObject): string {
  return String(memberOf(object, 'metadata.name') ?? object['message'] ?? '')
}

async function openWatch(server: ApiServer, path: string, headers: Record<string, string> = {}): Promise<TestWatch> {
  const abort = new AbortController()
  const response = await server.handle(testRequest('GET', path, undefined, headers, abort.signal))
  if (response.type !== 'stream') throw new Error(`no watch: ${JSON.stringify(answerOf(response).body)}`)
  let pending = ''
  let told = 0
  const events: { type: string; object: JsonObject & KubeObject }[] = []
  const sink: ByteSink = {
    write(bytes) {
      const lines = (pending + textOf(bytes)).split('\n')
      pending = lines.pop() ?? ''
      for (const line of lines) events.push(parseJson(line) as { type: string; object: JsonObject & KubeObject })
      return true
    },
    backlogBytes: () => watch.backlogBytes,
    drained: async () => {},
  }
  const watch: TestWatch = {
    events,
    backlogBytes: 0,
    ended: response.send(sink),
    async news() {
      await settle()
      const fresh = events.slice(told)
      told = events.length
      return fresh.map(({ type, object }) => `${type} ${nameIn(object)}@${memberOf(object, 'metadata.resourceVersion') ?? ''}`)
    },
    async close() {
      abort.abort()
      await watch.ended
    },
  }
  await settle()
  return watch
}
