import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SchemaCatalog } from '../../resources/schema.ts'
import { utf8 } from '../../words/bytes.ts'
import { silentLog } from '../../words/ports.ts'
import { forbidden, unauthorized } from '../../words/status-error.ts'
import type { User } from '../access.ts'
import type { Peer, ServerRequest, ServerResponse } from '../http.ts'
import { plainJson } from '../negotiate/accept.ts'
import { failureResponse } from '../negotiate/response.ts'
import { ProtobufDecoder } from '../protobuf/decode-object.ts'
import { parseRequest } from '../request-info.ts'
import { readAuditPolicy } from './audit-policy.ts'
import type { AuditTrail } from './audit-trail.ts'
import { Auditor } from './auditor.ts'

const START = Date.UTC(2026, 10, 23, 5, 14, 26) + 123.5
const ann: User = { name: 'ann', uid: 'u1', groups: ['dev', 'system:authenticated'], extra: { 'acme.com/project': ['x'] } }
const bob: User = { name: 'bob', uid: '', groups: [], extra: {} }
const ANN = { username: 'ann', uid: 'u1', groups: ['dev', 'system:authenticated'], extra: { 'acme.com/project': ['x'] } }

interface Bed {
  readonly trail: AuditTrail
  readonly lines: string[]
  events(): readonly Record<string, unknown>[]
  readonly request: ServerRequest
}

function begin(rule: object, asked: string, headers: ServerRequest['headers'] = {}, peer: Partial<Peer> = {}): Bed {
  const [method = '', target = ''] = asked.split(' ')
  const [path = '', query = ''] = target.split('?')
  const request: ServerRequest = {
    method, path, query, headers: { 'user-agent': 'kubectl/v1.32', ...headers }, peer: {
      address: '::ffff:10.0.0.9', certificate: undefined, ...peer,
    },
    body: () => Promise.resolve(new Uint8Array()), signal: new AbortController().signal,
  }
  const result = readAuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ omitStages: ['RequestReceived'], ...rule }] })
  assert(result.outcome === 'policy', JSON.stringify(result))
  const lines: string[] = []
  let now = START
  const auditor = new Auditor({
    policy: result.policy, sinks: [{ plugin: 'log', lost: 0, take: (line) => lines.push(line) }], protobuf: new ProtobufDecoder(new SchemaCatalog().lookup),
    clock: { now: () => now++, after: () => () => undefined }, random: { bytes: (length) => new Uint8Array(length) }, log: silentLog,
  })
  const trail = auditor.begin(request)
  trail.asked(parseRequest(method, path, new URLSearchParams(query)))
  return { trail, lines, request, events: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

function answer(status: number, body: object, type = 'application/json'): ServerResponse {
  return { type: 'whole', status, headers: { 'content-type': type }, body: [utf8(JSON.stringify(body))] }
}

const POD = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'web', namespace: 'shop', uid: 'p1', managedFields: [{ manager: 'm' }] } }
const POST = 'POST /api/v1/namespaces/shop/pods?dryRun=All'

test('an event, letter by letter', () => {
  const { trail, lines } = begin({ level: 'Metadata', omitStages: [] }, POST)
  trail.authenticated(ann)
  trail.decided({ allowed: true, reason: 'RBAC: allowed by ClusterRoleBinding "b"' })
  trail.requestObject({ kind: 'Pod', metadata: { name: 'web' } })
  const sent = trail.respond(answer(201, POD))
  const common = '"user":{"username":"ann","uid":"u1","groups":["dev","system:authenticated"],"extra":{"acme.com/project":["x"]}}'
    + ',"sourceIPs":["10.0.0.9"],"userAgent":"kubectl/v1.32"'
  const head = (stage: string): string => '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"00000000-0000-4000-8000-000000000000"'
    + `,"stage":"${stage}","requestURI":"/api/v1/namespaces/shop/pods?dryRun=All","verb":"create",`
  const received = '"requestReceivedTimestamp":"2026-11-23T05:14:26.123500Z"'
  assert.deepEqual(lines, [
    `${head('RequestReceived')}${common},"objectRef":{"resource":"pods","namespace":"shop","apiVersion":"v1"},${received},"stageTimestamp":"2026-11-23T05:14:26.123500Z"}`,
    `${head('ResponseComplete')}${common},"objectRef":{"resource":"pods","namespace":"shop","name":"web","apiVersion":"v1"}`
      + `,"responseStatus":{"metadata":{},"code":201},${received},"stageTimestamp":"2026-11-23T05:14:26.124500Z"`
      + ',"annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC: allowed by ClusterRoleBinding \\"b\\""}}',
  ])
  assert.equal(sent.type === 'whole' && sent.headers['audit-id'], '00000000-0000-4000-8000-000000000000')
})

