import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import { plainResource, virtualResource } from '../../resources/plain-resource.ts'
import { SchemaCatalog } from '../../resources/schema.ts'
import { textOf, utf8 } from '../../words/bytes.ts'
import type { RemoteSpec } from '../aggregation/remote-spec.ts'
import type { ServerRequest } from '../http.ts'
import type { DefinitionTexts } from './descriptions.ts'
import { acceptsGzip } from '../negotiate/gzip.ts'
import { OpenApiDocuments, plainOpenApi } from './openapi-documents.ts'
import type { OpenApiOptions } from './openapi-documents.ts'

const status = { prepareForUpdate() {}, validateUpdate: () => [] }
const subresources: ResourceDefinition['subresources'] = [
  { name: 'eviction', kind: { group: 'policy', version: 'v1', kind: 'Eviction' }, verbs: ['create'] },
  { name: 'exec', kind: { group: '', version: 'v1', kind: 'PodExecOptions' }, verbs: ['create', 'get'] },
  { name: 'log', kind: { group: '', version: 'v1', kind: 'Pod' }, verbs: ['get'] },
]
const pods: readonly ResourceDefinition[] = [{ ...plainResource, kind: kinds.Pod, status, subresources }, { ...plainResource, kind: kinds.Node }]
const schemas = new SchemaCatalog().lookup

function documents(options: Partial<OpenApiOptions> = {}): OpenApiDocuments {
  return new OpenApiDocuments({ definitions: () => pods, schemas, gitVersion: 'v1', ...plainOpenApi, ...options })
}

const get = (path: string, headers: Record<string, string> = {}): ServerRequest => ({ path, headers }) as ServerRequest

async function read(openApi: OpenApiDocuments, path: string, headers: Record<string, string> = {}) {
  const request = get(path, headers)
  const response = await (path === '/openapi/v2' ? openApi.v2(request) : path === '/openapi/v3' ? openApi.v3Index(request) : openApi.v3(request, null))
  assert.ok(response.type === 'whole')
  return { status: response.status, headers: response.headers as Record<string, string>, text: response.body.map((part) => textOf(part)).join('') }
}

interface Definition {
  readonly description?: string
  readonly properties: Record<string, { readonly description?: string; readonly default?: unknown; readonly enum?: readonly string[] }>
}

async function definitionOf(openApi: OpenApiDocuments, version: 'v2' | 'v3', name: string): Promise<Definition> {
  const { text } = await read(openApi, version === 'v2' ? '/openapi/v2' : '/openapi/v3/api/v1')
  const document = JSON.parse(text) as { definitions: Record<string, Definition>; components: { schemas: Record<string, Definition> } }
  return (version === 'v2' ? document.definitions : document.components.schemas)[`io.k8s.api.core.v1.${name}`] ?? assert.fail(name)
}

const texts: Record<string, DefinitionTexts> = {
  'core.v1.Pod': { '': 'A pod.', kind: 'Its kind.', apiVersion: 'Its version.', metadata: 'Its name.', spec: 'What is wanted.' },
  'core.v1.PodSpec': { restartPolicy: 'What happens then.', volumes: 'What is mounted.' },
}
const described = documents({ descriptions: () => Promise.resolve((name) => texts[name]) })

test('descriptions stand where they are known', async () => {
  for (const version of ['v2', 'v3'] as const) {
    const textsOf = async (name: string): Promise<object> => {
      const { description, properties } = await definitionOf(described, version, name)
      return { '': description, ...Object.fromEntries(Object.entries(properties).map(([field, { description: text }]) => [field, text])) }
    }
    assert.deepEqual(await textsOf('Pod'), { ...texts['core.v1.Pod'], status: undefined })
    const spec = (await definitionOf(described, version, 'PodSpec')).properties
    assert.deepEqual([spec['volumes']?.description, spec['restartPolicy']?.description, spec['hostname']?.description], ['What is mounted.', 'What happens then.', undefined])
    // A kind without texts has those of the fields that every kind has.
    assert.deepEqual(await textsOf('Node'), { '': undefined, kind: 'Its kind.', apiVersion: 'Its version.', metadata: 'Its name.', spec: undefined, status: undefined })
    assert.equal((await definitionOf(documents(), version, 'Pod')).description, undefined)
  }
})

test('only 3.0 has values and defaults', async () => {
  const facts = async (version: 'v2' | 'v3', name: string, field: string): Promise<object> => {
    const { default: value, enum: values } = (await definitionOf(described, version, name)).properties[field] ?? assert.fail(field)
    return [value, values]
  }
  const table: [string, string, object][] = [
    ['PodSpec', 'restartPolicy', [undefined, ['Always', 'Never', 'OnFailure']]],
    ['ContainerPort', 'protocol', ['TCP', ['SCTP', 'TCP', 'UDP']]],
    ['ContainerPort', 'containerPort', [0, undefined]],
    ['Container', 'name', ['', undefined]],
    ['Pod', 'spec', [{}, undefined]],
  ]
  for (const [name, field, expected] of table) {
    assert.deepEqual(await facts('v3', name, field), expected, field)
    assert.deepEqual(await facts('v2', name, field), [undefined, undefined], field)
  }
})

