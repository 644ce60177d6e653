import type { Client } from '../client/client.ts'
import { createHttpClient } from '../client/http-client.ts'
import { ServiceDirectory } from '../network/service-directory.ts'
import { ServiceProxy } from '../network/service-proxy.ts'
import type { NodeAgent } from '../node/agent.ts'
import { createNodeAgent } from '../node/agent.ts'
import type { NodeFacts } from '../node/node-facts.ts'
import type { NodeSettings } from '../node/node-settings.ts'
import type { NodeRuntime } from '../node/runtime.ts'
import type { Transport } from '../client/transport.ts'
import type { Clock, Log } from '../words/ports.ts'
import { FakeKernel } from './fake-kernel.ts'
import { FakeProber } from './fake-prober.ts'
import { FakeRuntime } from './fake-runtime.ts'
import type { FakeBehaviour, FakeContainerName, FakeFault, FakeImage } from './fake-runtime.ts'
import { FakeVolumes } from './fake-volumes.ts'
import type { Link } from './link.ts'
import { runtimeOf } from './process-runtime.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Caller } from './simulated-network.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { SimulationParts } from './simulation-parts.ts'
import type { Trace } from './trace.ts'

export interface NodeSurroundings {
  readonly name: string
  /** From 1; it makes the addresses. */
  readonly number: number
  readonly clock: Clock
  readonly link: Link
  readonly random: SeededRandom
  readonly log: Log
  readonly trace: Trace
  readonly parts: SimulationParts
  readonly images: Readonly<Record<string, FakeImage>>
  readonly behaviour: (name: FakeContainerName) => FakeBehaviour
  readonly runtimeFault: () => FakeFault
  /** Looks at what agents ask of the runtime. */
  readonly watchRuntime: (runtime: NodeRuntime, fake: FakeRuntime) => NodeRuntime
  /** A container was started. */
  readonly onStart: (fake: FakeRuntime) => void
  newProcess(): SimulatedProcess
  transport(caller: Caller, nodeName: string): Transport
}

/** Where the nodes' own DNS answers. */
export const LOCAL_DNS = { serviceAddress: '10.96.0.10', target: { address: '127.0.0.1', port: 1053 } } as const

const RESOURCES = { cpu: '8', memory: '16Gi', 'ephemeral-storage': '100Gi' }

/** A machine with its runtime, disk and kernel, which outlive the agents that run on it one after the other. */
export class SimulatedNode {
  readonly name: string
  readonly link: Link
  readonly runtime: FakeRuntime
  readonly volumes = new FakeVolumes()
  readonly kernel = new FakeKernel()
  readonly #surroundings: NodeSurroundings
  readonly #heldRuntime: NodeRuntime
  #process: SimulatedProcess | undefined
  #agent: NodeAgent | undefined
  #boots = 1

  constructor(surroundings: NodeSurroundings) {
    const { name, number, clock, images, behaviour, runtimeFault, watchRuntime, parts, random } = surroundings
    this.#surroundings = surroundings
    this.name = name
    this.link = surroundings.link
    this.runtime = new FakeRuntime({
      clock,
      images,
      behaviour,
      sandboxMs: 100,
      addressPrefix: `10.244.${number}.`,
      fault: runtimeFault,
      onLine: (line) => this.#onLine(line),
    })
    this.#heldRuntime = watchRuntime(parts.runtime(this.runtime, random.fork('runtime')), this.runtime)
  }

  get agent(): NodeAgent | undefined {
    return this.#agent
  }

  get isRunning(): boolean {
    return this.#process?.isAlive === true
  }

  startAgent(): void {
    const { name, link, parts, random, transport, newProcess } = this.#surroundings
    const process = newProcess()
    this.#process = process
    const client = parts.client(createHttpClient(transport({ process, link }, name), { userAgent: 'kubelet' }), name, random.fork('client'))
    this.#agent = this.#createAgent(process, client)
    void this.#agent.run(process.end)
    const services = new ServiceDirectory({ client, clock: process.clock, random: random.fork('proxy'), log: this.#surroundings.log })
    void this.#createProxy(process, services).run(process.end)
    void services.run(process.end)
    this.#surroundings.trace.add(name, 'the agent starts')
  }

  /** Containers go on. */
  killAgent(): void {
    if (!this.isRunning) return
    this.#process?.kill()
    this.#surroundings.trace.add(this.name, 'the agent is killed')
  }

  /** All that runs ends; what is on the disk stays. */
  reboot(): void {
    this.killAgent()
    this.#boots++
    this.kernel.clear()
    for (const { name } of this.runtime.podsHere()) this.runtime.crashSandbox(name)
    this.#surroundings.trace.add(this.name, 'the machine is rebooted')
  }

  #onLine(line: string): void {
    this.#surroundings.trace.add(this.name, line)
    if (line.startsWith('start ')) this.#surroundings.onStart(this.runtime)
  }

  #createAgent(process: SimulatedProcess, client: Client): NodeAgent {
    const { name, number, random, log } = this.#surroundings
    const settings: NodeSettings = {
      nodeName: name, cluster: { domain: 'cluster.local', dnsServers: ['10.96.0.10'] }, cgroupRoot: '/lotse', logDirectory: '/logs',
      seccompDirectory: '/seccomp', kubeletPort: 10250, maxPods: 110, labels: {}, version: 'v1.32.0+lotse.simulation',
    }
    const facts: NodeFacts = {
      hostname: name,
      addresses: [`192.0.2.${100 + number}`],
      cpuCount: 8,
      memoryBytes: 16 * 2 ** 30,
      diskBytes: 100 * 2 ** 30,
      architecture: 'amd64',
      kernelVersion: '6.1',
      osImage: 'Simulation',
      machineId: name,
      systemUuid: name,
      bootId: `${name}-${this.#boots}`,
      allocatable: RESOURCES,
      capacity: RESOURCES,
    }
    return createNodeAgent({
      client,
      runtime: runtimeOf(process, this.#heldRuntime),
      volumes: this.volumes,
      clock: process.clock,
      random: random.fork('agent'),
      log,
      settings,
      facts,
      prober: new FakeProber(process.clock, () => ({ outcome: 'success', output: '', afterMs: 1 })),
      pressure: async () => ({ memory: false, disk: false, processes: false }),
    })
  }

  #createProxy(process: SimulatedProcess, services: ServiceDirectory): ServiceProxy {
    const { name, log } = this.#surroundings
    return new ServiceProxy({
      services,
      clock: process.clock,
      log,
      applier: this.kernel,
      nodeName: name,
      table: 'lotse',
      podCidr: '10.244.0.0/16',
      serviceCidr: '10.96.0.0/16',
      localDns: LOCAL_DNS,
    })
  }
}