test('what each level tells', () => {
  const seen = (level: string, more: object = {}): unknown => {
    const { trail, events } = begin({ level, ...more }, POST)
    trail.authenticated(ann)
    trail.requestObject(POD)
    trail.respond(answer(201, POD))
    return events().map(({ requestObject, responseObject }) => [requestObject, responseObject])
  }
  const bare = { ...POD, metadata: { name: 'web', namespace: 'shop', uid: 'p1' } }
  assert.deepEqual(seen('None'), [])
  assert.deepEqual(seen('Metadata'), [[undefined, undefined]])
  assert.deepEqual(seen('Request'), [[POD, undefined]])
  assert.deepEqual(seen('RequestResponse'), [[POD, POD]])
  assert.deepEqual(seen('RequestResponse', { omitManagedFields: true }), [[bare, bare]])
  assert.deepEqual(seen('RequestResponse', { omitStages: ['RequestReceived', 'ResponseComplete'] }), [])
})

test('a Secret is never told by its metadata', () => {
  const { trail, lines } = begin({ level: 'Metadata', omitStages: [] }, 'PUT /api/v1/namespaces/shop/secrets/token')
  const secret = { kind: 'Secret', metadata: { name: 'token', uid: 's1', resourceVersion: '7' }, data: { password: 'aHVudGVyMg==' } }
  trail.authenticated(ann)
  trail.requestObject(secret)
  trail.requestBody(secret)
  trail.respond(answer(200, secret))
  assert.equal(lines.length, 2)
  assert.doesNotMatch(lines.join(), /aHVudGVyMg|password/)
  assert.match(
    lines[1] ?? '',
    /"objectRef":\{"resource":"secrets","namespace":"shop","name":"token","uid":"s1","apiVersion":"v1","resourceVersion":"7"\}/
  )
})

test('responses in every form, failures and deletions', () => {
  const status = (response: ServerResponse): unknown => {
    const { trail, events } = begin({ level: 'RequestResponse' }, 'DELETE /apis/apps/v1/namespaces/shop/deployments/web')
    trail.authenticated(ann)
    trail.respond(response)
    const [event] = events()
    return [event?.['responseStatus'], (event?.['responseObject'] as { kind?: string } | undefined)?.kind]
  }
  const denied = forbidden({ group: 'apps', resource: 'deployments' }, 'web', 'no')
  const gone = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { name: 'web', kind: 'deployments' } }
  const table: readonly [ServerResponse, unknown][] = [
    [failureResponse(denied, plainJson), [
      { metadata: {}, status: 'Failure', message: denied.message, reason: 'Forbidden', details: denied.details, code: 403 }, 'Status'
    ]],
    [answer(200, gone), [{ metadata: {}, status: 'Success', details: { name: 'web', kind: 'deployments' }, code: 200 }, 'Status']],
    [answer(202, { kind: 'Deployment' }), [{ metadata: {}, code: 202 }, 'Deployment']],
    [{ type: 'whole', status: 200, headers: { 'content-type': 'text/plain' }, body: [utf8('a log')] }, [
      { metadata: {}, code: 200 }, undefined
    ]],
    [{ type: 'whole', status: 200, headers: { 'content-type': 'application/yaml' }, body: [utf8('kind: Deployment\n')] }, [
      { metadata: {}, code: 200 }, 'Deployment'
    ]],
    [{ type: 'whole', status: 200, headers: { 'content-type': 'application/json' }, body: [utf8('{\n  "kind": "Deployment"\n}\n')] }, [
      { metadata: {}, code: 200 }, 'Deployment'
    ]],
  ]
  for (const [response, expected] of table) assert.deepEqual(
    JSON.parse(JSON.stringify(status(response))), JSON.parse(JSON.stringify(expected))
  )
})