interface Paths {
  readonly paths: Record<string, Record<string, { readonly operationId: string; readonly tags: string[]; readonly description: string }>>
}

test('operations are named as client generators expect', async () => {
  const served: readonly ResourceDefinition[] = [...pods, { ...virtualResource, kind: kinds.TokenReview }, { ...plainResource, kind: kinds.ClusterRole }]
  const { paths } = JSON.parse((await read(documents({ definitions: () => served }), '/openapi/v2')).text) as Paths
  const namespaced = '/api/v1/namespaces/{namespace}/pods'
  const table: [method: string, path: string, expected: string][] = [
    ['get', '/api/v1/pods', 'listCoreV1PodForAllNamespaces: list or watch objects of kind Pod'],
    ['get', namespaced, 'listCoreV1NamespacedPod: list or watch objects of kind Pod'],
    ['post', namespaced, 'createCoreV1NamespacedPod: create a Pod'],
    ['delete', namespaced, 'deleteCoreV1CollectionNamespacedPod: delete collection of Pod'],
    ['get', `${namespaced}/{name}`, 'readCoreV1NamespacedPod: read the specified Pod'],
    ['put', `${namespaced}/{name}`, 'replaceCoreV1NamespacedPod: replace the specified Pod'],
    ['patch', `${namespaced}/{name}/status`, 'patchCoreV1NamespacedPodStatus: partially update status of the specified Pod'],
    ['post', `${namespaced}/{name}/eviction`, 'createCoreV1NamespacedPodEviction: create eviction of a Pod'],
    ['post', `${namespaced}/{name}/exec`, 'connectCoreV1PostNamespacedPodExec: connect POST requests to exec of Pod'],
    ['get', `${namespaced}/{name}/log`, 'readCoreV1NamespacedPodLog: read log of the specified Pod'],
    ['get', '/api/v1/nodes', 'listCoreV1Node: list or watch objects of kind Node'],
    ['delete', '/api/v1/nodes/{name}', 'deleteCoreV1Node: delete a Node'],
    ['get', '/api/v1/watch/nodes/{name}', 'watchCoreV1Node: watch changes to an object of kind Node. deprecated: list with the parameter watch instead'],
    ['post', '/apis/authentication.k8s.io/v1/tokenreviews', 'createAuthenticationV1TokenReview: create a TokenReview'],
    ['get', '/apis/rbac.authorization.k8s.io/v1/clusterroles', 'listRbacAuthorizationV1ClusterRole: list or watch objects of kind ClusterRole'],
    ['get', '/apis/rbac.authorization.k8s.io/v1/', 'getRbacAuthorizationV1APIResources: get available resources'],
    ['get', '/apis/rbac.authorization.k8s.io/', 'getRbacAuthorizationAPIGroup: get information of a group'],
    ['get', '/version/', 'getCodeVersion: get the version of the server'],
  ]
  for (const [method, path, expected] of table) {
    const operation = paths[path]?.[method]
    assert.equal(`${operation?.operationId ?? ''}: ${operation?.description ?? ''}`, expected, `${method} ${path}`)
  }
  assert.deepEqual(paths['/apis/rbac.authorization.k8s.io/v1/clusterroles']?.['get']?.tags, ['rbacAuthorization_v1'])
  assert.equal(paths['/apis/authentication.k8s.io/v1/tokenreviews/{name}'], undefined, 'what stores nothing has no objects')
})

test('documents are kept packed, and unpacked for who cannot', async () => {
  const seen: string[] = []
  const gzip = {
    zip: (bytes: Uint8Array) => {
      seen.push('zip')
      return Promise.resolve(utf8(`zipped ${bytes.length}`))
    },
    unzip: () => {
      seen.push('unzip')
      return Promise.resolve(utf8('unzipped'))
    },
    packing: () => assert.fail('a document is packed once for all'),
  }
  const openApi = documents({ gzip })
  const plain = await read(documents(), '/openapi/v2')
  const zipped = await read(openApi, '/openapi/v2', { 'accept-encoding': 'gzip' })
  assert.deepEqual([zipped.headers['content-encoding'], zipped.headers['etag'], zipped.text], ['gzip', plain.headers['etag'], `zipped ${plain.text.length}`])
  const unzipped = await read(openApi, '/openapi/v2')
  assert.deepEqual([unzipped.headers['content-encoding'], unzipped.headers['etag'], unzipped.text], [undefined, plain.headers['etag'], 'unzipped'])
  assert.equal((await read(openApi, '/openapi/v2', { 'accept-encoding': 'gzip', 'if-none-match': plain.headers['etag'] ?? '' })).status, 304)
  assert.deepEqual(seen, ['zip', 'unzip'])
})

