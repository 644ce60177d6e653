import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from '../../objects/json-text.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ConfigMap } from '../../resources/generated/types.ts'
import { startTestServer, type TestServer } from '../apiserver.testing.ts'
import { readAuditPolicy } from './audit-policy.ts'

interface AuditEvent {
  readonly auditID: string
  readonly stage: string
  readonly verb: string
  readonly requestURI: string
  readonly userAgent?: string
  readonly objectRef?: { readonly name?: string }
  readonly responseStatus?: { readonly code: number }
  readonly requestObject?: unknown
  readonly responseObject?: { readonly kind?: string }
  readonly annotations?: Readonly<Record<string, string>>
}

interface Bed {
  readonly server: TestServer
  /** The events since the last time. */
  take(): readonly AuditEvent[]
}

async function audited(rules: readonly object[], more: object = {}): Promise<Bed> {
  const result = readAuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules })
  assert(result.outcome === 'policy')
  const lines: string[] = []
  const server = await startTestServer({ audit: { policy: result.policy, sinks: [{ plugin: 'log', lost: 3, take: (line) => lines.push(line) }] }, ...more })
  lines.length = 0
  return { server, take: () => lines.splice(0).map((line) => parseJson(line) as AuditEvent) }
}

/** POST /path: create 201 name, what the request and the response were. */
function told({ verb, requestURI, stage, responseStatus, objectRef, requestObject, responseObject }: AuditEvent): unknown[] {
  return [stage, verb, requestURI, responseStatus?.code, objectRef?.name, requestObject, responseObject?.kind]
}

const MAPS = '/api/v1/namespaces/default/configmaps'

test('every verb over HTTP, with its objects', async () => {
  const { server, take } = await audited([{ level: 'RequestResponse', users: ['alice'], omitManagedFields: true }])
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { b: 'c' } }
  await server.request('POST', '/api/v1/namespaces', { metadata: { name: 'default' } })
  take()
  const created = await server.request('POST', MAPS, map)
  await server.request('PATCH', `${MAPS}/a`, { data: { d: 'e' } }, { 'content-type': 'application/merge-patch+json' })
  await server.request('GET', `${MAPS}/a`)
  await server.request('GET', MAPS)
  await server.request('GET', `${MAPS}/none`)
  await server.request('DELETE', `${MAPS}/a`, { propagationPolicy: 'Background' })
  await server.request('POST', MAPS, 'no JSON')
  const events = take()
  assert.deepEqual(events.map(told), [
    ['ResponseComplete', 'create', MAPS, 201, 'a', map, 'ConfigMap'],
    ['ResponseComplete', 'patch', `${MAPS}/a`, 200, 'a', { data: { d: 'e' } }, 'ConfigMap'],
    ['ResponseComplete', 'get', `${MAPS}/a`, 200, 'a', undefined, 'ConfigMap'],
    ['ResponseComplete', 'list', MAPS, 200, undefined, undefined, 'ConfigMapList'],
    ['ResponseComplete', 'get', `${MAPS}/none`, 404, 'none', undefined, 'Status'],
    ['ResponseComplete', 'delete', `${MAPS}/a`, 200, 'a', { propagationPolicy: 'Background' }, 'Status'],
    ['ResponseComplete', 'create', MAPS, 400, undefined, undefined, 'Status'],
  ])
  const metrics = (await server.request('GET', '/metrics')).text.split('\n').filter((line) => line.startsWith('apiserver_audit_'))
  assert.deepEqual(metrics, [
    'apiserver_audit_event_total 8', 'apiserver_audit_error_total{plugin="log"} 3', 'apiserver_audit_level_total{level="None"} 0',
    'apiserver_audit_level_total{level="Metadata"} 0', 'apiserver_audit_level_total{level="Request"} 0', 'apiserver_audit_level_total{level="RequestResponse"} 9',
    'apiserver_audit_requests_rejected_total 0',
  ], 'the request for metrics has not been answered yet')
  assert.equal(created.headers['audit-id'], events[0]?.auditID)
  assert.deepEqual(events[0]?.annotations, { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' })
  server.stop()
})

test('an answer as protocol buffers is told as JSON', async () => {
  const { server, take } = await audited([{ level: 'RequestResponse' }])
  await server.request('POST', '/api/v1/namespaces', { metadata: { name: 'shop' } })
  take()
  await server.raw('GET', '/api/v1/namespaces/shop', undefined, { accept: 'application/vnd.kubernetes.protobuf' })
  await server.raw('GET', '/api/v1/namespaces', undefined, { accept: 'application/vnd.kubernetes.protobuf' })
  const [one, list] = take()
  assert.deepEqual([one?.responseObject?.kind, list?.responseObject?.kind], ['Namespace', 'NamespaceList'])
  server.stop()
})

test('who is refused, and what is a defect', async () => {
  const { server, take } = await audited([{ level: 'Metadata' }], {
    extensions: {
      authorizer: {
        authorize: (_user: unknown, { name }: { name: string }) => {
          if (name === 'defect') throw new TypeError('a defect')
          return { allowed: false, reason: 'nobody may' }
        },
      },
    },
  })
  await server.request('GET', `${MAPS}/a`)
  await server.request('GET', `${MAPS}/defect`)
  const events = take()
  assert.deepEqual(events.map(({ stage, responseStatus, annotations }) => [stage, responseStatus?.code, annotations]), [
    ['ResponseComplete', 403, { 'authorization.k8s.io/decision': 'forbid', 'authorization.k8s.io/reason': 'nobody may' }],
    ['Panic', 500, undefined],
  ])
  server.stop()
})

test("the server's own parts", async () => {
  const { server, take } = await audited([{ level: 'Request' }])
  const { client } = server
  await client.create(kinds.Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
  take()
  const map: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } }
  await client.create(kinds.ConfigMap, map)
  await client.list(kinds.ConfigMap, { namespace: 'default' })
  await assert.rejects(client.get(kinds.ConfigMap, { namespace: 'default', name: 'none' }))
  const stop = new AbortController()
  const events = client.watch(kinds.ConfigMap, { namespace: 'default', signal: stop.signal })[Symbol.asyncIterator]()
  const next = events.next()
  stop.abort()
  await next
  const seen = take()
  assert.deepEqual(seen.map(told).map(([stage, verb, , ...rest]) => [stage, verb, ...rest]), [
    ['ResponseComplete', 'create', 201, 'a', map, undefined],
    ['ResponseComplete', 'list', 200, undefined, undefined, undefined],
    ['ResponseComplete', 'get', 404, 'none', undefined, undefined],
    ['ResponseStarted', 'watch', 200, undefined, undefined, undefined],
    ['ResponseComplete', 'watch', 200, undefined, undefined, undefined],
  ])
  assert.equal(seen[0]?.userAgent, 'lotse/alice')
  await events.return?.()
  assert.deepEqual(take(), [])
  server.stop()
})

