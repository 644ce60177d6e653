import { internalUsers } from '../apiserver/access/internal-users.ts'
import type { Client } from '../client/client.ts'
import { createHttpClient } from '../client/http-client.ts'
import type { Transport } from '../client/transport.ts'
import type { SchemaLookup } from '../objects/schema.ts'
import { createMemoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { present } from '../words/assert.ts'
import type { Log } from '../words/ports.ts'
import { Findings } from './checkers/findings.ts'
import { PodIndex, RunningContainers, watchfulRuntime } from './checkers/containers.ts'
import { DiskLog } from './disk-log.ts'
import type { FakeBehaviour, FakeContainerName, FakeFault, FakeImage } from './fake-runtime.ts'
import type { FaultPlan } from './fault-plan.ts'
import { Link } from './link.ts'
import { hashText, SeededRandom } from './seeded-random.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import { SimulatedNetwork, type Caller } from './simulated-network.ts'
import { SimulatedNode } from './simulated-node.ts'
import { SimulatedProcess } from './simulated-process.ts'
import { SimulatedServer } from './simulated-server.ts'
import { simulatedLog } from './simulated-log.ts'
import { simulatedTokens } from './simulated-tokens.ts'
import { simulatedTransport, type Identity } from './simulated-transport.ts'
import type { SimulationParts } from './simulation-parts.ts'
import { Trace } from './trace.ts'
import { VirtualClock, type Drain } from './virtual-clock.ts'
import { thrownMessage } from '../words/thrown.ts'

export interface ClusterOptions {
  readonly seed: number
  readonly plan: FaultPlan
  readonly parts: SimulationParts
  readonly drain: Drain
  /** Shared between runs: it holds nothing but facts. */
  readonly schemas: SchemaLookup
  readonly onLine: (line: string) => void
}

const images: Readonly<Record<string, FakeImage>> = {
  'web:1': { present: true },
  'web:2': { pullMs: 300 },
  'web:3': { pullMs: 1_500 },
  'flaky:1': { pullMs: 100, failures: 2, failure: 'the registry does not answer' },
}

/**
 * A whole cluster in this process: the real control plane and the real node agents, on time, disks, networks and runtimes that a seed
 * determines.
 */
export class SimulatedCluster {
  readonly clock: VirtualClock
  readonly trace: Trace
  readonly random: SeededRandom
  readonly network: SimulatedNetwork
  readonly disk: SimulatedDisk
  /** What is on the disk, for checkers. */
  readonly log: DiskLog
  readonly findings: Findings
  readonly nodes: readonly SimulatedNode[]
  readonly links: { readonly controllers: Link; readonly scheduler: Link; readonly users: Map<string, Link> }
  /** An action of a container runtime fails with this chance. */
  runtimeFaults = 0
  readonly #options: ClusterOptions
  readonly #pods: PodIndex
  readonly #running: RunningContainers
  readonly #end = new AbortController()
  readonly #processes: SimulatedProcess[] = []
  readonly #tokens = simulatedTokens()
  readonly #partsLog: Log
  #server: SimulatedServer | undefined
  #store: Store | undefined

  constructor(options: ClusterOptions) {
    const { seed, plan, parts, drain, onLine } = options
    this.#options = options
    this.random = new SeededRandom(seed)
    this.clock = new VirtualClock(Date.UTC(2026, 0, 1), drain)
    this.trace = new Trace(this.clock, onLine)
    this.findings = new Findings(this.trace)
    this.#partsLog = simulatedLog(this.trace, this.findings)
    this.network = new SimulatedNetwork(this.clock, this.trace)
    const engine = parts.engine(createMemoryStore(), this.random.fork('engine'))
    this.disk = new SimulatedDisk(engine, this.random.fork('disk'), this.trace)
    this.log = new DiskLog(engine, this.#end.signal)
    this.links = { controllers: this.#link('controllers'), scheduler: this.#link('scheduler'), users: new Map() }
    this.#pods = new PodIndex(this.log)
    this.#running = new RunningContainers(this.#pods, this.findings)
    this.nodes = Array.from({ length: plan.nodes }, (_, index) => this.#createNode(index + 1))
  }

  get server(): SimulatedServer | undefined {
    return this.#server
  }

  /** Aborts at the end of the run. */
  get end(): AbortSignal {
    return this.#end.signal
  }

  get isServerUp(): boolean {
    return this.#server?.process.isAlive === true && this.#server.executor !== undefined
  }

  startServer(): void {
    const process = this.#newProcess('server')
    const { parts, schemas } = this.#options
    const { network, random, links } = this
    this.#store = this.disk.open(process)
    this.#server = new SimulatedServer({
      process, network, schemas, parts, links, tokens: this.#tokens, random: random.fork('server'), log: this.#partsLog, store: this.#store,
    })
    this.trace.add('server', 'starts')
    const started = this.#server
    void started.start((error) => {
      if (!process.isAlive) return
      this.trace.add('server', `fails to start: ${thrownMessage(error)}`)
      process.kill()
      this.clock.after(1_000, () => this.#server === started && this.startServer())
    })
  }

  crashServer(): void {
    if (this.#server?.process.isAlive !== true) return
    this.trace.add('server', 'is killed')
    this.#server.process.kill()
  }

  /** As an operator's job would do from time to time. */
  async compact(keptRevisions: number): Promise<void> {
    if (this.#server?.process.isAlive !== true) return
    const revision = this.log.revision - keptRevisions
    if (revision <= 0) return
    this.log.compactedUpTo(revision)
    this.trace.add('disk', `forgets what is older than ${revision}`)
    await this.#store?.compact(revision)
  }

  /** The API over a line of one's own, with all rights. */
  userClient(name: string): Client {
    const link = this.links.users.get(name) ?? this.#link(name)
    this.links.users.set(name, link)
    const caller = { process: this.#newProcess(name), link }
    const transport = this.#transport(caller, { commonName: name, organizations: internalUsers.apiServer.groups })
    return this.#options.parts.client(createHttpClient(transport, { userAgent: name }), name, this.random.fork(name))
  }

  allLinks(): readonly Link[] {
    return [this.links.controllers, this.links.scheduler, ...this.links.users.values(), ...this.nodes.map(({ link }) => link)]
  }

  /** Ends everything, so that nothing of it stays in memory: what waits for a signal that never comes is kept by the engine. */
  close(): void {
    for (const process of this.#processes) process.kill()
    this.#end.abort()
  }

  #newProcess(name: string): SimulatedProcess {
    const process = new SimulatedProcess(name, this.clock, this.#end.signal)
    this.#processes.push(process)
    return process
  }

  #createNode(number: number): SimulatedNode {
    const name = `node-${number}`
    const faults = this.random.fork(`runtime of ${name}`)
    return new SimulatedNode({
      name,
      number,
      clock: this.clock,
      link: this.#link(name),
      random: this.random.fork(name),
      log: this.#partsLog,
      trace: this.trace,
      parts: this.#options.parts,
      images,
      watchRuntime: (runtime, fake) => watchfulRuntime(runtime, fake, this.#pods, this.findings),
      onStart: (fake) => this.#running.onStart(name, fake),
      behaviour: (container) => behaviourOf(container),
      runtimeFault: () => this.#runtimeFault(faults),
      newProcess: () => this.#newProcess(name),
      transport: (caller, nodeName) => this.#transport(caller, { commonName: `system:node:${nodeName}`, organizations: ['system:nodes'] }),
    })
  }

  #runtimeFault(random: SeededRandom): FakeFault {
    if (!random.chance(this.runtimeFaults)) return undefined
    return random.chance(0.5) ? 'before' : 'after'
  }

  #transport(caller: Caller, identity: Identity): Transport {
    return simulatedTransport(this.network, caller, identity, () => {
      return (request) => present(this.#server, 'the server').api.handle(request)
    })
  }

  #link(name: string): Link {
    return new Link(name, this.random.fork(`link of ${name}`))
  }
}

/** What a container does is told by its name, and varies with its pod. */
function behaviourOf({ podUid, container }: FakeContainerName): FakeBehaviour {
  const variety = hashText(podUid)
  const startMs = 50 + (variety % 400)
  const stopMs = [0, 100, 1_500, Infinity][(variety >>> 10) % 4] ?? 0
  if (container === 'job') return { startMs, stopMs, endsAfterMs: 500 + (variety % 5_000) }
  if (container === 'failing') return { startMs, stopMs: 0, endsAfterMs: 1_000, exitCode: 1 }
  return { startMs, stopMs }
}
