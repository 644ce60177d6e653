import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../objects/json.ts'
import { settle, startTestServer, type TestServer, type TestServerOptions } from '../apiserver.testing.ts'
import { toBase64, utf8 } from '../../words/bytes.ts'
import type { WebhookCaller } from '../webhooks/webhook-caller.ts'
import { mutatingWebhooks } from '../webhooks/mutating-webhooks.ts'
import { WebhookMetrics } from '../webhooks/webhook-metrics.ts'
import { answerTo, conversionHook, CRDS, door, doors, V1, V2, type ConversionHook, type DoorsChange } from './conversion-hook.testing.ts'

const MERGE = { 'content-type': 'application/merge-patch+json' }
const APPLY = { 'content-type': 'application/apply-patch+yaml' }

async function withDoors(change: DoorsChange = {}, options: TestServerOptions = {}): Promise<{ server: TestServer; hook: ConversionHook }> {
  const hook = conversionHook()
  const server = await startTestServer({ ...options, extensions: { webhooks: hook } })
  const created = await server.request('POST', CRDS, doors(change))
  assert.equal(created.status, 201, created.text)
  await settle()
  return { server, hook }
}

async function redefine(server: TestServer, change: DoorsChange): Promise<void> {
  const path = `${CRDS}/doors.example.com`
  const patched = await server.request('PATCH', path, { spec: doors(change)['spec'] }, MERGE)
  assert.equal(patched.status, 200, patched.text)
  await settle()
}

