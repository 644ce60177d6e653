import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { loadAll } from 'js-yaml'
import type { Client } from '../../client/client.ts'
import { isConditionTrue } from '../../objects/conditions.ts'
import type { KindRef } from '../../objects/kind.ts'
import { apiVersionOf } from '../../objects/kind.ts'
import { keyOf, type KubeObject } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Deployment, Node, Pod, Service } from '../../resources/generated/types.ts'
import type { ClusterConfig } from '../cluster-config.ts'
import type { DemoImage } from '../demo-tools.ts'
import { commandFor, contextName, printJson, type Invocation } from '../invocation.ts'
import { Phases } from '../phases.ts'
import { waitUntil } from '../wait.ts'
import { bringUp } from './up.ts'

const NAMESPACE = 'guestbook'
/** Images are unpacked meanwhile, on a slow disk too. */
const WAIT = { timeoutMs: 120_000, pollMs: 50 }
const REQUEST_TIMEOUT_MS = 3_000
const WEB_REPLICAS = 3

/** The addresses at which the front end answers. */
interface Front {
  readonly nodePortUrl: string
  readonly clusterIpUrl: string
}

/** From a bare machine to a guestbook that survives the death of its parts. Running it again finds everything in place. */
export async function demo(invocation: Invocation, options: { readonly port: number | undefined }): Promise<void> {
  const phases = new Phases(invocation.errors, { quiet: invocation.json })
  const started = performance.now()
  const wanted = { port: options.port, nodes: 1, serverFiles: {}, certificateLifetimeSeconds: undefined } as const
  const { config, alreadyRan } = await bringUp(invocation, wanted, phases)
  if (alreadyRan && !invocation.json) invocation.errors.write(`The cluster "${config.name}" runs already.\n`)
  await provideImages(invocation, config, phases)
  const { client, close } = await invocation.demoTools.connect(config)
  try {
    const front = await deploy(invocation, client, phases)
    await signAndRead(front, phases)
    await breakThings(invocation, config, client, front, phases)
    finish(invocation, config, front, phases, (performance.now() - started) / 1000)
  } finally {
    close()
  }
}

async function provideImages(invocation: Invocation, config: ClusterConfig, phases: Phases): Promise<void> {
  const tools = invocation.demoTools
  const images = await phases.run(
    'images',
    (report) => tools.buildImages(config, report),
    (built) => built.map(imageText).join(', ')
  )
  await phases.run('registry', (report) => tools.serveImages(config, images, report), (address) => address)
}

/** guestbook-web:1 34b3c216eabc */
function imageText({ reference, digest, reused }: DemoImage): string {
  return `${reference.split('/').at(-1) ?? ''} ${digest.slice('sha256:'.length, 19)}${reused ? ' (built before)' : ''}`
}

async function deploy(invocation: Invocation, client: Client, phases: Phases): Promise<Front> {
  const objects = exampleObjects(invocation.demoTools.exampleDirectory)
  await phases.run('apply', async () => {
    for (const object of objects) {
      await client.patch(kindOf(object), keyOf(object), { type: 'apply', body: object, force: true }, { fieldManager: 'lotse-demo' })
    }
  }, () => `${objects.length} objects of examples/guestbook`)
  await phases.run('ready', (report) => waitUntilReady(client, report), () => `cache and ${WEB_REPLICAS} web replicas`)
  return await findFront(client)
}

async function signAndRead(front: Front, phases: Phases): Promise<void> {
  const entry = `Signed at ${new Date().toISOString()}`
  await phases.run('sign the guestbook', async () => {
    await retried(async () => expectStatus(await request(`${front.nodePortUrl}/entries`, { method: 'POST', body: entry }), 201))
    for (const url of [front.nodePortUrl, front.clusterIpUrl]) await retried(() => expectEntry(url, entry))
  }, () => `"${entry}" read back through the NodePort and the ClusterIP`)
}

async function breakThings(invocation: Invocation, config: ClusterConfig, client: Client, front: Front, phases: Phases): Promise<void> {
  const before = await firstEntry(front)
  await phases.run('kill a web container', async () => {
    const pod = await someWebPod(client)
    const status = pod.status?.containerStatuses?.[0]
    await invocation.demoTools.killContainer(config, (status?.containerID ?? '').replace('containerd://', ''))
    await waitUntil(async () => {
      const found = (await client.get(kinds.Pod, keyOf(pod))).status?.containerStatuses?.[0]
      return (found?.restartCount ?? 0) > (status?.restartCount ?? 0) && found?.ready === true
    }, { ...WAIT, what: `the container of ${pod.metadata.name ?? ''} to be restarted` })
    await retried(() => expectEntry(front.nodePortUrl, before))
    return pod.metadata.name ?? ''
  }, (name) => `${name} was restarted, the entry is still served`)
  await phases.run('delete a web pod', async () => {
    const pod = await someWebPod(client)
    await client.delete(kinds.Pod, keyOf(pod))
    await waitUntil(async () => {
      const pods = await webPods(client)
      return pods.length === WEB_REPLICAS && pods.every(isReady) && pods.every((other) => other.metadata.uid !== pod.metadata.uid)
    }, { ...WAIT, what: `a new pod in place of ${pod.metadata.name ?? ''}` })
    await retried(() => expectEntry(front.nodePortUrl, before))
    return pod.metadata.name ?? ''
  }, (name) => `${name} was replaced, the entry is still served`)
}

