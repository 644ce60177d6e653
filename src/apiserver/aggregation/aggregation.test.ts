import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../resources/generated/kinds.ts'
import { plainResource } from '../../resources/plain-resource.ts'
import { settle, startTestServer, type TestServer } from '../apiserver.testing.ts'
import { AggregatedApis, type RemoteVersion } from './aggregated-apis.ts'
import { aggregatedDiscovery, apiGroupList } from '../discovery/api-lists.ts'
import { servedGroups, withRemoteGroups } from '../discovery/served-groups.ts'
import { AggregationKeeper } from './aggregation-keeper.ts'
import type { JsonObject } from '../../objects/json.ts'
import type { RemoteApi } from './remote-api.ts'

const API_SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices'
const resourceList: JsonObject = {
  kind: 'APIResourceList', resources: [{ name: 'nodes', kind: 'NodeMetrics', namespaced: false, singularName: '', verbs: ['get', 'list'] }],
}
const NODES = '/apis/metrics.k8s.io/v1beta1/nodes'

/** A server behind which another one answers for metrics.k8s.io, as long as it is healthy. */
async function withMetrics(): Promise<TestServer & { health: { isUp: boolean; isHanging: boolean }; documents: Record<string, JsonObject>; apis: AggregatedApis; keeper: AggregationKeeper; asked: string[] }> {
  const asked: string[] = []
  const health = { isUp: true, isHanging: false }
  const documents: Record<string, JsonObject> = { '/apis/metrics.k8s.io/v1beta1': resourceList }
  const remote: RemoteApi = {
    async read(target, { path, knownTag }) {
      asked.push(`${target.serverName} ${target.host}:${target.port} ${path}`)
      if (health.isHanging) return new Promise(() => {})
      if (!health.isUp) throw new Error('connection refused')
      const document = documents[path]
      if (document === undefined) return { outcome: 'absent' }
      const tag = JSON.stringify(document)
      return tag === knownTag ? { outcome: 'same' } : { outcome: 'document', document, tag }
    },
    async forward(target, request, user) {
      return { type: 'whole', status: 200, headers: { 'content-type': 'application/json' }, body: [Buffer.from(JSON.stringify({ path: request.path, user: user.name, at: target.serverName }))] }
    },
  }
  let keeper: AggregationKeeper | undefined
  let apis: AggregatedApis | undefined
  const server = await startTestServer({
    extensions: ({ reader, client, clock, log, served }) => {
      apis = new AggregatedApis(reader, remote)
      const user = { name: 'system:apiserver', uid: '', groups: ['system:masters'], extra: {} }
      keeper = new AggregationKeeper({ apis, remote, reader, clock, log, served, builtIn: new Set(['v1', 'apps/v1']), client: client(user) })
      return { elsewhere: apis }
    },
  })
  assert(keeper !== undefined && apis !== undefined)
  return Object.assign(server, { apis, health, documents, keeper, asked })
}

async function available(server: TestServer): Promise<string> {
  const answer = await server.request('GET', `${API_SERVICES}/v1beta1.metrics.k8s.io`)
  return `${String(answer.get('status.conditions.0.status'))} ${String(answer.get('status.conditions.0.reason'))}: ${String(answer.get('status.conditions.0.message'))}`
}

