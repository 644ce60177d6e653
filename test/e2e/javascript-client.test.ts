/** The JavaScript client of Kubernetes, unmodified: objects, patches, watches, informers over restarts and compactions, leader election. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ApiException, ApiextensionsV1Api, AppsV1Api, AuthorizationV1Api, CoordinationV1Api, CoreV1Api, CustomObjectsApi, Exec, Health, KubeConfig, KubernetesObjectApi, makeInformer, PatchStrategy, setHeaderOptions,
  VersionApi, Watch, type Informer, type KubernetesListObject, type KubernetesObject, type ObjectCache, type V1ConfigMap,
} from '@kubernetes/client-node'
import { startTestServer, type TestServer } from '../../src/apiserver/apiserver.testing.ts'
import { systemClock } from '../../src/host/clock.ts'
import type { Handler } from '../../src/apiserver/http.ts'
import { startHttpsServer, type HttpsServer } from '../../src/host/https-server.ts'
import { createNodeProxy } from '../../src/host/node-proxy.ts'
import { createClusterPki } from '../../src/host/pki.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { silentLog } from '../../src/words/ports.ts'
import { isCode, runCandidate } from './lease-election.testing.ts'
import { errorLines, startServer, type ServerBed } from './server-bed.testing.ts'

const NAMESPACE = 'default'

let bed: ServerBed
let config: KubeConfig
before(async () => {
  bed = await startServer('javascript-client')
  config = new KubeConfig()
  config.loadFromString((await bed.lotse('kubeconfig')).output)
})
after(() => bed.remove())

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await isSo()) return
    await sleep(50)
  }
  assert.fail(`not within 15 seconds: ${what}`)
}

function refusal(code: number, reason: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert(isCode(error, code), String(error))
    assert(error instanceof ApiException)
    const body: unknown = JSON.parse(String(error.body))
    assert(typeof body === 'object' && body !== null && 'reason' in body && 'message' in body)
    assert.equal(body.reason, reason)
    assert.match(String(body.message), message)
    return true
  }
}

test('the kubeconfig of lotse kubeconfig leads to the server', async () => {
  assert.equal(config.getCurrentContext(), 'lotse-javascript-client')
  const version = await config.makeApiClient(VersionApi).getCode()
  assert.deepEqual([version.major, version.minor], ['1', '32'])
  assert.deepEqual(await Promise.all([new Health(config).readyz({}), new Health(config).livez({})]), [true, true])
  const review = await config.makeApiClient(AuthorizationV1Api).createSelfSubjectAccessReview({ body: { spec: { resourceAttributes: { verb: '*', resource: '*', group: '*' } } } })
  assert.equal(review.status?.allowed, true)
})

test('create, read, list, replace, delete, and what a mistake is answered with', async () => {
  const core = config.makeApiClient(CoreV1Api)
  const created = await core.createNamespacedConfigMap({ namespace: NAMESPACE, body: { metadata: { name: 'menu', labels: { part: 'js' } }, data: { soup: 'pea' } } })
  assert(created.metadata?.creationTimestamp instanceof Date)
  await assert.rejects(core.createNamespacedConfigMap({ namespace: NAMESPACE, body: { metadata: { name: 'menu' } } }), refusal(409, 'AlreadyExists', /^configmaps "menu" already exists$/))
  const replaced = await core.replaceNamespacedConfigMap({ namespace: NAMESPACE, name: 'menu', body: { ...created, data: { soup: 'leek' } } })
  assert.deepEqual([replaced.data, replaced.metadata?.uid], [{ soup: 'leek' }, created.metadata.uid])
  await assert.rejects(core.replaceNamespacedConfigMap({ namespace: NAMESPACE, name: 'menu', body: created }), refusal(409, 'Conflict', /the object has been modified/))
  const list = await core.listNamespacedConfigMap({ namespace: NAMESPACE, labelSelector: 'part in (js)' })
  assert.deepEqual(list.items.map(({ metadata }) => metadata?.name), ['menu'])
  await assert.rejects(core.listNamespacedConfigMap({ namespace: NAMESPACE, labelSelector: '=' }), refusal(400, 'BadRequest', /^found '=', expected: !, identifier, or 'end of string'$/))
  await assert.rejects(core.createNamespacedPod({ namespace: NAMESPACE, body: { metadata: { name: 'p' }, spec: { containers: [] } } }), refusal(422, 'Invalid', /spec\.containers: Required value/))
  const status = await core.deleteNamespacedConfigMap({ namespace: NAMESPACE, name: 'menu' })
  assert.equal(status.status, 'Success')
  await assert.rejects(core.readNamespacedConfigMap({ namespace: NAMESPACE, name: 'menu' }), refusal(404, 'NotFound', /^configmaps "menu" not found$/))
})

test('a list page by page', async () => {
  const core = config.makeApiClient(CoreV1Api)
  await Promise.all(Array.from({ length: 12 }, (_, index) => core.createNamespacedSecret({ namespace: NAMESPACE, body: { metadata: { name: `page-${index}`, labels: { pages: 'yes' } } } })))
  const pages: number[] = []
  const names = new Set<string>()
  for (let next: string | undefined = ''; next !== undefined; ) {
    const page = await core.listNamespacedSecret({ namespace: NAMESPACE, labelSelector: 'pages', limit: 5, ...(next === '' ? {} : { _continue: next }) })
    pages.push(page.items.length)
    for (const { metadata } of page.items) names.add(metadata?.name ?? '')
    next = page.metadata?._continue
  }
  assert.deepEqual([pages, names.size], [[5, 5, 2], 12])
  await core.deleteCollectionNamespacedSecret({ namespace: NAMESPACE, labelSelector: 'pages' })
  assert.equal((await core.listNamespacedSecret({ namespace: NAMESPACE, labelSelector: 'pages' })).items.length, 0)
})

test('patches of all four kinds, and scale', async () => {
  const apps = config.makeApiClient(AppsV1Api)
  const labels = { app: 'patched' }
  const container = { name: 'web', image: 'example.com/web:1', env: [{ name: 'A', value: '1' }] }
  await apps.createNamespacedDeployment({ namespace: NAMESPACE, body: { metadata: { name: 'patched' }, spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } } } })
  const target = { namespace: NAMESPACE, name: 'patched' }
  const patch = (strategy: string, body: object, more: object = {}): ReturnType<typeof apps.patchNamespacedDeployment> =>
    apps.patchNamespacedDeployment({ ...target, body, ...more }, setHeaderOptions('Content-Type', strategy))
  const inContainer = (change: object): object => ({ spec: { template: { spec: { containers: [{ name: 'web', ...change }] } } } })
  assert.equal((await patch(PatchStrategy.JsonPatch, [{ op: 'replace', path: '/spec/replicas', value: 0 }])).spec?.replicas, 0)
  assert.equal((await patch(PatchStrategy.MergePatch, { spec: { replicas: 2 } })).spec?.replicas, 2)
  const merged = await patch(PatchStrategy.StrategicMergePatch, inContainer({ env: [{ name: 'B', value: '2' }] }))
  assert.deepEqual(merged.spec?.template.spec?.containers[0]?.env?.map(({ name }) => name).sort(), ['A', 'B'])
  const applied = await patch(PatchStrategy.ServerSideApply, { apiVersion: 'apps/v1', kind: 'Deployment', ...inContainer({ image: 'example.com/web:2' }) }, { fieldManager: 'js', force: true })
  assert.equal(applied.spec?.template.spec?.containers[0]?.image, 'example.com/web:2')
  assert.deepEqual(applied.metadata?.managedFields?.filter(({ operation }) => operation === 'Apply').map(({ manager }) => manager), ['js'])
  const { metadata } = await apps.readNamespacedDeploymentScale(target)
  // Without a revision: the Deployment's controller may write its status at any moment.
  await apps.replaceNamespacedDeploymentScale({ ...target, body: { metadata: { name: metadata?.name ?? '', namespace: NAMESPACE }, spec: { replicas: 1 } } })
  assert.equal((await apps.readNamespacedDeployment(target)).spec?.replicas, 1)
  await apps.deleteNamespacedDeployment(target)
})

test('objects whose kinds the client learns from the server', async () => {
  const objects = KubernetesObjectApi.makeApiClient(config)
  const header = { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'js' } }
  await objects.create({ ...header, spec: { controller: 'example.com/js' } })
  const patched = await objects.patch({ ...header, metadata: { name: 'js', labels: { learned: 'yes' } } }, undefined, undefined, 'js', undefined, PatchStrategy.MergePatch)
  assert.deepEqual(patched.metadata?.labels, { learned: 'yes' })
  assert.equal((await objects.list('networking.k8s.io/v1', 'IngressClass')).items.length, 1)
  await objects.delete(header)
  await assert.rejects(objects.read(header), (error) => isCode(error, 404))
})

test('what is applied by a client of any kind, and who it meets', async () => {
  const objects = KubernetesObjectApi.makeApiClient(config)
  const apply = (color: string, manager: string, isForced: boolean): Promise<KubernetesObject & { data?: Record<string, string> }> =>
    objects.patch({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied', namespace: NAMESPACE }, data: { color } } as KubernetesObject, undefined, undefined, manager, isForced, PatchStrategy.ServerSideApply)
  assert.deepEqual((await apply('red', 'ann', false)).data, { color: 'red' })
  await assert.rejects(apply('blue', 'bob', false), refusal(409, 'Conflict', /^Apply failed with 1 conflict: conflict with "ann": \.data\.color$/))
  assert.deepEqual((await apply('blue', 'bob', true)).data, { color: 'blue' })
})

test('commands in pods that run nowhere are refused before anything is opened', async () => {
  const core = config.makeApiClient(CoreV1Api)
  await core.createNamespacedServiceAccount({ namespace: NAMESPACE, body: { metadata: { name: 'default' } } }).catch(() => undefined)
  await core.createNamespacedPod({ namespace: NAMESPACE, body: { metadata: { name: 'idle' }, spec: { containers: [{ name: 'c', image: 'i' }] } } })
  const run = (pod: string): Promise<unknown> => new Exec(config).exec(NAMESPACE, pod, 'c', ['true'], null, null, null, false)
  await assert.rejects(run('idle'), { message: 'Unexpected server response: 400' })
  await assert.rejects(run('none'), { message: 'Unexpected server response: 404' })
  assert.equal(await core.readNamespacedPodLog({ namespace: NAMESPACE, name: 'idle' }), '')
  await core.deleteNamespacedPod({ namespace: NAMESPACE, name: 'idle', gracePeriodSeconds: 0 })
})

test('a kind of the user\'s own', async () => {
  const schema = { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer', minimum: 1 } } } } }
  const names = { plural: 'boats', singular: 'boat', kind: 'Boat' }
  const extensions = config.makeApiClient(ApiextensionsV1Api)
  await extensions.createCustomResourceDefinition({
    body: { metadata: { name: 'boats.example.com' }, spec: { group: 'example.com', scope: 'Namespaced', names, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }] } },
  })
  const isEstablished = async (): Promise<boolean> =>
    (await extensions.readCustomResourceDefinition({ name: 'boats.example.com' })).status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false
  await until('established', isEstablished)
  const customs = config.makeApiClient(CustomObjectsApi)
  const place = { group: 'example.com', version: 'v1', namespace: NAMESPACE, plural: 'boats' }
  const boat = (name: string, size: number): object => ({ apiVersion: 'example.com/v1', kind: 'Boat', metadata: { name }, spec: { size } })
  await customs.createNamespacedCustomObject({ ...place, body: boat('ark', 300) })
  await assert.rejects(customs.createNamespacedCustomObject({ ...place, body: boat('nut', 0) }), (error) => isCode(error, 422))
  const list: KubernetesListObject<object> = await customs.listNamespacedCustomObject(place)
  assert.equal(list.items.length, 1)
  await extensions.deleteCustomResourceDefinition({ name: 'boats.example.com' })
})

test('a watch hears of what happens from its revision on', async () => {
  const core = config.makeApiClient(CoreV1Api)
  const list = await core.listNamespacedConfigMap({ namespace: NAMESPACE })
  const heard: string[] = []
  const ended = Promise.withResolvers<unknown>()
  const options = { resourceVersion: list.metadata?.resourceVersion, labelSelector: 'watched=yes', allowWatchBookmarks: true, timeoutSeconds: 3 }
  await new Watch(config).watch(`/api/v1/namespaces/${NAMESPACE}/configmaps`, options, (type, object: V1ConfigMap) => void heard.push(`${type} ${object.metadata?.name}`), ended.resolve)
  const change = (labels: Record<string, string>): Promise<unknown> =>
    core.patchNamespacedConfigMap({ namespace: NAMESPACE, name: 'seen', body: { metadata: { labels } } }, setHeaderOptions('Content-Type', PatchStrategy.MergePatch))
  await core.createNamespacedConfigMap({ namespace: NAMESPACE, body: { metadata: { name: 'seen', labels: { watched: 'yes' } } } })
  await change({ more: 'yes' })
  await change({ watched: 'no' })
  await change({ watched: 'yes' })
  await core.deleteNamespacedConfigMap({ namespace: NAMESPACE, name: 'seen' })
  assert.equal(await ended.promise, null)
  assert.deepEqual(heard.filter((event) => !event.startsWith('BOOKMARK')), ['ADDED seen', 'MODIFIED seen', 'DELETED seen', 'ADDED seen', 'DELETED seen'])
})

type Cache = Informer<V1ConfigMap> & ObjectCache<V1ConfigMap>

/** Started again whenever it fails, as its documentation shows. */
function follow(kubeconfig: KubeConfig): { readonly informer: Cache; readonly lists: () => number; readonly names: () => string[]; stop(): Promise<void> } {
  let lists = 0
  let stopped = false
  const core = kubeconfig.makeApiClient(CoreV1Api)
  const list = (): Promise<KubernetesListObject<V1ConfigMap>> => {
    lists += 1
    return core.listNamespacedConfigMap({ namespace: NAMESPACE, labelSelector: 'followed' })
  }
  const informer = makeInformer(kubeconfig, `/api/v1/namespaces/${NAMESPACE}/configmaps`, list, 'followed')
  informer.on('error', () => setTimeout(() => stopped || void informer.start(), 100))
  return {
    informer,
    lists: () => lists,
    names: () => informer.list().map(({ metadata }) => metadata?.name ?? '').sort(),
    async stop() {
      stopped = true
      await informer.stop()
    },
  }
}

