import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import { SchemaCatalog } from '../../resources/schema.ts'
import { plainResource, virtualResource } from '../../resources/plain-resource.ts'
import { textOf } from '../../words/bytes.ts'
import { HealthMetrics } from '../metrics/health-metrics.ts'
import { metricsRoute } from '../metrics/metrics-route.ts'
import type { PathCall } from '../route.ts'
import { discoveryForm, wantsProtobufOpenApi } from './accepted-discovery.ts'
import { healthRoute } from './health.ts'
import { plainOpenApi } from './openapi-documents.ts'
import { discoveryRoutes, type DiscoveryOptions } from './routes.ts'
import { compareVersions } from './served-groups.ts'
import { versionInfo } from './version.ts'

const status = { prepareForUpdate() {}, validateUpdate: () => [] }
const scale = { replicasPath: '.spec.replicas', replicas: () => 1, statusReplicas: () => 1, selector: () => '', setReplicas() {} }
const definitions: readonly ResourceDefinition[] = [
  { ...plainResource, kind: kinds.Pod, status, subresources: [{ name: 'eviction', kind: { group: 'policy', version: 'v1', kind: 'Eviction' }, verbs: ['create'] }] },
  { ...plainResource, kind: kinds.Node, status },
  { ...plainResource, kind: kinds.Deployment, status, scale },
  { ...virtualResource, kind: kinds.TokenReview },
]
const options: DiscoveryOptions = {
  definitions: () => definitions, storedKind: (kind) => kind, schemas: new SchemaCatalog().lookup, checks: () => [], healthObserver: { checked() {}, unhealthy() {} }, serverAddress: '10.0.0.1:6443', issuer: 'https://issuer',
  version: versionInfo({ commit: '', buildDate: '2026-01-01T00:00:00Z', runtime: 'node', platform: 'linux/amd64' }),
  keySet: { keys: [{ kty: 'EC' }] },
  openApi: plainOpenApi,
}
const routes = discoveryRoutes(options)

async function get(path: string, headers: Record<string, string> = {}, query = '', among = routes) {
  const route = among.find((candidate) => candidate.matches(path))
  if (route === undefined) return { status: 404, headers: {} as Record<string, string>, text: '', json: () => undefined as never }
  const call = { request: { path, headers }, query: new URLSearchParams(query) } as PathCall
  const response = await route.handle(call)
  assert.ok(response.type === 'whole')
  const text = response.body.map((part) => textOf(part)).join('')
  return { status: response.status, headers: response.headers as Record<string, string>, text, json: () => JSON.parse(text) as never }
}

test('how objects are stored is told as others tell it, and of every version the same', async () => {
  const storedAs: DiscoveryOptions['storedKind'] = (kind) => (kind.plural === 'deployments' ? kinds.Pod : kind)
  const hashOf = async (path: string): Promise<unknown> => {
    const { resources: [first] } = (await get(path, {}, '', discoveryRoutes({ ...options, storedKind: storedAs }))).json() as { resources: { storageVersionHash: string }[] }
    return first?.storageVersionHash
  }
  assert.equal(await hashOf('/apis/apps/v1'), 'xPOwRZ+Yhw8=')
  const { resources } = (await get('/api/v1')).json() as { resources: { name: string; storageVersionHash?: string }[] }
  assert.equal(resources.find(({ name }) => name === 'pods')?.storageVersionHash, 'xPOwRZ+Yhw8=')
})