const apiService = {
  apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1beta1.metrics.k8s.io' },
  spec: { group: 'metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true, service: { namespace: 'default', name: 'metrics', port: 443 } },
}

test('what is served here has its APIServices', async () => {
  const server = await withMetrics()
  await server.keeper.look()
  const core = await server.request('GET', `${API_SERVICES}/v1.`)
  assert.deepEqual([core.get('spec.groupPriorityMinimum'), core.get('status.conditions.0.reason'), core.get('metadata.labels')], [18_000, 'Local', { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' }])
  assert.equal((await server.request('GET', `${API_SERVICES}/v1.apps`)).status, 200)
  server.stop()
})

test('an APIService becomes available when its server answers, and its paths lead there', async () => {
  const server = await withMetrics()
  await server.request('POST', API_SERVICES, apiService)
  const steps: [string, object, string][] = [
    ['', {}, 'False ServiceNotFound: service/metrics in "default" is not present'],
    ['/api/v1/namespaces/default/services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'metrics' }, spec: { ports: [{ name: 'https', port: 443, targetPort: 4443 }], clusterIP: 'None' } },
      'False EndpointsNotFound: cannot find endpoints for service/metrics in "default"'],
    ['/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'metrics-1', labels: { 'kubernetes.io/service-name': 'metrics' } }, addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.0.9'], conditions: { ready: false } }, { addresses: ['10.1.0.8'] }], ports: [{ name: 'https', port: 4443 }],
    }, 'True Passed: all checks passed'],
  ]
  for (const [path, body, expected] of steps) {
    if (path !== '') {
      const made = await server.request('POST', path, body)
      assert.equal(made.status, 201, made.text)
    }
    await server.keeper.look()
    assert.equal(await available(server), expected)
    assert.equal((await server.request('GET', NODES)).status, expected.startsWith('True') ? 200 : 503)
  }
  assert.deepEqual(server.asked, ['/apis/metrics.k8s.io/v1beta1', '/openapi/v3', '/openapi/v2'].map((path) => `metrics.default.svc 10.1.0.8:4443 ${path}`))
  assert.deepEqual((await server.request('GET', NODES)).body as object, { path: NODES, user: 'alice', at: 'metrics.default.svc' })
  assert.equal((await server.request('GET', '/apis/metrics.k8s.io/v1beta1')).status, 200)
  assert.equal((await server.request('GET', NODES, undefined, { accept: 'text/html' })).status, 200, 'what it accepts is for that server to say')
  assert.equal((await server.request('GET', '/apis/other.example.com/v1/things')).status, 404)

  server.health.isUp = false
  await server.clock.advance(31_000)
  await server.keeper.look()
  assert.equal(await available(server), 'False FailedDiscoveryCheck: failing or missing response from https://10.1.0.8:4443/apis/metrics.k8s.io/v1beta1: connection refused')
  server.stop()
})

const SERVICE = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'metrics' }, spec: { type: 'ExternalName', externalName: 'metrics.example.com' } }

async function withAvailableMetrics(): Promise<Awaited<ReturnType<typeof withMetrics>>> {
  const server = await withMetrics()
  assert.equal((await server.request('POST', '/api/v1/namespaces/default/services', SERVICE)).status, 201)
  assert.equal((await server.request('POST', API_SERVICES, apiService)).status, 201)
  await server.keeper.look()
  return server
}

function shownResources(server: Awaited<ReturnType<typeof withMetrics>>): readonly string[] {
  return server.apis.versions().map(({ resources, isStale }) => `${isStale ? 'stale' : 'current'} ${resources?.map(({ name }) => name).join() ?? '-'}`)
}

test('what a server told last stays known, as stale, while it does not answer', async () => {
  const server = await withAvailableMetrics()
  assert.deepEqual(shownResources(server), ['current nodes'])
  server.health.isUp = false
  await server.clock.advance(31_000)
  await server.keeper.look()
  assert.deepEqual(shownResources(server), ['stale nodes'])
  const metrics = Object.fromEntries(server.keeper.families().flatMap(({ name, samples }) => samples.map(({ labels, value }) => [`${name} ${labels['reason'] ?? ''}`, value])))
  assert.deepEqual(metrics, { 'aggregator_unavailable_apiservice ': 1, 'aggregator_unavailable_apiservice_total FailedDiscoveryCheck': 1 })
  server.health.isUp = true
  await server.clock.advance(6_000)
  await server.keeper.look()
  assert.deepEqual(shownResources(server), ['current nodes'])
  await server.request('DELETE', `${API_SERVICES}/v1beta1.metrics.k8s.io`)
  await server.keeper.look()
  assert.deepEqual([server.apis.versions(), server.keeper.families().flatMap(({ samples }) => samples)], [[], []])
  server.stop()
})