function followed(name: string): { namespace: string; body: V1ConfigMap } {
  return { namespace: NAMESPACE, body: { metadata: { name, labels: { followed: 'yes' } } } }
}

test('an informer keeps its copy over the death of the server', async () => {
  const core = config.makeApiClient(CoreV1Api)
  await core.createNamespacedConfigMap(followed('before'))
  const seen = follow(config)
  await seen.informer.start()
  await core.createNamespacedConfigMap(followed('while'))
  await until('both are seen', () => seen.names().join() === 'before,while')
  await bed.kill()
  await bed.up()
  await core.deleteNamespacedConfigMap({ namespace: NAMESPACE, name: 'before' })
  await core.createNamespacedConfigMap(followed('after'))
  await until('what happened since is seen', () => seen.names().join() === 'after,while')
  const { items } = await core.listNamespacedConfigMap({ namespace: NAMESPACE, labelSelector: 'followed' })
  assert.deepEqual(new Map(seen.informer.list().map(({ metadata }) => [metadata?.name, metadata?.resourceVersion])), new Map(items.map(({ metadata }) => [metadata?.name, metadata?.resourceVersion])))
  // It went on where it was: its revision was still known after the restart.
  assert.equal(seen.lists(), 1)
  await seen.stop()
})

test('of many candidates one leads at a time, and another one when it dies', { timeout: 30_000 }, async () => {
  const api = config.makeApiClient(CoordinationV1Api)
  const place = { namespace: NAMESPACE, name: 'captain' }
  const candidates = ['ada', 'bob', 'cyd', 'dan'].map((identity) => runCandidate(api, place, identity))
  const leaders = (): string[] => candidates.filter(({ isLeader }) => isLeader()).map(({ identity }) => identity)
  const reigns: string[] = []
  try {
    for (let reign = 0; reign < 3; reign++) {
      await until('somebody leads', () => leaders().length === 1)
      for (let look = 0; look < 20; look++) {
        assert(leaders().length <= 1, `several lead: ${leaders().join()}`)
        await sleep(20)
      }
      const leader = candidates.find(({ isLeader }) => isLeader())
      reigns.push(leader?.identity ?? '')
      await leader?.stop()
    }
  } finally {
    await Promise.all(candidates.map((candidate) => candidate.stop()))
  }
  assert.equal(new Set(reigns).size, 3)
  const { spec } = await api.readNamespacedLease(place)
  assert((spec?.leaseTransitions ?? 0) >= 2)
  assert.deepEqual(errorLines(bed.log()), [])
})

