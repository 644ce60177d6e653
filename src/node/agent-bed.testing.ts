import { startTestServer, testRandom } from '../apiserver/apiserver.testing.ts'
import type { Client } from '../client/client.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Pod, PodSpec } from '../resources/generated/types.ts'
import type { FakeBehaviour, FakeContainerName, FakeFault, FakeImage } from '../simulation/fake-runtime.ts'
import { FakeRuntime } from '../simulation/fake-runtime.ts'
import { FakeProber } from '../simulation/fake-prober.ts'
import { FakeVolumes } from '../simulation/fake-volumes.ts'
import { VirtualClock } from '../simulation/virtual-clock.ts'
import { serviceUnavailable } from '../words/status-error.ts'
import { silentLog } from '../words/ports.ts'
import type { NodeAgent } from './agent.ts'
import { createNodeAgent } from './agent.ts'
import type { NodeFacts } from './node-facts.ts'
import type { NodeSettings } from './node-settings.ts'
import type { ProbeAnswer, ProbeTarget } from './prober.ts'
import type { RuntimeAction } from './runtime.ts'

const settings: NodeSettings = {
  nodeName: 'n1', cluster: { domain: 'cluster.local', dnsServers: ['10.96.0.10'] }, cgroupRoot: '/lotse', logDirectory: '/logs',
  seccompDirectory: '/seccomp', kubeletPort: 10250, maxPods: 110, labels: {}, version: 'v1.32.0+lotse.test',
}

const resources = { cpu: '2', memory: '4194304Ki', 'ephemeral-storage': '1Gi' }
const facts: NodeFacts = {
  hostname: 'n1', addresses: ['192.0.2.1'], cpuCount: 2, memoryBytes: 4 * 2 ** 30, diskBytes: 2 ** 30, architecture: 'amd64',
  kernelVersion: '6.18', osImage: 'Test', machineId: 'm', systemUuid: 's', bootId: 'b', allocatable: resources, capacity: resources,
}

export interface BedOptions {
  readonly images?: Readonly<Record<string, FakeImage>>
  readonly behaviour?: (name: FakeContainerName) => FakeBehaviour
  readonly probe?: (target: ProbeTarget) => ProbeAnswer
  readonly fault?: (action: RuntimeAction) => FakeFault
}

/** One node with a fake runtime under a real API server in this process, on a clock that is moved by hand. */
export interface AgentBed {
  readonly clock: VirtualClock
  readonly runtime: FakeRuntime
  readonly volumes: FakeVolumes
  readonly api: Client
  readonly agent: () => NodeAgent
  /** While true, every call of the agent to the API fails. */
  cutOff: boolean
  startAgent(): void
  killAgent(): Promise<void>
  createPod(name: string, spec: PodSpec): Promise<Pod>
  pod(name: string): Promise<Pod | undefined>
  /** Type Reason fieldPath: message xCount */
  events(name: string): Promise<string[]>
  advance(seconds: number): Promise<void>
  stop(): void
}

export async function openBed(options: BedOptions = {}): Promise<AgentBed> {
  const clock = new VirtualClock()
  const server = await startTestServer({ clock })
  const api = server.client
  for (const name of ['default', 'kube-node-lease']) {
    await api.create(kinds.Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }).catch(() => undefined)
  }
  const images = options.images ?? { nginx: { present: true }, app: { present: true } }
  const runtime = new FakeRuntime({
    clock,
    images,
    behaviour: options.behaviour ?? (() => ({})),
    ...(options.fault === undefined ? {} : { fault: options.fault }),
  })
  const volumes = new FakeVolumes()
  const prober = new FakeProber(clock, options.probe ?? (() => ({ outcome: 'success', output: '' })))
  let life = new AbortController()
  let agent: NodeAgent | undefined
  let running: Promise<void> = Promise.resolve()
  const bed: AgentBed = {
    clock, runtime, volumes, api, cutOff: false,
    agent: () => {
      if (agent === undefined) throw new Error('no agent runs')
      return agent
    },
    startAgent() {
      life = new AbortController()
      const client = cuttable(api, () => bed.cutOff)
      agent = createNodeAgent({
        client, runtime, volumes, prober, clock, random: testRandom(7), log: silentLog, settings, facts,
        pressure: async () => ({ memory: false, disk: false, processes: false }),
      })
      running = agent.run(life.signal)
    },
    async killAgent() {
      life.abort()
      await running
    },
    createPod: (name, spec) =>
      api.create(kinds.Pod, { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default', name }, spec: { nodeName: 'n1', ...spec } }),
    pod: (name) => api.get(kinds.Pod, { namespace: 'default', name }).catch(() => undefined),
    async events(name) {
      const { items } = await api.list(kinds.Event, { namespace: 'default' })
      return items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(
          (event) =>
            `${event.reason} ${event.involvedObject.fieldPath ?? '-'}: ${event.message}${(event.count ?? 1) > 1 ? ` x${event.count}` : ''}`
        )
    },
    advance: (seconds) => clock.advance(seconds * 1000),
    stop() {
      life.abort()
      server.stop()
    },
  }
  return bed
}

/** The client as over a network that can be cut: calls fail, watches end with an error. */
function cuttable(client: Client, isCut: () => boolean): Client {
  const guard = <A extends unknown[], R>(call: (...parameters: A) => Promise<R>) => async (...parameters: A): Promise<R> => {
    if (isCut()) throw serviceUnavailable('the network is cut')
    return call(...parameters)
  }
  return {
    get: (kind, key) => guard(() => client.get(kind, key))(),
    list: (kind, options) => guard(() => client.list(kind, options))(),
    async *watch(kind, options) {
      if (isCut()) throw serviceUnavailable('the network is cut')
      for await (const event of client.watch(kind, options)) {
        if (isCut()) throw serviceUnavailable('the network is cut')
        yield event
      }
    },
    create: (kind, object, options) => guard(() => client.create(kind, object, options))(),
    update: (kind, object, options) => guard(() => client.update(kind, object, options))(),
    patch: (kind, key, patch, options) => guard(() => client.patch(kind, key, patch, options))(),
    delete: (kind, key, options) => guard(() => client.delete(kind, key, options))(),
    deleteCollection: (kind, selection, options) => guard(() => client.deleteCollection(kind, selection, options))(),
    createSubresource: (kind, key, subresource, body) => client.createSubresource(kind, key, subresource, body),
  }
}