test('a server that hangs holds up nobody but itself', async () => {
  const server = await withAvailableMetrics()
  server.health.isHanging = true
  await server.clock.advance(31_000)
  void server.keeper.look()
  await settle()
  server.health.isHanging = false
  const other = { ...apiService, metadata: { name: 'v1beta2.metrics.k8s.io' }, spec: { ...apiService.spec, version: 'v1beta2' } }
  server.documents['/apis/metrics.k8s.io/v1beta2'] = resourceList
  await server.request('POST', API_SERVICES, other)
  void server.keeper.look()
  await settle()
  assert.deepEqual(shownResources(server), ['current nodes', 'current nodes'])
  assert.match(await available(server), /^True/)
  server.stop()
})

test('a server that tells nonsense disturbs nobody', async () => {
  const server = await withAvailableMetrics()
  const path = '/apis/metrics.k8s.io/v1beta1'
  const check = async (document: JsonObject, expected: string): Promise<void> => {
    server.documents[path] = document
    await server.clock.advance(31_000)
    await server.keeper.look()
    assert.deepEqual(shownResources(server), [expected], JSON.stringify(document).slice(0, 100))
  }
  await check({ kind: 'Status' }, 'stale nodes')
  await check({ kind: 'APIResourceList', resources: {} }, 'stale nodes')
  await check({ kind: 'APIResourceList', resources: [null, 7, { name: 'a b', kind: 'X' }, { name: 'x' }, { name: {}, kind: 'X' }, { name: 'good', kind: 'Good', verbs: ['get', 5] }] }, 'current good')
  assert.deepEqual(server.apis.versions()[0]?.resources, [{ name: 'good', kind: 'Good', singularName: '', namespaced: false, verbs: ['get'] }])
  const many = Array.from({ length: 5_000 }, (_, index) => ({ name: `r${index}`, kind: 'R' }))
  server.documents[path] = { kind: 'APIResourceList', resources: many }
  await server.clock.advance(31_000)
  await server.keeper.look()
  assert.equal(server.apis.versions()[0]?.resources?.length, 1_000)
  server.documents['/openapi/v2'] = { paths: { [`${path}/nodes`]: deeplyNested(500) } }
  await server.clock.advance(61_000)
  await server.keeper.look()
  assert.deepEqual(server.apis.specs(), [])
  server.stop()
})

function deeplyNested(depth: number): JsonObject {
  return depth === 0 ? {} : { a: deeplyNested(depth - 1) }
}

test('OpenAPI: its own paths only; read again when it has changed; of 2.0 is made 3.0 where that is missing', async () => {
  const server = await withMetrics()
  const path = '/apis/metrics.k8s.io/v1beta1'
  const body = { name: 'body', in: 'body', required: true, schema: { $ref: '#/definitions/Node' } }
  const reads = { get: { produces: ['application/json'], responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/Node' } } }, parameters: [{ name: 'limit', in: 'query', type: 'integer' }] } }
  server.documents['/openapi/v2'] = {
    paths: { [`${path}/nodes`]: { ...reads, post: { parameters: [body], responses: {} } }, '/apis/apps/v1/deployments': reads, '/version': reads },
    definitions: { Node: { type: 'object', properties: { usage: { $ref: '#/definitions/Usage' } } }, Usage: { type: 'string' }, Unused: { type: 'string' } },
  }
  await server.request('POST', '/api/v1/namespaces/default/services', SERVICE)
  await server.request('POST', API_SERVICES, apiService)
  await server.keeper.look()
  const [spec] = server.apis.specs()
  assert.deepEqual([Object.keys(spec?.paths ?? {}), Object.keys(spec?.definitions ?? {})], [[`${path}/nodes`], ['Node', 'Usage']])
  const [made] = server.apis.openApiPaths()
  assert.deepEqual(made?.made, {
    openapi: '3.0.0', info: { title: 'Kubernetes', version: 'unversioned' },
    paths: {
      [`${path}/nodes`]: {
        get: {
          parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer' } }],
          responses: { 200: { description: 'OK', content: { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } } } },
        },
        post: { requestBody: { required: true, content: { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } } }, responses: {} },
      },
    },
    components: { schemas: { Node: { type: 'object', properties: { usage: { $ref: '#/components/schemas/Usage' } } }, Usage: { type: 'string' } } },
  })
  server.documents['/openapi/v3'] = { paths: { [path.slice(1)]: { serverRelativeURL: `/openapi/v3${path}?hash=F00` }, 'apis/apps/v1': { serverRelativeURL: '/x?hash=1' } } }
  await server.clock.advance(61_000)
  await server.keeper.look()
  assert.deepEqual(server.apis.openApiPaths(), [{ path: 'apis/metrics.k8s.io/v1beta1', hash: 'F00', made: undefined }])
  const state = server.apis.openApiState
  await server.clock.advance(61_000)
  await server.keeper.look()
  assert.equal(server.apis.openApiState, state, 'nothing has changed')
  server.stop()
})