/** A server of this process over a store that the test may compact at will; its port is kept over its ends. */
class OwnServer {
  readonly store = createMemoryStore()
  readonly config = new KubeConfig()
  readonly #directory = mkdtempSync(join(tmpdir(), 'lotse-javascript-'))
  readonly #pki = createClusterPki(this.#directory, { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog })
  readonly #nodeProxy = createNodeProxy({ caPem: this.#pki.caPem, ...this.#pki.apiServerToNode, connectTimeoutMs: 1_000 })
  #https: HttpsServer | undefined
  #api: TestServer | undefined

  async start(): Promise<void> {
    this.#api = await startTestServer({ store: this.store, clock: systemClock })
    const handler: Handler = (request) => this.#api?.server.handle(request) ?? assert.fail('no server')
    const options = { ...this.#pki.apiServer, caPem: this.#pki.caPem, handler, nodeProxy: this.#nodeProxy, log: silentLog }
    this.#https = await startHttpsServer({ ...options, host: '127.0.0.1', port: this.#https?.port ?? 0 })
    const cluster = { name: 'own', server: `https://127.0.0.1:${this.#https.port}`, caData: btoa(this.#pki.caPem), skipTLSVerify: false }
    this.config.loadFromClusterAndUser(cluster, { name: 'anyone' })
  }

  async stop(): Promise<void> {
    await this.#https?.close()
    this.#api?.stop()
  }

  async remove(): Promise<void> {
    await this.stop()
    this.#nodeProxy.close()
    rmSync(this.#directory, { recursive: true })
  }
}

test('an informer that was away for too long is told so with 410, and lists anew', async () => {
  const server = new OwnServer()
  await server.start()
  const seen = follow(server.config)
  try {
    const core = server.config.makeApiClient(CoreV1Api)
    for (const name of ['kept', 'lost']) await core.createNamespacedConfigMap(followed(name))
    await seen.informer.start()
    await until('both are listed', () => seen.names().join() === 'kept,lost')
    await server.stop()
    // What happens while the informer is away, and is then forgotten.
    const meanwhile = await startTestServer({ store: server.store, clock: systemClock })
    assert.equal((await meanwhile.request('DELETE', `/api/v1/namespaces/${NAMESPACE}/configmaps/lost`)).status, 200)
    meanwhile.stop()
    await server.store.compact(await server.store.latest())
    await server.start()
    await until('the deletion is seen', () => seen.names().join() === 'kept')
    assert.equal(seen.lists(), 2)
    await core.createNamespacedConfigMap(followed('new'))
    await until('and the watch goes on', () => seen.names().join() === 'kept,new')
  } finally {
    await seen.stop()
    await server.remove()
  }
})
