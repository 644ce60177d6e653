import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonText } from '../objects/json-text.ts'
import { kinds } from '../resources/generated/kinds.ts'
import { textOf, utf8 } from '../words/bytes.ts'
import { StatusError } from '../words/status-error.ts'
import type { WatchEvent } from './client.ts'
import { createHttpClient } from './http-client.ts'
import { listAll } from './list-pages.ts'
import { jsonLines } from './response-body.ts'
import type { Transport, TransportRequest, TransportResponse } from './transport.ts'

type Answer = { status?: number; headers?: Record<string, string>; body: object | string | readonly string[] } | Error

async function* chunksOf(parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield utf8(part)
}

/** Answers in order, and notes what it was asked. */
function fakeTransport(...answers: Answer[]): { transport: Transport; requests: TransportRequest[] } {
  const requests: TransportRequest[] = []
  const send = async (request: TransportRequest): Promise<TransportResponse> => {
    requests.push(request)
    const answer = answers[requests.length - 1]
    if (answer === undefined) throw new Error('no answer left')
    if (answer instanceof Error) throw answer
    const parts = Array.isArray(answer.body) ? answer.body : [typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)]
    return { status: answer.status ?? 200, headers: answer.headers ?? {}, body: chunksOf(parts) }
  }
  return { transport: { send, close() {} }, requests }
}

function shown(request: TransportRequest | undefined): string {
  assert.ok(request !== undefined)
  const body = request.body === undefined ? '' : ` ${textOf(request.body)}`
  const type = request.headers['content-type']
  return `${request.method} ${request.path}${type === undefined || type === 'application/json' ? '' : ` ${type}`}${body}`
}

const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'n', resourceVersion: '7' }, data: { x: 'y' } }
const key = { namespace: 'n', name: 'a' }
const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } }

test('requests', async () => {
  const { ConfigMap, Deployment, Node, Pod } = kinds
  type Client = ReturnType<typeof createHttpClient>
  const body = JSON.stringify(map)
  const table: [call: (client: Client) => Promise<unknown>, expected: string][] = [
    [(client) => client.get(ConfigMap, key), 'GET /api/v1/namespaces/n/configmaps/a'],
    [(client) => client.get(Node, { namespace: '', name: 'a b' }), 'GET /api/v1/nodes/a%20b'],
    [(client) => client.list(Deployment), 'GET /apis/apps/v1/deployments'],
    [(client) => client.list(Deployment, { namespace: 'n', labelSelector: 'a=b', limit: 5, continueToken: 't', resourceVersion: '0' }),
      'GET /apis/apps/v1/namespaces/n/deployments?labelSelector=a%3Db&limit=5&continue=t&resourceVersion=0'],
    [(client) => client.create(ConfigMap, map, { fieldManager: 'm', dryRun: true, fieldValidation: 'Strict' }),
      `POST /api/v1/namespaces/n/configmaps?fieldManager=m&fieldValidation=Strict&dryRun=All ${body}`],
    [(client) => client.create(Node, node), `POST /api/v1/nodes ${JSON.stringify(node)}`],
    [(client) => client.update(ConfigMap, map, { subresource: 'status' }), `PUT /api/v1/namespaces/n/configmaps/a/status ${body}`],
    [(client) => client.patch(ConfigMap, key, { type: 'merge', body: { data: { x: null } } }),
      'PATCH /api/v1/namespaces/n/configmaps/a application/merge-patch+json {"data":{"x":null}}'],
    [(client) => client.patch(ConfigMap, key, { type: 'json', operations: [{ op: 'remove', path: '/data' }] }),
      'PATCH /api/v1/namespaces/n/configmaps/a application/json-patch+json [{"op":"remove","path":"/data"}]'],
    [(client) => client.patch(ConfigMap, key, { type: 'apply', body: {}, force: true }, { fieldManager: 'm' }),
      'PATCH /api/v1/namespaces/n/configmaps/a?fieldManager=m&force=true application/apply-patch+yaml {}'],
    [(client) => client.delete(ConfigMap, key, { uid: 'u', gracePeriodSeconds: 0, propagationPolicy: 'Foreground' }),
      'DELETE /api/v1/namespaces/n/configmaps/a {"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":0,"propagationPolicy":"Foreground","preconditions":{"uid":"u"}}'],
    [(client) => client.deleteCollection(Pod, { namespace: 'n', fieldSelector: 'spec.nodeName=a' }),
      'DELETE /api/v1/namespaces/n/pods?fieldSelector=spec.nodeName%3Da {"apiVersion":"v1","kind":"DeleteOptions"}'],
    [(client) => client.createSubresource(Pod, key, 'binding', { target: {} }), 'POST /api/v1/namespaces/n/pods/a/binding {"target":{}}'],
  ]
  for (const [call, expected] of table) {
    const { transport, requests } = fakeTransport({ body: map })
    await call(createHttpClient(transport, { userAgent: 'lotse-test' }))
    assert.equal(shown(requests[0]), expected)
    assert.equal(requests[0]?.headers['user-agent'], 'lotse-test')
  }
})

test('answers', async () => {
  const listed = fakeTransport({ body: { kind: 'ConfigMapList', metadata: { resourceVersion: '9', continue: 't' }, items: [{ metadata: { name: 'a' } }] } })
  assert.deepEqual(await createHttpClient(listed.transport).list(kinds.ConfigMap), {
    items: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }], resourceVersion: '9', continueToken: 't',
  })
  const deleted = fakeTransport({ body: { kind: 'Status', metadata: {}, status: 'Success' } }, { body: map })
  assert.equal(await createHttpClient(deleted.transport).delete(kinds.ConfigMap, key), undefined)
  assert.deepEqual(await createHttpClient(deleted.transport).delete(kinds.ConfigMap, key), map)
})