test('what is about to go is not shown as what can be changed', async () => {
  const ending = plainResource.verbs.filter((verb) => verb !== 'create')
  const going = discoveryRoutes({ ...options, definitions: () => [{ ...plainResource, kind: kinds.Deployment, isTerminating: true, verbs: ending }] })
  const left = ['delete', 'deletecollection', 'get', 'list', 'watch']
  const { resources } = (await get('/apis/apps/v1', {}, '', going)).json() as { resources: { verbs: string[] }[] }
  assert.deepEqual(resources[0]?.verbs, left)
  const { items } = (await get('/apis', { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' }, '', going)).json() as { items: { versions: { resources: { verbs: string[] }[] }[] }[] }
  assert.deepEqual(items[0]?.versions[0]?.resources[0]?.verbs, left)
})

test('the lists of groups and resources', async () => {
  assert.deepEqual((await get('/api')).json(), { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '10.0.0.1:6443' }] })
  const { groups } = (await get('/apis/')).json() as { groups: { name: string }[] }
  assert.deepEqual(groups.map((group) => group.name), ['apps', 'authentication.k8s.io'])
  assert.deepEqual((await get('/apis/apps')).json(), {
    kind: 'APIGroup', apiVersion: 'v1', name: 'apps', versions: [{ groupVersion: 'apps/v1', version: 'v1' }], preferredVersion: { groupVersion: 'apps/v1', version: 'v1' },
  })
  const core = (await get('/api/v1')).json() as { groupVersion: string; resources: { name: string; namespaced: boolean; kind: string; group?: string; verbs: string[] }[] }
  assert.deepEqual(core.resources.map(({ name, namespaced, kind, group = '-', verbs }) => `${name} ${String(namespaced)} ${kind} ${group} ${verbs.length}`), [
    'nodes false Node - 8', 'nodes/status false Node - 3', 'pods true Pod - 8', 'pods/eviction true Eviction policy 1', 'pods/status true Pod - 3',
  ])
  for (const path of ['/apis/none', '/apis/apps/v2', '/api/v2', '/apis/apps/v1/deployments', '/openapi/v3/apis/none/v1', '/elsewhere']) {
    assert.equal((await get(path)).status, 404, path)
  }
})

test('aggregated discovery', async () => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json'
  const response = await get('/apis', { accept })
  assert.equal(response.headers['content-type'], 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
  const list = response.json() as { apiVersion: string; items: { metadata: { name: string }; versions: { resources: object[] }[] }[] }
  assert.deepEqual([list.apiVersion, list.items.map((item) => item.metadata.name)], ['apidiscovery.k8s.io/v2', ['apps', 'authentication.k8s.io']])
  assert.deepEqual(list.items[0]?.versions[0]?.resources, [{
    resource: 'deployments', responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' }, scope: 'Namespaced', singularResource: 'deployment',
    verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'], shortNames: ['deploy'], categories: ['all'],
    subresources: [
      { subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: ['get', 'patch', 'update'] },
      { subresource: 'status', responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' }, verbs: ['get', 'patch', 'update'] },
    ],
  }])
  const unchanged = await get('/apis', { accept, 'if-none-match': response.headers['etag'] ?? '' })
  assert.deepEqual([unchanged.status, unchanged.text], [304, ''])
})

test('documents come in lines to curl; the version and the paths do to everybody', async () => {
  const curl = { 'user-agent': 'curl/8.0' }
  for (const path of ['/api', '/apis', '/apis/apps', '/api/v1', '/version', '/']) {
    const { text, json, headers } = await get(path, curl)
    assert.equal(text, `${JSON.stringify(json(), null, 2)}\n`, path)
    assert.equal(headers['etag'], (await get(path)).headers['etag'])
  }
  assert.ok(!(await get('/api/v1')).text.includes('\n'))
  assert.ok(!(await get('/openapi/v3', curl)).text.includes('\n'))
  assert.equal((await get('/version')).text, (await get('/version', curl)).text)
})

test('what clients accept', () => {
  const table: [string | undefined, string][] = [
    [undefined, 'list'], ['application/json', 'list'], ['*/*', 'list'], ['application/json, */*', 'list'],
    ['application/json;as=APIGroupDiscoveryList;v=v2beta1;g=apidiscovery.k8s.io,application/json', 'apidiscovery.k8s.io/v2beta1'],
    ['application/json;as=APIGroupDiscoveryList;v=v9;g=apidiscovery.k8s.io,application/json', 'list'],
    ['application/vnd.kubernetes.protobuf,application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList', 'apidiscovery.k8s.io/v2'],
  ]
  for (const [accept, form] of table) assert.equal(discoveryForm(accept), form, accept)
  for (const at of ['@', '.']) assert.ok(wantsProtobufOpenApi(`application/com.github.proto-openapi.spec.v2${at}v1.0+protobuf`))
  assert.ok(!wantsProtobufOpenApi('application/json'))
})

test('versions in order', () => {
  const sorted = ['v1beta1', 'v2', 'v1', 'v1alpha1', 'v10', 'v2beta1', 'v1beta2', 'odd'].sort((a, b) => compareVersions(b, a))
  assert.deepEqual(sorted, ['v10', 'v2', 'v1', 'v2beta1', 'v1beta2', 'v1beta1', 'v1alpha1', 'odd'])
})

test('OpenAPI v3', async () => {
  const index = (await get('/openapi/v3')).json() as { paths: Record<string, { serverRelativeURL: string }> }
  assert.deepEqual(Object.keys(index.paths), ['api/v1', 'apis/apps/v1', 'apis/authentication.k8s.io/v1'])
  const [path = '', query = ''] = (index.paths['apis/apps/v1']?.serverRelativeURL ?? '').split('?')
  const response = await get(path, {}, query)
  assert.equal(response.headers['cache-control'], 'public, immutable')
  assert.equal((await get(path, {}, 'hash=old')).headers['cache-control'], 'no-cache, private')
  const document = response.json() as { paths: Record<string, Record<string, { parameters: { name: string }[]; 'x-kubernetes-group-version-kind': object }>>; components: { schemas: Record<string, { properties: Record<string, object>; required: string[] }> } }
  const patch = document.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.['patch']
  assert.deepEqual(patch?.['x-kubernetes-group-version-kind'], { group: 'apps', kind: 'Deployment', version: 'v1' })
  assert.deepEqual(patch?.parameters.map(({ name }) => name), ['dryRun', 'fieldManager', 'fieldValidation', 'force'])
  const { schemas } = document.components
  assert.deepEqual(schemas['io.k8s.api.apps.v1.DeploymentSpec']?.required, ['selector', 'template'])
  assert.deepEqual(schemas['io.k8s.api.apps.v1.DeploymentSpec']?.properties['strategy'], {
    allOf: [{ $ref: '#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy' }], default: {}, 'x-kubernetes-patch-strategy': 'retainKeys',
  })
  assert.deepEqual(schemas['io.k8s.api.core.v1.PodSpec']?.properties['volumes'], {
    type: 'array', items: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.Volume' }], default: {} }, 'x-kubernetes-list-map-keys': ['name'], 'x-kubernetes-list-type': 'map',
    'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-patch-strategy': 'merge,retainKeys',
  })
  const references = [...response.text.matchAll(/#\/components\/schemas\/([^"]+)/g)].map((match) => match[1] ?? '')
  assert.deepEqual(references.filter((name) => schemas[name] === undefined), [], 'every reference has its definition')
})

test('OpenAPI v2 as JSON and as protocol buffer', async () => {
  const response = await get('/openapi/v2')
  const document = response.json() as { swagger: string; definitions: Record<string, { 'x-kubernetes-group-version-kind': object[] }> }
  assert.equal(document.swagger, '2.0')
  assert.deepEqual(document.definitions['io.k8s.api.core.v1.Pod']?.['x-kubernetes-group-version-kind'], [{ group: '', kind: 'Pod', version: 'v1' }])
  const references = [...response.text.matchAll(/#\/definitions\/([^"]+)/g)].map((match) => match[1] ?? '')
  assert.deepEqual(references.filter((name) => document.definitions[name] === undefined), [])
  const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
  const encoded = await get('/openapi/v2', { accept })
  assert.match(encoded.headers['content-type'] ?? '', /proto-openapi/)
  assert.ok(encoded.text.startsWith('\n\u00032.0'), 'field 1, the swagger version')
})

test('health checks', async () => {
  const state: { broken: string | undefined } = { broken: undefined }
  const reported: string[] = []
  const checks = [
    { name: 'poststarthook/rbac/bootstrap-roles', concerns: 'alive' as const, check: () => undefined },
    { name: 'caches', concerns: 'ready' as const, check: () => state.broken },
  ]
  const metrics = new HealthMetrics()
  const observer = {
    checked: (endpoint: string, name: string, isWell: boolean) => metrics.checked(endpoint, name, isWell),
    unhealthy: (name: string, why: string) => void reported.push(`${name}: ${why}`),
  }
  const health = [healthRoute(() => checks, observer), metricsRoute('/metrics/slis', () => [() => metrics.families()])]
  const ask = async (path: string, query = '') => {
    const { status: code, text } = await get(path, {}, query, health)
    return `${code} ${text}`
  }
  const table: [string, string, string][] = [
    ['/healthz', '', '200 ok'],
    ['/livez', 'verbose', '200 [+]ping ok\n[+]log ok\n[+]poststarthook/rbac/bootstrap-roles ok\nlivez check passed\n'],
    ['/livez/poststarthook/rbac/bootstrap-roles', '', '200 ok'],
    ['/livez', 'verbose&exclude=log&exclude=x&exclude=y',
      '200 [+]ping ok\n[+]log excluded: ok\n[+]poststarthook/rbac/bootstrap-roles ok\n'
      + 'warn: some health checks cannot be excluded: no matches for "x", "y"\nlivez check passed\n'],
    ['/readyz/caches', '', '200 ok'],
    ['/livez/caches', '', '404 404 page not found\n'],
  ]
  for (const [path, query, expected] of table) assert.equal(await ask(path, query), expected)
  state.broken = 'not filled'
  assert.equal(await ask('/readyz'), '500 [+]ping ok\n[+]log ok\n[+]poststarthook/rbac/bootstrap-roles ok\n[-]caches failed: reason withheld\nreadyz check failed\n')
  assert.equal(await ask('/readyz', 'exclude=caches'), '200 ok')
  assert.equal(await ask('/livez'), '200 ok')
  assert.equal(await ask('/readyz/caches'), '500 internal server error: not filled\n')
  assert.deepEqual(reported, ['caches: not filled', 'caches: not filled'])
  const indicators = (await ask('/metrics/slis')).split('\n').filter((line) => line.includes('name="caches"') || line.includes('name="log",status') || line.includes('TYPE'))
  assert.deepEqual(indicators, [
    '# TYPE kubernetes_healthcheck gauge', 'kubernetes_healthcheck{name="caches",type="healthz"} 1', 'kubernetes_healthcheck{name="caches",type="readyz"} 0',
    '# TYPE kubernetes_healthchecks_total counter', 'kubernetes_healthchecks_total{name="log",status="success",type="healthz"} 1',
    'kubernetes_healthchecks_total{name="caches",status="success",type="healthz"} 1', 'kubernetes_healthchecks_total{name="log",status="success",type="livez"} 2',
    'kubernetes_healthchecks_total{name="log",status="success",type="readyz"} 2', 'kubernetes_healthchecks_total{name="caches",status="error",type="readyz"} 1',
  ], 'each check of an endpoint that was asked, unless it was left out')
})

test('documents are indented for people, the version for everybody', async () => {
  const curl = { 'user-agent': 'curl/7.88.1' }
  assert.match((await get('/api', curl)).text, /^\{\n {2}"kind": "APIVersions",\n {2}"versions": \[\n {4}"v1"\n/)
  assert.match((await get('/apis/apps', {}, 'pretty=1')).text, /^\{\n/)
  assert.match((await get('/api', curl, 'pretty=0')).text, /^\{"kind"/)
  assert.match((await get('/version')).text, /^\{\n {2}"major": "1",\n/)
  const { etag } = (await get('/api', curl)).headers
  assert.equal((await get('/api', { ...curl, 'if-none-match': String(etag) })).status, 304)
})

test('version, keys and the issuer', async () => {
  const version = (await get('/version')).json() as { gitVersion: string }
  assert.equal(version.gitVersion, 'v1.32.0+lotse')
  assert.equal((await get('/openid/v1/jwks')).headers['content-type'], 'application/jwk-set+json')
  assert.deepEqual(((await get('/.well-known/openid-configuration')).json() as { jwks_uri: string }).jwks_uri, 'https://10.0.0.1:6443/openid/v1/jwks')
})
