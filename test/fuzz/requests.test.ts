/** A whole API server in memory: any method, path, query, header and body has an answer, none of them is a defect, and what is stored stays sound. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { memberOf, settle, startTestServer, testRequest, type TestServer } from '../../src/apiserver/apiserver.testing.ts'
import type { ServerResponse } from '../../src/apiserver/http.ts'
import { ProtobufEncoder } from '../../src/apiserver/protobuf/encode-object.ts'
import { jsonText } from '../../src/objects/json-text.ts'
import type { KubeObject } from '../../src/objects/kube-object.ts'
import { servedResources } from '../../src/resources/registry.ts'
import { sampleOf } from '../../src/resources/sample-objects.testing.ts'
import { SchemaCatalog } from '../../src/resources/schema.ts'
import { utf8 } from '../../src/words/bytes.ts'
import { silentLog } from '../../src/words/ports.ts'
import { fuzzAsync } from './fuzzing.testing.ts'
import { hostileJson, hostileObject, hostileText, mutated } from './hostile-values.testing.ts'

const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const JSON_TYPES = ['application/json', 'application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml', 'application/yaml'] as const
const QUERY = ['watch', 'limit', 'continue', 'resourceVersion', 'resourceVersionMatch', 'labelSelector', 'fieldSelector', 'dryRun', 'fieldManager', 'force', 'fieldValidation', 'timeoutSeconds', 'allowWatchBookmarks', 'sendInitialEvents', 'propagationPolicy', 'gracePeriodSeconds', 'pretty', 'includeObject'] as const
const ACCEPTS = ['application/json', PROTOBUF, 'application/yaml', 'application/json;as=Table;g=meta.k8s.io;v=v1', 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', `${PROTOBUF};as=Table;g=meta.k8s.io;v=v1`, 'application/json;stream=watch', '*/*', 'text/plain', 'application/cbor'] as const

const resources = servedResources()
const samples = resources.map(({ kind }) => sampleOf(kind))
const encoder = new ProtobufEncoder(new SchemaCatalog().lookup)

const MERGES = ['application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml'] as const
const FIELDS = ['spec', 'status', 'metadata', 'data', 'rules', 'webhooks', 'subsets', 'endpoints'] as const

interface Call {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: Uint8Array | undefined
}

const jsonBytes = (value: unknown): Uint8Array => utf8(jsonText(value))
const json = { 'content-type': 'application/json' } as const
const { constantFrom, record, tuple, oneof } = fc

function collection({ kind }: (typeof resources)[number]): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
  return `${root}${kind.namespaced ? '/namespaces/default' : ''}/${kind.plural}`
}

