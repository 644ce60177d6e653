import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { TestServer } from '../../src/apiserver/apiserver.testing.ts'
import { startTestServer } from '../../src/apiserver/apiserver.testing.ts'
import { readNodeFacts, nodePressure } from '../../src/host/node-facts.ts'
import { createHostProber } from '../../src/host/probe/host-prober.ts'
import { systemRandom } from '../../src/host/random.ts'
import { mountsBelow, unmountBelow } from '../../src/host/volumes/mount-table.ts'
import { createVolumeHost } from '../../src/host/volumes/volume-host.ts'
import type { NodeAgent } from '../../src/node/agent.ts'
import { createNodeAgent } from '../../src/node/agent.ts'
import { kinds } from '../../src/resources/generated/kinds.ts'
import type { Container, Pod, PodSpec } from '../../src/resources/generated/types.ts'
import { silentLog } from '../../src/words/ports.ts'
import { BUSYBOX_IMAGE, containerObstacle, openContainerdBed, realClock } from './containerd-bed.testing.ts'
import type { ContainerdBed } from './containerd-bed.testing.ts'

const obstacle = containerObstacle()
const NAME = `lotse-agent-${process.pid}`
const POD_CIDR = `10.223.${process.pid % 250}.0/24`

describe('the node agent with containerd', { skip: obstacle ?? false, timeout: 120_000 }, () => {
  const stop = new AbortController()
  let bed: ContainerdBed
  let server: TestServer
  let agent: NodeAgent
  let life = new AbortController()
  let running: Promise<void> = Promise.resolve()

  const startAgent = (): void => {
    life = new AbortController()
    agent = createNodeAgent({
      client: server.client, runtime: bed.runtime, volumes: createVolumeHost({ podsDirectory: join(bed.directory, 'pods') }),
      prober: createHostProber(), clock: realClock, random: systemRandom, log: silentLog,
      facts: readNodeFacts({ hostname: 'n1', dataDirectory: bed.directory }), pressure: () => nodePressure(bed.directory),
      settings: {
        nodeName: 'n1', cluster: { domain: 'cluster.local', dnsServers: ['10.96.0.10'] }, cgroupRoot: bed.cgroupPrefix, kubeletPort: 10250,
        logDirectory: join(bed.directory, 'pod-logs'), seccompDirectory: join(bed.directory, 'seccomp'), maxPods: 110, labels: {}, version: 'v1.32.0+lotse.test',
      },
    })
    running = agent.run(life.signal)
  }

  before(async () => {
    bed = await openContainerdBed(NAME, POD_CIDR, stop.signal)
    server = await startTestServer({ clock: realClock })
    for (const name of ['default', 'kube-node-lease']) {
      await server.client.create(kinds.Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }).catch(() => undefined)
    }
    startAgent()
  })
  after(async () => {
    life.abort()
    await running
    server.stop()
    stop.abort()
    await unmountBelow(bed.directory)
    await bed.close()
  })

  const key = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name })
  const shell = (name: string, script: string, more: Partial<Container> = {}): Container => ({ name, image: BUSYBOX_IMAGE, imagePullPolicy: 'Never', command: ['/bin/sh', '-c', script], ...more })
  const create = (name: string, spec: PodSpec): Promise<Pod> =>
    server.client.create(kinds.Pod, { apiVersion: 'v1', kind: 'Pod', metadata: key(name), spec: { nodeName: 'n1', terminationGracePeriodSeconds: 5, ...spec } })
  const get = (name: string): Promise<Pod | undefined> => server.client.get(kinds.Pod, key(name)).catch(() => undefined)
  const until = async (what: string, condition: () => Promise<boolean> | boolean): Promise<void> => {
    for (let attempt = 0; attempt < 300; attempt++) {
      if (await condition()) return
      await delay(50)
    }
    const pods = (await server.client.list(kinds.Pod)).items.map(({ metadata, status }) => ({ name: metadata.name, status }))
    const events = (await server.client.list(kinds.Event)).items.map(({ reason, message }) => `${reason} ${message}`)
    assert.fail(`it never became so: ${what}\n${JSON.stringify({ pods, why: agent.pods().map(({ why }) => why), events }, null, 1)}`)
  }
  const isReady = async (name: string): Promise<boolean> => (await get(name))?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  const logOf = (pod: Pod, container: string, attempt = 0): string => {
    const path = join(bed.directory, 'pod-logs', `default_${pod.metadata.name ?? ''}_${pod.metadata.uid ?? ''}`, container, `${attempt}.log`)
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').map((line) => line.split(' ').slice(3).join(' ')).join('\n') : ''
  }

  test('the node becomes ready', async () => {
    await until('the node is ready', async () => {
      const node = await server.client.get(kinds.Node, { namespace: '', name: 'n1' }).catch(() => undefined)
      return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
    })
  })

  test('environment, files, init container, sidecar; files follow their ConfigMap; deletion leaves nothing', async () => {
    const script = 'echo "$COLOR $NAME $IP $(cat /conf/size) $(cat /shared/made) $(cat /info/labels) $(hostname)"; cat /etc/hosts /etc/resolv.conf; trap "exit 0" TERM; while true; do sleep 0.1; done'
    await server.client.create(kinds.ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: key('conf'), data: { color: 'red', size: 'large' } })
    const pod = await server.client.create(kinds.Pod, {
      apiVersion: 'v1', kind: 'Pod', metadata: { ...key('full'), labels: { app: 'full' } },
      spec: {
        nodeName: 'n1', terminationGracePeriodSeconds: 5, hostAliases: [{ ip: '192.0.2.7', hostnames: ['alias'] }],
        initContainers: [
          shell('make', 'echo made > /shared/made', { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] }),
          shell('side', 'trap "exit 0" TERM; while true; do sleep 0.1; done', { restartPolicy: 'Always' }),
        ],
        containers: [shell('main', script, {
          env: [
            { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'conf', key: 'color' } } },
            { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          ],
          resources: { limits: { cpu: '500m', memory: '64Mi' } },
          readinessProbe: { exec: { command: ['/bin/cat', '/shared/made'] }, periodSeconds: 1 },
          volumeMounts: [
            { name: 'conf', mountPath: '/conf' }, { name: 'shared', mountPath: '/shared' }, { name: 'info', mountPath: '/info' },
            { name: 'shared', mountPath: '/part', subPath: 'sub' }, { name: 'fast', mountPath: '/fast' },
          ],
        })],
        volumes: [
          { name: 'conf', configMap: { name: 'conf' } }, { name: 'shared', emptyDir: {} }, { name: 'fast', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
          { name: 'info', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      },
    })
    await until('the pod is ready', () => isReady('full'))
    const ip = (await get('full'))?.status?.podIP ?? ''
    await until('it wrote its log', () => logOf(pod, 'main').includes('ndots'))
    const log = logOf(pod, 'main')
    assert.match(log, new RegExp(`^red full ${ip} large made app="full" full$`, 'm'))
    assert.match(log, /# Kubernetes-managed hosts file\.[\s\S]*\tfull[\s\S]*192\.0\.2\.7\talias/)
    assert.match(log, /search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local/)
    const podDirectory = join(bed.directory, 'pods', pod.metadata.uid ?? '')
    await server.client.patch(kinds.ConfigMap, key('conf'), { type: 'merge', body: { data: { size: 'small' } } })
    await until('the file follows', () => readFileSync(join(podDirectory, 'volumes/conf/size'), 'utf8') === 'small')
    await server.client.delete(kinds.Pod, key('full'))
    await until('the pod is gone', async () => (await get('full')) === undefined)
    assert.equal(existsSync(podDirectory), false)
    assert.deepEqual(readdirSync(join(bed.directory, 'pod-logs')), [])
    assert.deepEqual(await mountsBelow(podDirectory), [])
    await until('the agent has forgotten it', () => agent.pods().length === 0)
  })

  test('a crash is restarted with its message; a liveness probe that fails ends the container', async () => {
    await create('crash', { containers: [shell('main', 'echo -n bye > /dev/termination-log; exit 3')] })
    await until('it is in its back-off', async () => (await get('crash'))?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff')
    const last = (await get('crash'))?.status?.containerStatuses?.[0]?.lastState?.terminated
    assert.deepEqual([last?.exitCode, last?.reason, last?.message], [3, 'Error', 'bye'])
    await create('ill', { containers: [shell('main', 'sleep 1000', { livenessProbe: { exec: { command: ['/bin/false'] }, periodSeconds: 1, failureThreshold: 1 } })], terminationGracePeriodSeconds: 1 })
    await until('it was restarted', async () => ((await get('ill'))?.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0)
    for (const name of ['crash', 'ill']) await server.client.delete(kinds.Pod, key(name))
    await until('both are gone', async () => (await get('crash')) === undefined && (await get('ill')) === undefined)
  })

  test('a restarted agent adopts what runs, and removes what nobody wants any more', async () => {
    const loop = 'trap "exit 0" TERM; while true; do sleep 0.1; done'
    await create('kept', { containers: [shell('main', loop)] })
    const unwanted = await create('unwanted', { containers: [shell('main', loop)] })
    await until('both are ready', async () => (await isReady('kept')) && (await isReady('unwanted')))
    const before = (await get('kept'))?.status?.containerStatuses?.[0]?.containerID
    life.abort()
    await running
    await server.client.delete(kinds.Pod, key('unwanted'), { gracePeriodSeconds: 0 })
    startAgent()
    await until('the unwanted one is gone', async () => (await bed.runtime.observe(unwanted.metadata.uid ?? '', stop.signal)) === undefined)
    await delay(500)
    const kept = (await get('kept'))?.status?.containerStatuses?.[0]
    assert.deepEqual([kept?.containerID, kept?.restartCount, kept?.ready], [before, 0, true])
    await server.client.delete(kinds.Pod, key('kept'))
    await until('all is gone', async () => (await bed.runtime.observeAll(stop.signal)).length === 0)
  })
})