function finish(invocation: Invocation, config: ClusterConfig, front: Front, phases: Phases, seconds: number): void {
  if (invocation.json) {
    return printJson(invocation.data, {
      name: config.name,
      context: contextName(config.name),
      url: front.nodePortUrl,
      clusterUrl: front.clusterIpUrl,
      seconds,
      phases: phases.times,
    })
  }
  const purge = `${commandFor(invocation, 'down --purge')}    to remove it all`
  invocation.errors.write(
    `\nThe guestbook is at ${front.nodePortUrl} (in all ${seconds.toFixed(1)} s). Next:\n\n  kubectl get pods -n ${NAMESPACE} -o wide\n  ${purge}\n`
  )
}

function exampleObjects(directory: string): KubeObject[] {
  const files = readdirSync(directory).filter((file) => file.endsWith('.yaml')).sort()
  return files.flatMap((file) => loadAll(readFileSync(join(directory, file), 'utf8')) as KubeObject[])
}

function kindOf(object: KubeObject): KindRef {
  const found = Object.values<KindRef>(kinds).find((kind) => kind.kind === object.kind && apiVersionOf(kind) === object.apiVersion)
  if (found === undefined) throw new Error(`examples/guestbook has an object of the unknown kind ${object.apiVersion} ${object.kind}`)
  return found
}

async function waitUntilReady(client: Client, report: (progress: string) => void): Promise<void> {
  await waitUntil(
    async () => {
      const { items } = await client.list(kinds.Deployment, { namespace: NAMESPACE })
      report(items.map((item) => `${item.metadata.name ?? ''} ${item.status?.readyReplicas ?? 0}/${item.spec?.replicas ?? 1}`).join(', '))
      return items.length === 2 && items.every(isRolledOut)
    },
    { ...WAIT, what: async () => `the deployments to be ready; ${await whyNotReady(client)}` }
  )
}

function isRolledOut({ metadata, spec, status = {} }: Deployment): boolean {
  const counts = [status.readyReplicas, status.updatedReplicas, status.replicas]
  return status.observedGeneration === metadata.generation && counts.every((count) => count === spec?.replicas)
}

/** What a person would look for: the pods that are not ready and what their containers wait for. */
async function whyNotReady(client: Client): Promise<string> {
  const { items } = await client.list(kinds.Pod, { namespace: NAMESPACE })
  const waiting = items
    .filter((pod) => !isReady(pod))
    .map((pod) => {
      const state = pod.status?.containerStatuses?.[0]?.state?.waiting
      const scheduled = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled' && condition.status === 'False')
      const unplaced = scheduled?.message ?? pod.status?.phase ?? 'unknown'
      const why = state === undefined ? unplaced : `${state.reason ?? ''} ${state.message ?? ''}`
      return `${pod.metadata.name ?? ''}: ${why}`
    })
  return waiting.join('; ')
}

async function findFront(client: Client): Promise<Front> {
  const service: Service = await client.get(kinds.Service, { namespace: NAMESPACE, name: 'web' })
  const nodes = await client.list(kinds.Node)
  const port = service.spec?.ports?.[0]
  const address =
    nodes.items.flatMap((node: Node) => node.status?.addresses ?? []).find((candidate) => candidate.type === 'InternalIP')?.address
    ?? '127.0.0.1'
  return {
    nodePortUrl: `http://${address}:${port?.nodePort ?? 0}`,
    clusterIpUrl: `http://${service.spec?.clusterIP ?? ''}:${port?.port ?? 80}`,
  }
}

async function webPods(client: Client): Promise<readonly Pod[]> {
  return (await client.list(kinds.Pod, { namespace: NAMESPACE, labelSelector: 'app=guestbook,tier=web' })).items
}

async function someWebPod(client: Client): Promise<Pod> {
  const pod = (await webPods(client)).find((candidate) => isReady(candidate) && candidate.metadata.deletionTimestamp === undefined)
  if (pod === undefined) throw new Error('no web pod is ready')
  return pod
}

function isReady(pod: Pod): boolean {
  return isConditionTrue(pod.status?.conditions, 'Ready')
}

async function request(url: string, init: RequestInit = {}): Promise<Response> {
  return await fetch(url, {
    ...init,
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    redirect: 'manual',
    headers: { connection: 'close' },
  })
}

async function expectStatus(response: Response, status: number): Promise<void> {
  const body = await response.text()
  if (response.status !== status) throw new Error(`${response.url} answered ${response.status}: ${body.slice(0, 200)}`)
}

async function entries(url: string): Promise<readonly string[]> {
  const response = await request(`${url}/entries`)
  const body = await response.text()
  if (response.status !== 200) throw new Error(`${url}/entries answered ${response.status}: ${body.slice(0, 200)}`)
  return JSON.parse(body) as string[]
}

async function expectEntry(url: string, entry: string): Promise<void> {
  if (!(await entries(url)).includes(entry)) throw new Error(`${url}/entries does not show "${entry}"`)
}

async function firstEntry(front: Front): Promise<string> {
  return (await entries(front.nodePortUrl))[0] ?? ''
}

/** A client of a service tries again while endpoints come and go; the last error is thrown when that does not end. */
async function retried(attempt: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + REQUEST_TIMEOUT_MS * 2
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await delay(WAIT.pollMs)
    }
  }
}