test('a document is made once for all who ask at the same time, and anew when other kinds are served', async () => {
  let [asked, served] = [0, pods]
  const openApi = documents({
    definitions: () => served,
    descriptions: () => {
      asked += 1
      return asked === 1 ? Promise.reject(new Error('no disk')) : Promise.resolve(() => undefined)
    },
  })
  await assert.rejects(read(openApi, '/openapi/v3'), /no disk/)
  const [first, second] = await Promise.all([read(openApi, '/openapi/v3'), read(openApi, '/openapi/v3')])
  assert.deepEqual([first.text, asked], [second.text, 2])
  const index = JSON.parse(first.text) as { paths: Record<string, { serverRelativeURL: string }> }
  const hash = (await read(openApi, '/openapi/v3/api/v1')).headers['etag']?.slice(1, -1)
  assert.equal(index.paths['api/v1']?.serverRelativeURL, `/openapi/v3/api/v1?hash=${hash ?? ''}`)
  assert.equal(asked, 2, 'the index has made the documents')
  served = [...pods, { ...plainResource, kind: kinds.Deployment }]
  assert.deepEqual(Object.keys((JSON.parse((await read(openApi, '/openapi/v3')).text) as typeof index).paths), ['api/v1', 'apis/apps/v1'])
})

test('who takes gzip', () => {
  const table: [string | undefined, boolean][] = [
    [undefined, false], ['', false], ['gzip', true], ['deflate, gzip;q=0.5', true], ['gzip;q=0', false], ['gzip; q=0.000', false], ['*', true],
    ['br', false], ['identity', false],
  ]
  for (const [header, expected] of table) assert.equal(acceptsGzip(header), expected, header)
})

test('what other servers tell of their APIs stands beside ours', async () => {
  const own = '/apis/wardle.example.com/v1/flunders'
  const reference = (name: string): object => ({ get: { responses: { 200: { description: 'OK', schema: { $ref: `#/definitions/${name}` } } } } })
  const node = 'io.k8s.api.core.v1.Node'
  const flunder = { type: 'object', properties: { on: { $ref: `#/definitions/${node}` }, time: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Time' } } }
  const definitions = { Flunder: flunder, [node]: { type: 'string' }, 'io.k8s.apimachinery.pkg.apis.meta.v1.Time': { type: 'string', format: 'date-time' } }
  const spec = { paths: { [own]: reference('Flunder'), '/api/v1/nodes': reference('Flunder') }, definitions }
  const second = { paths: { [`${own}2`]: reference('Flunder') }, definitions: { ...definitions, Flunder: { type: 'object' } } }
  let state = 0
  let specs = [spec, second] as readonly object[] as readonly RemoteSpec[]
  const remote: OpenApiOptions['remote'] = {
    get openApiState() {
      return state
    },
    specs: () => specs,
    openApiPaths: () => [...wardle.values()],
    openApiAt: (path) => wardle.get(path),
    forwardOpenApi: (path) => Promise.resolve({ type: 'whole', status: 200, headers: {}, body: [utf8(`from there: ${path}`)] }),
  }
  const at = (path: string, made: object | undefined) => [path, { path, hash: 'F00', made: made as Record<string, unknown> | undefined }] as const
  const wardle = new Map([at('apis/wardle.example.com/v1', undefined), at('apis/old.example.com/v1', { openapi: '3.0.0' }), at('api/v1', {})])
  const openApi = documents({ remote })
  const read2 = async (): Promise<{ paths: Record<string, unknown>; definitions: Record<string, unknown> }> => JSON.parse((await read(openApi, '/openapi/v2')).text)
  const { paths, definitions: merged } = await read2()
  assert.deepEqual(paths[own], reference('Flunder'))
  assert.deepEqual(paths[`${own}2`], reference('Flunder_v2'))
  assert.notDeepEqual(paths['/api/v1/nodes'], reference('Flunder'), 'ours stays')
  assert.deepEqual(merged['Flunder'], { type: 'object', properties: { on: { $ref: `#/definitions/${node}_v2` }, time: flunder.properties.time } })
  assert.deepEqual([merged[`${node}_v2`], merged['Flunder_v2'], Object.hasOwn(merged, `${node}_v3`)], [{ type: 'string' }, { type: 'object' }, false])
  assert.ok((await openApi.v2(get('/openapi/v2', { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' }))).type === 'whole')
  specs = []
  state++
  assert.equal((await read2()).paths[own], undefined)

  const index = JSON.parse((await read(openApi, '/openapi/v3')).text) as { paths: Record<string, { serverRelativeURL: string }> }
  assert.equal(index.paths['apis/wardle.example.com/v1']?.serverRelativeURL, '/openapi/v3/apis/wardle.example.com/v1?hash=F00')
  assert.doesNotMatch(index.paths['api/v1']?.serverRelativeURL ?? '', /F00/)
  const remoteText = async (path: string): Promise<string> => {
    const answer = await openApi.remoteV3(get(path))
    return answer.type === 'whole' ? answer.body.map((part) => textOf(part)).join('') : answer.type
  }
  assert.equal(await remoteText('/openapi/v3/apis/wardle.example.com/v1'), 'from there: apis/wardle.example.com/v1')
  assert.equal(await remoteText('/openapi/v3/apis/old.example.com/v1'), '{"openapi":"3.0.0"}')
  assert.equal(openApi.remotePath('/openapi/v3/apis/none.example.com/v1'), undefined)
})