test('integers of 64 bits are told as they are, whatever form the answer has', async () => {
  const { server, take } = await audited([{ level: 'RequestResponse', users: ['alice'], omitManagedFields: true }])
  const revision = { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: { name: 'a' }, revision: 9007199254740993n, data: { x: [-(2n ** 63n)] } }
  const path = '/apis/apps/v1/namespaces/default/controllerrevisions'
  await server.request('POST', path, revision)
  for (const accept of ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']) await server.request('GET', `${path}/a`, undefined, { accept })
  const events = take()
  assert.deepEqual(events[0]?.requestObject, revision)
  assert.deepEqual(events.map(({ responseObject }) => [(responseObject as typeof revision).revision, (responseObject as typeof revision).data]), Array(4).fill([revision.revision, revision.data]))
  server.stop()
})

test('of a list an event holds what was answered, in every form; one that is too long is left out, and that is said', async () => {
  const { server, take } = await audited([{ level: 'RequestResponse', users: ['alice'], omitManagedFields: true }])
  await server.request('POST', '/api/v1/namespaces', { metadata: { name: 'default' } })
  for (const name of ['a', 'b']) await server.request('POST', MAPS, { metadata: { name }, data: { text: 'x'.repeat(300_000) } })
  const answered = await server.request('GET', MAPS)
  const forms = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', 'application/json;as=Table;g=meta.k8s.io;v=v1', 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1']
  const told = async (accept: string): Promise<readonly [unknown, unknown]> => {
    take()
    await server.raw('GET', `${MAPS}?pretty=true`, undefined, { accept })
    const [event] = take()
    return [event?.responseObject, event?.annotations?.['audit.k8s.io/truncated']]
  }
  const bare = (list: unknown): unknown => JSON.parse(JSON.stringify(list), (key, value: unknown) => (key === 'managedFields' ? undefined : value))
  for (const accept of forms.slice(0, 3)) assert.deepEqual(await told(accept), [bare(answered.body), undefined], accept)
  for (const accept of forms.slice(3)) {
    const { body } = await server.request('GET', MAPS, undefined, { accept })
    assert.deepEqual(await told(accept), [bare(body), undefined], accept)
  }
  for (const name of ['c', 'd']) await server.request('POST', MAPS, { metadata: { name }, data: { text: 'x'.repeat(300_000) } })
  for (const accept of forms.slice(0, 3)) assert.deepEqual(await told(accept), [undefined, 'true'], accept)
})