test('a watch starts and completes; a tunnel is over with its connection', async () => {
  const watch = begin({ level: 'RequestResponse' }, 'GET /api/v1/pods?watch=true')
  watch.trail.authenticated(ann)
  const response = watch.trail.respond({ type: 'stream', status: 200, isLasting: true, headers: {}, send: () => Promise.reject(new Error('gone')) })
  assert(response.type === 'stream')
  assert.equal(watch.lines.length, 0)
  const sink = { write: () => true, backlogBytes: () => 0, drained: () => Promise.resolve() }
  await assert.rejects(response.send(sink), /gone/)
  assert.deepEqual(watch.events().map(({ stage, verb, responseStatus }) => [stage, verb, responseStatus]), [
    ['ResponseStarted', 'watch', { metadata: {}, code: 200 }], ['ResponseComplete', 'watch', { metadata: {}, code: 200 }],
  ])
  const exec = begin({ level: 'Metadata' }, 'POST /api/v1/namespaces/shop/pods/web/exec?command=sh', { upgrade: 'websocket' })
  exec.trail.authenticated(ann)
  exec.trail.respond({ type: 'tunnel', target: { nodeName: 'n', address: '127.0.0.1', port: 1, path: '/', method: 'POST' } })
  assert.deepEqual(
    exec.events().map(({ stage, responseStatus }) => [stage, responseStatus]), [['ResponseStarted', { metadata: {}, code: 101 }]]
  )
})

test('who acts as another, and who is nobody', () => {
  const acting = begin({ level: 'Metadata', users: ['ann'] }, 'GET /version')
  acting.trail.authenticated(ann)
  acting.trail.impersonated(bob)
  acting.trail.respond(answer(200, {}))
  assert.deepEqual(acting.events().map(({ user, impersonatedUser, objectRef }) => [user, impersonatedUser, objectRef]), [
    [ANN, { username: 'bob' }, undefined]
  ])
  const nobody = begin({ level: 'Metadata' }, 'GET /version', { authorization: 'Bearer wrong' })
  nobody.trail.respond(failureResponse(unauthorized(), plainJson))
  assert.deepEqual(nobody.events().map(({ user, stage, responseStatus }) => [user, stage, responseStatus]),
    [[{}, 'ResponseStarted', { metadata: {}, status: 'Failure', message: 'Authentication failed, attempted: bearer', code: 401 }]])
  assert.doesNotMatch(nobody.lines.join(), /wrong/)
  const ended = begin({ level: 'Metadata' }, 'GET /version', {}, { validUntil: 0 })
  ended.trail.respond(failureResponse(unauthorized(), plainJson))
  assert.match(ended.lines.join(), /Authentication failed, attempted: x509"/)
})

test('a defect is a panic', () => {
  const { trail, events } = begin({ level: 'Metadata' }, 'GET /version')
  trail.authenticated(ann)
  trail.defect('the request failed by a defect of the server')
  trail.respond(answer(500, {}))
  assert.deepEqual(events().map(({ stage, responseStatus }) => [stage, responseStatus]),
    [
      [
        'Panic',
        {
          metadata: {}, status: 'Failure', message: "APIServer panic'd: the request failed by a defect of the server",
          reason: 'InternalError', code: 500
        }
      ]
    ])
})

test('ids, addresses and names that clients make up are bounded', () => {
  const { trail, events } = begin({ level: 'Metadata' }, 'GET /version', {
    'audit-id': 'mine', 'x-forwarded-for': '1.2.3.4, evil"name, 2001:db8::1', 'x-real-ip': '5.6.7.8', 'user-agent': 'a'.repeat(2000),
  })
  trail.authenticated(ann)
  trail.respond(answer(200, {}))
  const [event] = events()
  assert.deepEqual([event?.['auditID'], event?.['sourceIPs'], String(event?.['userAgent']).length], [
    'mine', ['1.2.3.4', '2001:db8::1', '5.6.7.8', '10.0.0.9'], 1024 + 12
  ])
  assert.notEqual(begin({ level: 'Metadata' }, 'GET /version', { 'audit-id': 'x'.repeat(65) }).trail.id.length, 65)
})

test('objects that are too large are left out, and the event says so', () => {
  const { trail, events } = begin({ level: 'Request' }, POST)
  trail.authenticated(ann)
  trail.requestObject({ kind: 'Pod', metadata: { name: 'web' }, data: 'x'.repeat(2 * 1024 * 1024) })
  trail.respond(answer(201, {}))
  assert.deepEqual(
    events().map(({ requestObject, annotations }) => [requestObject, annotations]), [[undefined, { 'audit.k8s.io/truncated': 'true' }]]
  )
})