test('every way to an object leads through the webhook where versions differ, and only there', async () => {
  const { server, hook } = await withDoors()
  const table: [string, string, unknown, Record<string, string>, number, string, unknown, string[]][] = [
    ['POST', V1, door('v1', 'a', { host: 'h', port: 1 }), {}, 201, 'spec', { host: 'h', port: 1 }, []],
    ['GET', `${V1}/a`, undefined, {}, 200, 'spec', { host: 'h', port: 1 }, []],
    ['GET', `${V2}/a`, undefined, {}, 200, 'spec', { hostPort: 'h:1' }, ['v1->v2 a']],
    // Who names no revision is shown what the webhook says now; else what it has said of this state of the object will do.
    ['GET', `${V2}/a`, undefined, {}, 200, 'apiVersion', 'example.com/v2', ['v1->v2 a']],
    ['GET', `${V2}/a?resourceVersion=0`, undefined, {}, 200, 'apiVersion', 'example.com/v2', []],
    // To the store, and back for the answer; once more where a manager has written in another version, to see what becomes of his fields.
    ['POST', V2, door('v2', 'b', { hostPort: 'g:2' }), {}, 201, 'spec', { hostPort: 'g:2' }, ['v2->v1 b', 'v1->v2 b']],
    ['GET', `${V1}/b`, undefined, {}, 200, 'spec', { host: 'g', port: 2 }, []],
    ['PATCH', `${V2}/a`, { spec: { hostPort: 'i:3' } }, MERGE, 200, 'spec', { hostPort: 'i:3' }, ['v2->v1 a', 'v2->v1 a', 'v1->v2 a']],
    ['PATCH', `${V2}/a/status`, { status: { phase: 'Shut' } }, MERGE, 200, 'status', { phase: 'Shut' }, ['v2->v1 a', 'v1->v2 a']],
    ['PATCH', `${V2}/a/scale`, { spec: { replicas: 4 } }, MERGE, 200, 'spec.replicas', 4, ['v2->v1 a', 'v1->v2 a']],
    ['PATCH', `${V2}/c?fieldManager=me`, door('v2', 'c', { hostPort: 'c:9' }), APPLY, 201, 'spec', { hostPort: 'c:9' }, ['v2->v1 c', 'v1->v2 c']],
    ['PATCH', `${V2}/c?fieldManager=me`, door('v2', 'c', { hostPort: 'c:8' }), APPLY, 200, 'spec', { hostPort: 'c:8' }, ['v2->v1 c', 'v1->v2 c']],
    ['GET', `${V1}/a`, undefined, {}, 200, 'spec', { host: 'i', port: 3, replicas: 4 }, []],
    ['GET', V2, undefined, {}, 200, 'items.1.spec', { hostPort: 'g:2' }, []],
    ['DELETE', `${V2}/b`, undefined, {}, 200, 'status', 'Success', []],
  ]
  for (const [method, path, body, headers, status, member, expected, calls] of table) {
    const answer = await server.request(method, path, body, headers)
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`)
    assert.deepEqual([answer.get(member), hook.calls()], [expected, calls], `${method} ${path}`)
  }
  const all = await server.request('DELETE', `${V2}?fieldSelector=spec.hostPort%3Dc:8`)
  assert.equal(all.get('items.0.spec.hostPort'), 'c:8')
  assert.deepEqual(((await server.request('GET', V1)).get('items') as JsonObject[]).length, 1)
  server.stop()
})

test('a webhook is asked in the form of the API, and for a list all at once', async () => {
  const { server, hook } = await withDoors()
  for (const name of ['a', 'b', 'c']) await server.request('POST', V1, door('v1', name, { host: name }))
  const list = await server.request('GET', `${V2}?labelSelector=!x`)
  assert.deepEqual((list.get('items') as { spec: object }[]).map(({ spec }) => spec), [{ hostPort: 'a:80' }, { hostPort: 'b:80' }, { hostPort: 'c:80' }])
  const [asked] = hook.asked
  assert.deepEqual(hook.calls(), ['v1->v2 a,b,c'])
  assert.deepEqual([asked?.target.host, asked?.target.path, asked?.timeoutMs], ['hook.example.com', '/convert?timeout=30s', 30_000])
  const { kind, apiVersion, request } = asked?.body as { kind: string; apiVersion: string; request: { uid: string; objects: { metadata: object }[] } }
  assert.deepEqual([kind, apiVersion, Object.keys(request)], ['ConversionReview', 'apiextensions.k8s.io/v1', ['uid', 'desiredAPIVersion', 'objects']])
  assert.match(request.uid, /^[0-9a-f-]{36}$/)
  assert(!('resourceVersion' in (request.objects[0]?.metadata ?? {})))
  const one = await server.request('GET', `${V2}?fieldSelector=spec.hostPort%3Db:80`)
  assert.deepEqual([(one.get('items') as object[]).length, one.get('items.0.metadata.name'), hook.calls()], [1, 'b', []])
  await server.clock.advance(31_000)
  await server.request('GET', V2)
  assert.deepEqual(hook.calls(), ['v1->v2 a,b,c'], 'the webhook may be another by now')
  server.stop()
})

test('a webhook that is replaced: what it says now is shown, and what is shown elsewhere is no older than that', async () => {
  const { server, hook } = await withDoors()
  await server.request('POST', V1, door('v1', 'a', { host: 'a' }))
  const shown = async (path: string): Promise<unknown> => {
    const { get } = await server.request('GET', path)
    return get('spec.hostPort') ?? get('items.0.spec.hostPort')
  }
  const says = (hostPort: string) => (right: JsonObject): unknown => {
    const { convertedObjects: [first] } = right['response'] as { convertedObjects: JsonObject[] }
    return { ...right, response: { ...right['response'] as object, convertedObjects: [{ ...first, spec: { hostPort } }] } }
  }
  assert.deepEqual([await shown(V2), await shown(`${V2}/a`)], ['a:80', 'a:80'])
  hook.answer = says('new:1')
  assert.deepEqual([await shown(V2), await shown(`${V2}/a`), await shown(V2), await shown(`${V2}/a?resourceVersion=0`)], ['a:80', 'new:1', 'new:1', 'new:1'])
  hook.answer = says('new:2')
  await redefine(server, { spec: { conversion: { strategy: 'Webhook', webhook: {
    clientConfig: { url: 'https://other.example.com/convert' }, conversionReviewVersions: ['v1'],
  } } } })
  assert.equal(await shown(V2), 'new:2', 'a definition that changes is asked about anew')
  assert.equal(hook.asked.at(-1)?.target.host, 'other.example.com')
  server.stop()
})

test('many that ask for one object are one question under way, and one that begins after the last of them came', async () => {
  const { server, hook } = await withDoors()
  await server.request('POST', V1, door('v1', 'a', { host: 'a' }))
  const answers: (() => void)[] = []
  hook.answer = (right) => new Promise((resolve) => {
    answers.push(() => resolve(right))
  })
  const reads = [server.request('GET', `${V2}/a`)]
  await settle()
  for (let index = 0; index < 200; index++) reads.push(server.request('GET', `${V2}/a`))
  await settle()
  assert.equal(answers.length, 1)
  answers[0]?.()
  await settle()
  assert.equal(answers.length, 2)
  const late = server.request('GET', `${V2}/a`)
  hook.answer = () => Promise.reject(new Error('down'))
  answers[1]?.()
  assert.deepEqual([...new Set((await Promise.all(reads)).map(({ status }) => status))], [200])
  assert.deepEqual([(await late).status, hook.calls()], [500, ['v1->v2 a', 'v1->v2 a', 'v1->v2 a']])
  hook.answer = undefined
  assert.equal((await server.request('GET', `${V2}/a`)).status, 200)
  server.stop()
})

test('watches', async () => {
  const { server, hook } = await withDoors()
  await server.request('POST', V1, door('v1', 'a', { host: 'a' }))
  const all = await server.watch(`${V2}?watch=true&allowWatchBookmarks=true`)
  const chosen = await server.watch(`${V2}?watch=true&fieldSelector=spec.hostPort%3Db:80`)
  const table = await server.watch(`${V2}?watch=true`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
  const names = async (): Promise<string[][]> => [(await all.news()).map(withoutRevision), (await chosen.news()).map(withoutRevision)]
  assert.deepEqual(await names(), [['ADDED a', 'BOOKMARK '], []])
  assert.deepEqual(hook.calls(), ['v1->v2 a'], 'three watchers are one question')
  await server.request('POST', V1, door('v1', 'b', { host: 'b' }))
  assert.deepEqual(await names(), [['ADDED b'], ['ADDED b']])
  await server.request('PATCH', `${V1}/b`, { spec: { port: 81 } }, MERGE)
  assert.deepEqual(await names(), [['MODIFIED b'], ['DELETED b']])
  assert.deepEqual([all.events.at(-1)?.object['spec'], chosen.events.at(-1)?.object['spec']], [{ hostPort: 'b:81' }, { hostPort: 'b:80' }])
  const gone = await server.request('DELETE', `${V1}/b`)
  assert.equal(gone.status, 200)
  assert.deepEqual(await names(), [['DELETED b'], []])
  assert.deepEqual([all.events.at(-1)?.object['spec'], table.events.at(-1)?.type], [{ hostPort: 'b:81' }, 'DELETED'])
  await server.clock.advance(60_000)
  assert.equal((await all.news()).length, 1, 'a bookmark')
  server.stop()
})

function withoutRevision(line: string): string {
  return line.split('@')[0] ?? ''
}

test('what a watch is told while the webhook is slow comes in order, and a bookmark does not overtake it', async () => {
  const { server, hook } = await withDoors()
  const watch = await server.watch(`${V2}?watch=true&allowWatchBookmarks=true`)
  let release: () => void = () => {}
  hook.answer = (right) => new Promise((resolve) => {
    release = () => resolve(right)
  })
  await server.request('POST', V1, door('v1', 'a', { host: 'a' }))
  await server.request('POST', V1, door('v1', 'b', { host: 'b' }))
  assert.deepEqual((await watch.news()).map(withoutRevision), ['BOOKMARK '], 'the end of the state, which was empty')
  await server.clock.advance(61_000)
  assert.deepEqual(await watch.news(), [])
  hook.answer = undefined
  release()
  assert.deepEqual((await watch.news()).map(withoutRevision), ['ADDED a', 'ADDED b'])
  assert.equal((await server.request('GET', V1)).status, 200)
  server.stop()
})

test('what is wrong with an answer is said, and the metadata is not the webhook\'s', async () => {
  const { server, hook } = await withDoors()
  await server.request('POST', V1, door('v1', 'a', { host: 'a' }, { labels: { x: 'y' } }))
  const about = 'conversion webhook for example.com/v1, Kind=Door'
  const response = (change: object) => (right: JsonObject): unknown => ({ ...right, response: { ...(right['response'] as object), ...change } })
  const object = (change: object) => (right: JsonObject): unknown => {
    const { convertedObjects: [first] } = right['response'] as { convertedObjects: JsonObject[] }
    return response({ convertedObjects: [{ ...first, ...change }] })(right)
  }
  const metadata = (change: object) => (right: JsonObject): unknown => {
    const { convertedObjects: [first] } = right['response'] as { convertedObjects: { metadata: object }[] }
    return object({ metadata: { ...first?.metadata, ...change } })(right)
  }
  const table: [(right: JsonObject) => unknown, string][] = [
    [() => Promise.reject(new Error('failed to call webhook: Post "https://x": connection refused')), `${about} failed: Post "https://x": connection refused`],
    [() => ({}), `${about} failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got , Kind=`],
    [(right) => ({ ...right, response: null }), `${about} failed: no response provided`],
    [response({ uid: 'other' }), `${about} failed: expected response.uid="UID", got "other"`],
    [response({ result: { status: 'Failed', message: 'not today' } }), `${about} failed: not today`],
    [response({ result: { status: 'Failed' } }), `${about} failed: response.result.status was 'Failed', not 'Success'`],
    [response({ result: {} }), `${about} failed: response.result.status was '', not 'Success'`],
    [response({ convertedObjects: [] }), `${about} returned 0 objects, expected 1`],
    [response({ convertedObjects: ['x'] }), `${about} returned invalid object: it is no object`],
    [object({ apiVersion: 'example.com/v1' }), `${about} returned invalid object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v1)`],
    [object({ kind: 'Gate' }), `${about} returned invalid object at index 0: invalid kind (expected Door, received Gate)`],
    [metadata({ name: 'b' }), `${about} returned invalid object: must have the same name: a != b`],
    [metadata({ namespace: 'b' }), `${about} returned invalid object: must have the same namespace: default != b`],
    [metadata({ uid: 'b' }), `${about} returned invalid object: must have the same UID: UID != b`],
    [object({ metadata: undefined }), `${about} returned invalid object: must have the same name: a != `],
    [metadata({ labels: { x: 1 } }), `${about} returned invalid metadata: metadata.labels[x] must be a string, but is no string in converted object`],
    [metadata({ labels: { '': 'y' } }), `${about} returned invalid metadata: [metadata.labels: Invalid value: "": name part must be non-empty, `],
  ]
  for (const [answer, expected] of table) {
    hook.answer = answer
    const answered = await server.request('GET', `${V2}/a`)
    assert.deepEqual([answered.status, answered.get('reason')], [500, undefined], answered.text)
    const message = String(answered.get('message')).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UID')
    assert(message.startsWith(expected), `${message}\nshould begin with\n${expected}`)
  }
  hook.answer = metadata({ labels: { x: 'z' }, annotations: { is: 'new' }, generation: 9, finalizers: ['gone'], ownerReferences: [], creationTimestamp: null })
  const right = await server.request('GET', `${V2}/a`)
  const { labels, annotations, generation, finalizers, creationTimestamp } = right.get('metadata') as JsonObject
  assert.deepEqual([labels, annotations, generation, finalizers, creationTimestamp], [{ x: 'z' }, { is: 'new' }, 1, undefined, '2026-01-01T00:00:00Z'])
  const { text } = await server.request('GET', '/metrics')
  const counted = text.split('\n').filter((line) => /^apiserver_(conversion_webhook_request_total|crd_conversion_webhook_duration_seconds_count)/.test(line))
  assert.deepEqual(counted, [
    'apiserver_conversion_webhook_request_total{failure_type="conversion_webhook_call_failure",result="failure"} 1',
    'apiserver_conversion_webhook_request_total{failure_type="conversion_webhook_malformed_response_failure",result="failure"} 6',
    'apiserver_conversion_webhook_request_total{failure_type="conversion_webhook_partial_response_failure",result="failure"} 1',
    'apiserver_conversion_webhook_request_total{failure_type="conversion_webhook_invalid_converted_object_failure",result="failure"} 9',
    'apiserver_conversion_webhook_request_total{failure_type="",result="success"} 1',
    'apiserver_crd_conversion_webhook_duration_seconds_count{crd_name="doors.example.com",from_version="v1",succeeded="false",to_version="v2"} 17',
    'apiserver_crd_conversion_webhook_duration_seconds_count{crd_name="doors.example.com",from_version="v1",succeeded="true",to_version="v2"} 1',
  ])
  server.stop()
})

test('a webhook that fails ends a watch with its words, and refuses writes', async () => {
  const { server, hook } = await withDoors()
  const watch = await server.watch(`${V2}?watch=true`)
  hook.answer = () => Promise.reject(new Error('down'))
  await server.request('POST', V1, door('v1', 'a', { host: 'a' }))
  assert.deepEqual(await watch.news(), ['ERROR conversion webhook for example.com/v1, Kind=Door failed: down@'])
  await watch.ended
  const late = await server.watch(`${V2}?watch=true`)
  assert.deepEqual(await late.news(), ['ERROR conversion webhook for example.com/v1, Kind=Door failed: down@'])
  assert.deepEqual((await server.request('POST', V2, door('v2', 'b', {}))).get('message'), 'conversion webhook for example.com/v2, Kind=Door failed: down')
  assert.equal((await server.request('DELETE', `${V2}/a`)).status, 500)
  assert.deepEqual(((await server.request('GET', V1)).get('items') as object[]).length, 1)
  server.stop()
})

test('a webhook that hangs holds few requests: the rest hear at once that it is slow', async () => {
  const { server, hook } = await withDoors()
  for (let index = 0; index < 100; index++) await server.request('POST', V1, door('v1', `a${index}`, { host: 'a' }))
  const waiting: ((answer: unknown) => void)[] = []
  hook.answer = (right) => new Promise((resolve) => {
    waiting.push(() => resolve(right))
  })
  const answers = Array.from({ length: 100 }, (_, index) => server.request('GET', `${V2}/a${index}`))
  await settle()
  assert.equal(waiting.length, 16)
  assert.equal((await server.request('GET', `${V1}/a1`)).status, 200)
  hook.answer = undefined
  for (const go of waiting) go(undefined)
  const codes = (await Promise.all(answers)).map(({ status }) => status)
  assert.deepEqual([codes.filter((code) => code === 200).length, codes.filter((code) => code === 429).length], [80, 20])
  server.stop()
})

test('a storage version that changes: old objects are converted, and written anew by any update', async () => {
  for (const strategy of ['Webhook', 'None'] as const) {
    const { server, hook } = await withDoors({ strategy })
    await server.request('POST', V1, door('v1', 'a', { host: 'a', port: 1, open: true }))
    await redefine(server, { strategy, stored: 'v2' })
    const crd = await server.request('GET', `${CRDS}/doors.example.com`)
    assert.deepEqual(crd.get('status.storedVersions'), ['v1', 'v2'])
    hook.calls()
    const expected = strategy === 'Webhook' ? { hostPort: 'a:1', open: true } : { open: true }
    const before = await server.request('GET', `${V2}/a`)
    assert.deepEqual(before.get('spec'), expected)
    assert.deepEqual((await server.request('GET', V1)).get('items.0.spec'), { host: 'a', port: 1, open: true })
    // A replacement by the very same object: kubectl get -o yaml | kubectl replace -f -
    const replaced = await server.request('PUT', `${V2}/a`, before.body)
    assert.notEqual(replaced.get('metadata.resourceVersion'), before.get('metadata.resourceVersion'), replaced.text)
    const again = await server.request('PUT', `${V2}/a`, replaced.body)
    assert.equal(again.get('metadata.resourceVersion'), replaced.get('metadata.resourceVersion'), again.text)
    hook.calls()
    await server.request('GET', `${V2}/a`)
    assert.deepEqual(hook.calls(), [], 'it is stored as v2')
    server.stop()
  }
})

test('a version cannot go while objects may be stored in it', async () => {
  const { server } = await withDoors()
  await redefine(server, { stored: 'v2' })
  const path = `${CRDS}/doors.example.com`
  const { spec } = doors({ stored: 'v2' }) as { spec: { versions: object[] } }
  const drop = (): ReturnType<TestServer['request']> => server.request('PATCH', path, { spec: { versions: spec.versions.slice(1) } }, MERGE)
  const refused = await drop()
  assert.deepEqual([refused.status, refused.get('message')], [422, 'CustomResourceDefinition.apiextensions.k8s.io "doors.example.com" is invalid: status.storedVersions[0]:'
    + ' Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data'
    + ' remains persisted in v1 and removes v1 from status.storedVersions'])
  assert.equal((await server.request('PATCH', `${path}/status`, { status: { storedVersions: ['v2'] } }, MERGE)).status, 200)
  const dropped = await drop()
  assert.equal(dropped.status, 200, dropped.text)
  await settle()
  assert.equal((await server.request('GET', V1)).status, 404)
  server.stop()
})

test('a newer schema: its defaults appear in old objects, and what it does not know is gone', async () => {
  const { server } = await withDoors({ strategy: 'None', v1: { old: { type: 'string' } } })
  await server.request('POST', V1, door('v1', 'a', { host: 'a', old: 'x' }))
  const before = await server.watch(`${V1}?watch=true`)
  await before.news()
  await redefine(server, { strategy: 'None', v1: { colour: { type: 'string', default: 'red' } } })
  await before.ended
  const expected = { host: 'a', colour: 'red' }
  const got = await server.request('GET', `${V1}/a`)
  assert.deepEqual([got.get('spec'), got.get('metadata.generation')], [expected, 1])
  assert.deepEqual((await server.request('GET', V1)).get('items.0.spec'), expected)
  const watch = await server.watch(`${V1}?watch=true`)
  await watch.news()
  assert.deepEqual(watch.events[0]?.object['spec'], expected)
  const labelled = await server.request('PATCH', `${V1}/a`, { metadata: { labels: { x: 'y' } } }, MERGE)
  assert.deepEqual([labelled.get('spec'), labelled.get('metadata.generation')], [expected, 1])
  server.stop()
})

test('admission webhooks and policies are shown the version that they ask for', async () => {
  const hook = conversionHook()
  const seen: unknown[] = []
  const admission: WebhookCaller = {
    async call({ body }) {
      const { uid, kind, object, oldObject } = body['request'] as { uid: string; kind: JsonObject; object: JsonObject; oldObject: JsonObject | null }
      seen.push([kind['version'], object['spec'], oldObject?.['spec']])
      const patch = toBase64(utf8('[{"op":"add","path":"/spec/open","value":true}]'))
      return { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response: { uid, allowed: true, patchType: 'JSONPatch', patch } }
    },
  }
  const server = await startTestServer({ extensions: (core) => {
    const metrics = new WebhookMetrics(core.clock)
    return { webhooks: hook, mutators: [mutatingWebhooks({ ...core, caller: admission, matchConditions: () => ({ outcome: 'matches' }), metrics })] }
  } })
  await server.request('POST', CRDS, doors())
  const rules = [{ apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['doors'], operations: ['CREATE', 'UPDATE'] }]
  const clientConfig = { url: 'https://admission.example.com' }
  const configured = await server.request('POST', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', {
    apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: 'hooks' },
    webhooks: [{ name: 'a.example.com', rules, clientConfig, sideEffects: 'None', admissionReviewVersions: ['v1'] }],
  })
  assert.equal(configured.status, 201, configured.text)
  const created = await server.request('POST', V2, door('v2', 'a', { hostPort: 'h:1' }))
  assert.deepEqual([created.status, created.get('spec')], [201, { hostPort: 'h:1', open: true }], created.text)
  await server.request('PATCH', `${V2}/a`, { spec: { hostPort: 'h:2' } }, MERGE)
  assert.deepEqual(seen, [['v1', { host: 'h', port: 1 }, undefined], ['v1', { open: true, host: 'h', port: 2 }, { open: true, host: 'h', port: 1 }]])
  server.stop()
})

test('who applied in one version owns it in all', async () => {
  const { server, hook } = await withDoors()
  const apply = (path: string, manager: string, body: JsonObject, force = false): ReturnType<TestServer['request']> =>
    server.request('PATCH', `${path}/a?fieldManager=${manager}&force=${force}`, body, APPLY)
  const owned = async (): Promise<string[]> => {
    const { get } = await server.request('GET', `${V1}/a`)
    const entries = get('metadata.managedFields') as { manager: string; apiVersion: string; fieldsV1: { 'f:spec'?: object } }[]
    return entries.map(({ manager, apiVersion, fieldsV1 }) => `${manager} ${apiVersion.slice(-2)} ${Object.keys(fieldsV1['f:spec'] ?? {}).join(' ')}`)
  }
  await apply(V1, 'ann', door('v1', 'a', { host: 'h', port: 1 }))
  const refused = await apply(V2, 'bob', door('v2', 'a', { hostPort: 'h:2' }))
  assert.deepEqual([refused.status, refused.get('details.causes')], [409, [
    { reason: 'FieldManagerConflict', message: 'conflict with "ann"', field: '.spec.port' },
  ]], refused.text)
  const same = await apply(V2, 'bob', door('v2', 'a', { hostPort: 'h:1', open: true }))
  assert.equal(same.status, 200, same.text)
  assert.deepEqual(await owned(), ['ann v1 f:host f:port', 'bob v2 f:hostPort f:open'])
  await apply(V2, 'bob', door('v2', 'a', { hostPort: 'i:1' }), true)
  assert.deepEqual(await owned(), ['ann v1 f:port', 'bob v2 f:hostPort'])
  assert.deepEqual((await server.request('GET', `${V2}/a`)).get('spec'), { hostPort: 'i:1' })
  const patched = await server.request('PATCH', `${V1}/a?fieldManager=cy`, { spec: { port: 7, open: false } }, MERGE)
  assert.equal(patched.status, 200, patched.text)
  assert.deepEqual(await owned(), ['cy v1 f:port f:open'])
  // The same manager moves from one version to the other: what it says no more is gone.
  const moved = await apply(V1, 'dee', door('v1', 'a', { host: 'd', port: 7, replicas: 3 }), true)
  assert.deepEqual(moved.get('spec'), { host: 'd', port: 7, replicas: 3, open: false }, moved.text)
  const after = await apply(V2, 'dee', door('v2', 'a', { hostPort: 'd:7' }), true)
  assert.deepEqual([after.get('spec'), await owned()], [{ hostPort: 'd:7', open: false }, ['dee v2 f:hostPort', 'cy v1 f:port f:open']], after.text)
  // An update goes on without the webhook, an apply does not.
  hook.answer = () => new Promise(() => undefined)
  const slow = server.request('PATCH', `${V1}/a?fieldManager=cy`, { spec: { replicas: 2 } }, MERGE)
  await settle()
  await server.clock.advance(1_000)
  assert.equal((await slow).status, 200)
  hook.answer = () => Promise.reject(new Error('down'))
  assert.equal((await server.request('PATCH', `${V1}/a?fieldManager=cy`, { spec: { replicas: 1 } }, MERGE)).status, 200)
  assert.deepEqual((await apply(V1, 'eve', door('v1', 'a', { replicas: 1 }))).get('message'), 'conversion webhook for example.com/v1, Kind=Door failed: down')
  server.stop()
})

test('the cluster\'s own parts see converted objects too', async () => {
  const { server, hook } = await withDoors()
  await server.request('POST', V1, door('v1', 'a', { host: 'a' }))
  const kind = { group: 'example.com', version: 'v2', kind: 'Door', plural: 'doors', singular: 'door', namespaced: true, shortNames: [], categories: [], schema: '' }
  const stop = new AbortController()
  const got = await server.client.get(kind, { namespace: 'default', name: 'a' })
  assert.deepEqual((got as unknown as JsonObject)['spec'], { hostPort: 'a:80' })
  assert.equal((await server.client.list(kind)).items[0]?.apiVersion, 'example.com/v2')
  const watch = server.client.watch(kind, { signal: stop.signal })[Symbol.asyncIterator]()
  const { value } = await watch.next()
  assert(value?.type === 'added' && value.object.apiVersion === 'example.com/v2')
  assert.deepEqual(hook.calls(), ['v1->v2 a'])
  await redefine(server, { stored: 'v2' })
  await assert.rejects(watch.next(), /its kind is not served as it was/)
  hook.answer = () => Promise.reject(new Error('down'))
  // What empties namespaces and collects garbage reads the stored version, and looks at nothing but metadata.
  assert.equal((await server.client.list(kind)).items[0]?.apiVersion, 'example.com/v1')
  stop.abort()
  assert.equal(answerTo({ request: {} })['kind'], 'ConversionReview')
  server.stop()
})