test('groups of others stand where their priority says, versions too; what is served here is not told twice', () => {
  const definitions = [kinds.Pod, kinds.Deployment, kinds.Job].map((kind) => ({ ...plainResource, kind }))
  const custom = { ...plainResource, kind: { ...kinds.Job, group: 'stable.example.com', version: 'v1' } }
  const remote = (group: string, version: string, groupPriority: number, versionPriority = 100): RemoteVersion => ({ group, version, groupPriority, versionPriority, isStale: true, resources: undefined })
  const check = (others: readonly RemoteVersion[], expected: readonly string[]): void => {
    const groups = withRemoteGroups(servedGroups([...definitions, custom]), others)
    assert.deepEqual(groups.map(({ group, versions }) => `${group} ${versions.map(({ version, remote: of }) => version + (of === undefined ? '' : '*')).join()}`), expected)
  }
  check([], [' v1', 'apps v1', 'batch v1', 'stable.example.com v1'])
  check([remote('late.io', 'v1', 100), remote('a.io', 'v1', 17_500), remote('first.io', 'v1', 19_000), remote('b.io', 'v1', 17_500)],
    ['first.io v1*', ' v1', 'apps v1', 'a.io v1*', 'b.io v1*', 'batch v1', 'stable.example.com v1', 'late.io v1*'])
  check([remote('stable.example.com', 'v1', 100), remote('stable.example.com', 'v1beta1', 100), remote('stable.example.com', 'v2alpha1', 100, 200)],
    [' v1', 'apps v1', 'batch v1', 'stable.example.com v2alpha1*,v1,v1beta1*'])
})

test('discovery tells of what others serve', () => {
  const resources = [
    { name: 'pods', kind: 'PodMetrics', namespaced: true, singularName: 'pod', verbs: ['get', 'list'] },
    { name: 'pods/scale', kind: 'Scale', group: 'autoscaling', version: 'v1', namespaced: true, singularName: '', verbs: ['get'] },
  ]
  const remote = { group: 'metrics.k8s.io', version: 'v1beta1', groupPriority: 100, versionPriority: 100, isStale: false, resources }
  const groups = withRemoteGroups(servedGroups([]), [remote, { ...remote, version: 'v1', versionPriority: 200, isStale: true, resources: undefined }])
  assert.deepEqual((apiGroupList(groups) as { groups: unknown[] }).groups, [{
    name: 'metrics.k8s.io', versions: [{ groupVersion: 'metrics.k8s.io/v1', version: 'v1' }, { groupVersion: 'metrics.k8s.io/v1beta1', version: 'v1beta1' }],
    preferredVersion: { groupVersion: 'metrics.k8s.io/v1', version: 'v1' },
  }])
  const { items: [item] } = aggregatedDiscovery('apidiscovery.k8s.io/v2', groups) as { items: { versions: unknown[] }[] }
  assert.deepEqual(item?.versions, [{ version: 'v1', freshness: 'Stale', resources: [] }, {
    version: 'v1beta1', freshness: 'Current',
    resources: [{
      resource: 'pods', responseKind: { group: 'metrics.k8s.io', version: 'v1beta1', kind: 'PodMetrics' }, scope: 'Namespaced', singularResource: 'pod', verbs: ['get', 'list'],
      subresources: [{ subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: ['get'] }],
    }],
  }])
})
