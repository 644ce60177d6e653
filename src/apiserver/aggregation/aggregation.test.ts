import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestServer, type TestServer } from '../apiserver.testing.ts'
import { AggregatedApis } from './aggregated-apis.ts'
import { aggregatedDiscovery, apiGroupList } from '../discovery/api-lists.ts'
import { servedGroups, withRemoteGroups } from '../discovery/served-groups.ts'
import { AggregationKeeper } from './aggregation-keeper.ts'
import type { RemoteApi } from './remote-api.ts'

const API_SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices'
const NODES = '/apis/metrics.k8s.io/v1beta1/nodes'

/** A server behind which another one answers for metrics.k8s.io, as long as it is healthy. */
async function withMetrics(): Promise<TestServer & { health: { isUp: boolean }; keeper: AggregationKeeper; asked: string[] }> {
  const asked: string[] = []
  const health = { isUp: true }
  const remote: RemoteApi = {
    async read(target, path) {
      asked.push(`${target.serverName} ${target.host}:${target.port} ${path}`)
      if (!health.isUp) throw new Error('connection refused')
      return { kind: 'APIResourceList', resources: [{ name: 'nodes', kind: 'NodeMetrics', namespaced: false, singularName: '', verbs: ['get', 'list'] }] }
    },
    async forward(target, request, user) {
      return { type: 'whole', status: 200, headers: { 'content-type': 'application/json' }, body: [Buffer.from(JSON.stringify({ path: request.path, user: user.name, at: target.serverName }))] }
    },
  }
  let keeper: AggregationKeeper | undefined
  const server = await startTestServer({
    extensions: ({ reader, client, clock, log, served }) => {
      const apis = new AggregatedApis(reader, remote)
      const user = { name: 'system:apiserver', uid: '', groups: ['system:masters'], extra: {} }
      keeper = new AggregationKeeper({ apis, remote, reader, clock, log, served, builtIn: new Set(['v1', 'apps/v1']), client: client(user) })
      return { elsewhere: apis }
    },
  })
  assert(keeper !== undefined)
  return Object.assign(server, { health, keeper, asked })
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
      'False EndpointsNotFound: cannot find endpointslices for service/metrics in "default"'],
    ['/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'metrics-1', labels: { 'kubernetes.io/service-name': 'metrics' } }, addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.0.9'], conditions: { ready: false } }, { addresses: ['10.1.0.8'] }], ports: [{ name: 'https', port: 4443 }],
    }, 'True Passed: all checks passed'],
  ]
  for (const [path, body, expected] of steps) {
    if (path !== '') {
      const made = await server.request('POST', path, body)
      assert.equal(made.status, 201, made.text)
      await server.clock.advance(6_000)
    }
    await server.keeper.look()
    assert.equal(await available(server), expected)
    assert.equal((await server.request('GET', NODES)).status, expected.startsWith('True') ? 200 : 503)
  }
  assert.deepEqual(server.asked, ['metrics.default.svc 10.1.0.8:4443 /apis/metrics.k8s.io/v1beta1'])
  assert.deepEqual((await server.request('GET', NODES)).body as object, { path: NODES, user: 'alice', at: 'metrics.default.svc' })
  assert.equal((await server.request('GET', '/apis/metrics.k8s.io/v1beta1')).status, 200)
  assert.equal((await server.request('GET', '/apis/other.example.com/v1/things')).status, 404)

  server.health.isUp = false
  await server.clock.advance(31_000)
  await server.keeper.look()
  assert.equal(await available(server), 'False FailedDiscoveryCheck: failing or missing response from https://10.1.0.8:4443/apis/metrics.k8s.io/v1beta1: connection refused')
  server.stop()
})

test('discovery tells of what others serve', () => {
  const resources = [
    { name: 'pods', kind: 'PodMetrics', namespaced: true, singularName: 'pod', verbs: ['get', 'list'] },
    { name: 'pods/scale', kind: 'Scale', group: 'autoscaling', version: 'v1', namespaced: true, singularName: '', verbs: ['get'] },
  ]
  const remote = { group: 'metrics.k8s.io', version: 'v1beta1', groupPriority: 100, versionPriority: 100, resources }
  const groups = withRemoteGroups(servedGroups([]), [remote, { ...remote, version: 'v1', versionPriority: 200, resources: undefined }])
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