/** Any path below, with any verb, parameters, headers and body. */
function anyCall(path: string, bodies: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Call> {
  const below = oneof(constantFrom('', '/a', '/a/status', '/a/scale', '/a/eviction', '/a/token', '/a/log', '/a/finalize', '/a/binding', '/a/nothing').map((rest) => path + rest), hostileText.map((text) => `${path}/${text}`), hostileText.map((text) => `/${text}`))
  const value = oneof(constantFrom('true', '0', '1', '-1', 'All', 'Exact', 'NotOlderThan', 'Strict', 'Background', 'metadata.name=a', 'a=b', '99999999', 'x'), hostileText)
  const query = fc.dictionary(constantFrom(...QUERY), value.map((text) => text.toWellFormed()), { maxKeys: 3, noNullPrototype: true })
  return record({
    method: constantFrom('GET', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'FOO'), url: tuple(below, query).map(([at, parameters]) => `${at.replaceAll('?', '')}?${new URLSearchParams(parameters)}`),
    headers: record({ accept: constantFrom(...ACCEPTS), 'content-type': constantFrom(...JSON_TYPES, PROTOBUF, 'text/plain', '') }, { requiredKeys: [] }), body: fc.option(bodies, { nil: undefined }),
  })
}

/** Mostly what a client means to do, with an object that is nearly sound: it should get far. */
const call: fc.Arbitrary<Call> = fc.nat({ max: resources.length - 1 }).chain((index) => {
  const path = collection(resources[index] ?? assert.fail('a resource'))
  const sample: KubeObject = samples[index] ?? assert.fail('a sample')
  const message = encoder.encode({ ...sample })
  const part = constantFrom(...FIELDS)
  const wrong = oneof(
    tuple(hostileObject, part).map(([object, field]) => ({ ...sample, [field]: object })), hostileObject.map((object) => ({ ...sample, metadata: { ...sample.metadata, ...object } })),
    tuple(part, hostileText, hostileJson).map(([field, name, value]) => ({ ...sample, [field]: { ...Object(memberOf(sample, field)), [name]: value } })),
  )
  const bodies = oneof(mutated([jsonBytes(sample)], 2), wrong.map(jsonBytes), fc.constant(jsonBytes(sample)))
  const operation = record({ op: constantFrom('add', 'remove', 'replace', 'test', 'copy', 'move'), path: tuple(constantFrom('/metadata', '/spec', '/status', '/data', ''), constantFrom('', '/labels', '/name', '/ownerReferences', '/managedFields', '/replicas', '/finalizers/-')).map(([a, b]) => a + b), from: constantFrom('/metadata', '/spec'), value: hostileJson })
  const object = constantFrom(`${path}/a`, `${path}/a`, `${path}/a/status`, `${path}/a/scale`)
  const common = { headers: fc.constant(json) }
  return oneof(
    { weight: 3, arbitrary: record({ method: fc.constant('POST'), url: constantFrom(path, `${path}?dryRun=All`, `${path}?fieldValidation=Strict`), body: bodies, ...common }) },
    { weight: 3, arbitrary: record({ method: fc.constant('PUT'), url: object, body: bodies, ...common }) },
    { weight: 4, arbitrary: record({ method: fc.constant('PATCH'), url: object.map((at) => `${at}?fieldManager=fuzz`), body: oneof(hostileObject, part.chain((field) => hostileObject.map((value) => ({ [field]: value }))), wrong).map(jsonBytes), headers: constantFrom(...MERGES).map((type) => ({ 'content-type': type })) }) },
    { weight: 2, arbitrary: record({ method: fc.constant('PATCH'), url: object, body: fc.array(operation, { maxLength: 4 }).map(jsonBytes), headers: fc.constant({ 'content-type': 'application/json-patch+json' }) }) },
    ...(message === undefined ? [] : [{ weight: 2, arbitrary: record({ method: constantFrom('POST', 'PUT'), url: object, body: mutated([message], 3), headers: fc.constant({ 'content-type': PROTOBUF }) }) }]),
    { weight: 1, arbitrary: record({ method: fc.constant('DELETE'), url: fc.constant(`${path}/a`), body: fc.constant(undefined), ...common }) },
    { weight: 4, arbitrary: anyCall(path, bodies) },
  )
})

/** Time goes on while the request waits for something: no wait is longer than a minute and a half. */
async function answer(server: TestServer, { method, url, headers, body }: Call): Promise<ServerResponse> {
  const abort = new AbortController()
  const state: { response?: ServerResponse; error?: unknown } = {}
  Promise.resolve().then(() => server.server.handle(testRequest(method, url, body, { ...headers }, abort.signal))).then((response) => (state.response = response), (error: unknown) => (state.error = error))
  for (let round = 0; round < 90; round++) {
    await settle()
    if (state.error !== undefined) throw state.error
    if (state.response !== undefined) {
      if (state.response.type === 'stream') {
        const sent = state.response.send({ write: () => true, backlogBytes: () => 0, drained: async () => {} })
        abort.abort()
        await sent
      }
      return state.response
    }
    await server.clock.advance(1_000)
  }
  assert.fail('no answer within 90 seconds')
}

/** What the server says of its own defects. */
const defects: string[] = []
const log = { ...silentLog, error: (message: string, fields?: object) => void defects.push(`${message} ${JSON.stringify(fields)}`) }
const server = await startTestServer({ log })
for (const resource of resources) await server.request('POST', collection(resource), sampleOf(resource.kind))

/** What a wrong request may be told, and what asks for patience. */
const EXPECTED_ABOVE_499 = new Set([501, 504])

fuzzAsync('requests', 0.22, fc.array(call, { minLength: 1, maxLength: 3 }), async (calls) => {
  for (const each of calls) {
    const response = await answer(server, each)
    if (response.type !== 'whole') continue
    const text = Buffer.concat(response.body).toString()
    assert.ok(response.status < 500 || EXPECTED_ABOVE_499.has(response.status), `${each.method} ${each.url} is answered with ${response.status} ${text.slice(0, 500)} ${defects.at(-1)}`)
    if (response.headers['content-type'] !== 'application/json' || text === '') continue
    const body: unknown = JSON.parse(text)
    if (response.status >= 400) assert.deepEqual([memberOf(body, 'kind'), memberOf(body, 'code')], ['Status', response.status])
  }
})

fuzzAsync('what the requests left behind', 0.001, fc.constantFrom(...resources), async (resource) => {
  const list = await server.request('GET', collection(resource))
  if (list.status === 405 || list.status === 404) return
  assert.equal(list.status, 200, list.text.slice(0, 500))
  const items = list.body['items']
  for (const item of Array.isArray(items) ? items : []) {
    for (const field of ['name', 'uid', 'resourceVersion', 'creationTimestamp']) assert.equal(typeof memberOf(item, `metadata.${field}`), 'string', `${resource.kind.kind}: ${jsonText(item).slice(0, 300)}`)
  }
})