async function refusal(run: () => Promise<unknown>): Promise<StatusError> {
  try {
    await run()
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error))
    return error
  }
  throw new Error('no refusal')
}

test('errors', async () => {
  const causes = [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.x' }]
  const table: [answer: Answer, code: number, reason: string, message: RegExp, details?: object][] = [
    [{ status: 422, body: { kind: 'Status', code: 422, reason: 'Invalid', message: 'bad', details: { kind: 'ConfigMap', name: 'a', causes } } },
      422, 'Invalid', /^bad$/, { kind: 'ConfigMap', name: 'a', causes }],
    [{ status: 429, body: 'slow down', headers: { 'retry-after': '3' } }, 429, 'TooManyRequests', /^slow down$/, { retryAfterSeconds: 3 }],
    [{ status: 502, body: '' }, 502, '', /^the server answered with code 502$/],
    [{ body: '<html>' }, 500, 'InternalError', /not valid JSON/],
    [{ body: '[]' }, 500, 'InternalError', /^the answer is no ConfigMap$/],
    [new Error('connection refused'), 503, 'ServiceUnavailable', /^connection refused$/],
  ]
  for (const [answer, code, reason, message, details] of table) {
    const error = await refusal(() => createHttpClient(fakeTransport(answer).transport).get(kinds.ConfigMap, key))
    assert.deepEqual([error.code, error.reason], [code, reason])
    assert.match(error.message, message)
    if (details !== undefined) assert.deepEqual(error.details, details)
  }
})

function eventLine(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`
}

async function collect(parts: readonly string[], signal = new AbortController().signal): Promise<{ events: WatchEvent<object>[]; requests: TransportRequest[] }> {
  const { transport, requests } = fakeTransport({ body: parts })
  const events: WatchEvent<object>[] = []
  for await (const event of createHttpClient(transport).watch(kinds.ConfigMap, { namespace: 'n', sendInitialEvents: true, signal })) events.push(event)
  return { events, requests }
}

test('watch: events, bookmarks, the end of the initial state, whatever the chunks are', async () => {
  const bookmark = { kind: 'ConfigMap', metadata: { resourceVersion: '8', annotations: { 'k8s.io/initial-events-end': 'true' } } }
  const text = eventLine('ADDED', map) + eventLine('BOOKMARK', bookmark) + eventLine('MODIFIED', map) + eventLine('DELETED', map) + '{"type":"ADD'
  const expected = [
    { type: 'added', object: map }, { type: 'bookmark', resourceVersion: '8', initialEventsEnd: true }, { type: 'modified', object: map },
    { type: 'deleted', object: map },
  ]
  for (const parts of [[text], [...text], text.split(/(?<=\n)/)]) assert.deepEqual((await collect(parts)).events, expected)
  const { requests } = await collect([text])
  assert.equal(shown(requests[0]), 'GET /api/v1/namespaces/n/configmaps?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan')
})

test('watch: an ERROR event and a broken stream are StatusErrors, an abort is an end', async () => {
  const expired = await refusal(() => collect([eventLine('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' })]))
  assert.deepEqual([expired.code, expired.reason, expired.message], [410, 'Expired', 'too old'])
  assert.equal((await refusal(() => collect(['{nonsense\n']))).code, 500)
  assert.equal((await refusal(() => collect([eventLine('OTHER', map)]))).code, 500)
  const aborted = new AbortController()
  aborted.abort()
  assert.deepEqual((await collect([eventLine('ADDED', map)], aborted.signal)).events, [])
})

test('all pages, and once more when their revision is gone', async () => {
  const page = (name: string, token: string): Answer => ({ body: { metadata: { resourceVersion: '9', continue: token }, items: [{ ...map, metadata: { name } }] } })
  const whole = fakeTransport(page('a', 't1'), page('b', 't2'), page('c', ''))
  const all = await listAll(createHttpClient(whole.transport), kinds.ConfigMap, { resourceVersion: '0' })
  assert.deepEqual(all.items.map(({ metadata }) => metadata.name), ['a', 'b', 'c'])
  assert.deepEqual(whole.requests.map(shown), [
    'GET /api/v1/configmaps?limit=500&resourceVersion=0', 'GET /api/v1/configmaps?limit=500&continue=t1',
    'GET /api/v1/configmaps?limit=500&continue=t2',
  ])
  const gone = fakeTransport(page('a', 't1'), { status: 410, body: { kind: 'Status', code: 410, reason: 'Expired', message: 'gone' } }, page('x', ''))
  assert.deepEqual((await listAll(createHttpClient(gone.transport), kinds.ConfigMap)).items.map(({ metadata }) => metadata.name), ['x'])
})

test('property: lines do not depend on chunks', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 5 }), fc.array(fc.nat(60), { maxLength: 6 }), async (values, cuts) => {
    const text = values.map((value) => `${JSON.stringify(value)}\n`).join('')
    const bytes = utf8(text)
    const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
    const read: unknown[] = []
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let index = 1; index < places.length; index++) yield bytes.subarray(places[index - 1], places[index])
    }
    for await (const value of jsonLines(body())) read.push(value)
    assert.deepEqual(jsonText(read), JSON.stringify(values))
  }), { numRuns: 100 })
})
