/** The server as it is put together for users, over a store that outlives it: crashes are forgotten promises. */
import assert from 'node:assert/strict'
import { composeExtensions, defaultNodePorts, defaultServiceRange } from '../../src/apiserver/access/compose.ts'
import { defaultAdmission } from '../../src/apiserver/admission/built-in.ts'
import { answerOf, memberOf, settle, TestClock, testRandom, testRequest, type TestAnswer } from '../../src/apiserver/apiserver.testing.ts'
import { unseenSignatures } from '../../src/apiserver/certificates/signature-check.ts'
import { plainOpenApi } from '../../src/apiserver/discovery/openapi-documents.ts'
import { versionInfo } from '../../src/apiserver/discovery/version.ts'
import { createApiServer, defaultLimits } from '../../src/apiserver/server.ts'
import type { ServerRequest, ServerResponse } from '../../src/apiserver/http.ts'
import { noWebhooks } from '../../src/apiserver/webhooks/webhook-caller.ts'
import { kindConversions, servedResources } from '../../src/resources/registry.ts'
import { SchemaCatalog } from '../../src/resources/schema.ts'
import type { Committed, Store } from '../../src/store/store.ts'
import { textOf } from '../../src/words/bytes.ts'
import { silentLog } from '../../src/words/ports.ts'

export interface WholeServer {
  ask(method: string, path: string, body?: unknown, type?: string): Promise<TestAnswer>
  /** What a watch tells, as 'ADDED name'. */
  watch(path: string): Promise<{ readonly told: readonly string[]; end(): Promise<void> }>
  readonly clock: TestClock
  /** It does nothing any more; what it had begun is never answered. */
  stop(): void
}

/** What becomes of a commit: done, or lost in a crash before or after the disk had it. */
export type Fate = 'done' | 'lost-before' | 'lost-after'

/** fate is asked for each commit. */
export function storeWithFate(store: Store, fate: () => Fate): Store {
  return {
    read: (range, options) => store.read(range, options), latest: () => store.latest(), compact: (before) => store.compact(before), close: () => store.close(),
    watch: (range, after, signal) => store.watch(range, after, signal),
    async commit(transaction) {
      const what = fate()
      const never = new Promise<Committed>(() => undefined)
      if (what === 'lost-before') return never
      // Others come between the decision and the disk.
      await settle()
      const committed = await store.commit(transaction)
      return what === 'lost-after' ? never : committed
    },
  }
}

const tokens = {
  issuer: 'https://issuer', keySet: { keys: [] }, sign: () => Promise.resolve('token'), verify: () => Promise.resolve({ outcome: 'foreign' as const }),
  verifySecretToken: () => Promise.resolve({ outcome: 'foreign' as const }),
}

const schemas = new SchemaCatalog().lookup

/** Empty but for what the store has: not even the namespace default is made. */
export async function startWholeServer(store: Store): Promise<WholeServer> {
  const clock = new TestClock()
  const life = new AbortController()
  const server = createApiServer({
    store, storeIsShared: false, clock, random: testRandom(), log: silentLog, definitions: servedResources(), conversions: kindConversions(), schemas, limits: defaultLimits, freezeObjects: true,
    extend: (core) => composeExtensions(core, {
      admission: defaultAdmission, tokens, serviceRange: defaultServiceRange, nodePorts: defaultNodePorts, serverAddress: '192.0.2.1:6443', healthChecks: () => [], openApi: plainOpenApi, webhooks: noWebhooks,
      certificates: unseenSignatures, version: versionInfo({ commit: '', buildDate: '2026-01-01T00:00:00Z', runtime: 'node', platform: 'linux/amd64' }),
    }),
  })
  await server.start(life.signal)
  const handle = (request: ServerRequest): Promise<ServerResponse> =>
    Promise.resolve(server.handle({ ...request, peer: { ...request.peer, certificate: { commonName: 'root', organizations: ['system:masters'] } } }))
  return {
    clock,
    ask: async (method, path, body, type = 'application/json') => answerOf(await handle(testRequest(method, path, body, body === undefined ? {} : { 'content-type': type }))),
    async watch(path) {
      const abort = new AbortController()
      const response = await handle(testRequest('GET', path, undefined, {}, abort.signal))
      assert(response.type === 'stream')
      const chunks: string[] = []
      const sent = response.send({ write: (bytes) => chunks.push(textOf(bytes)) > 0, backlogBytes: () => 0, drained: async () => {} })
      return {
        get told() {
          const lines = chunks.join('').split('\n').filter((line) => line !== '')
          return lines.map((line): unknown => JSON.parse(line)).map((event) => `${String(memberOf(event, 'type'))} ${String(memberOf(event, 'object.metadata.name'))}`)
        },
        async end() {
          abort.abort()
          await sent
        },
      }
    },
    stop: () => life.abort(),
  }
}

/** Lets time go on until all are settled. */
export async function finished<T>(clock: TestClock, all: readonly Promise<T>[]): Promise<PromiseSettledResult<T>[]> {
  const state: { results?: PromiseSettledResult<T>[] } = {}
  void Promise.allSettled(all).then((results) => (state.results = results))
  for (let round = 0; round < 2_000; round++) {
    await settle()
    if (state.results !== undefined) return state.results
    await clock.advance(50)
  }
  assert.fail('no answer within 100 seconds')
}
