import type { FaultPlan } from './fault-plan.ts'
import { calmLink } from './link.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'
import type { SimulatedNode } from './simulated-node.ts'

/** Brings a plan's faults upon a cluster until it heals it. */
export class FaultInjector {
  readonly #cluster: SimulatedCluster
  readonly #plan: FaultPlan
  readonly #random: SeededRandom
  #isOver = true
  #absent: SimulatedNode | undefined
  #absentUntil = 0

  constructor(cluster: SimulatedCluster, plan: FaultPlan) {
    this.#cluster = cluster
    this.#plan = plan
    this.#random = cluster.random.fork('faults')
  }

  start(): void {
    const { links, nodes, disk } = this.#cluster
    const plan = this.#plan
    this.#isOver = false
    links.controllers.faults = plan.controllerLink
    links.scheduler.faults = plan.controllerLink
    for (const link of links.users.values()) link.faults = plan.userLink
    for (const { link } of nodes) link.faults = plan.nodeLink
    disk.maxSyncMs = plan.maxSyncMs
    this.#cluster.runtimeFaults = plan.runtimeFaults
    this.#every(plan.serverCrashMs, () => this.#crashServer())
    this.#every(plan.agentCrashMs, () => this.#crashAgent())
    this.#every(plan.runtimeOutageMs, () => this.#stopRuntime())
    this.#every(plan.partitionMs, () => this.#cutNode(this.#random.between(500, 15_000)))
    if (plan.absenceMs > 0) this.#cluster.clock.after(this.#random.next() * plan.chaosMs, () => this.#beginAbsence(plan.absenceMs))
    this.#every(plan.rebootMs, () => this.#reboot())
    this.#every(plan.containerCrashMs, () => this.#crashContainer())
    this.#every(plan.compactionMs, () => void this.#cluster.compact(this.#random.between(0, 100)))
    this.#every(plan.diskFullMs, () => this.#fillDisk())
  }

  /** How long a node will still be away. */
  get absenceLeftMs(): number {
    return Math.max(0, this.#absentUntil - this.#cluster.clock.now())
  }

  /** No new faults, and all that is broken is mended, but for a node that is away. */
  heal(): void {
    const { nodes, network, disk, trace } = this.#cluster
    this.#isOver = true
    trace.add('faults', 'end')
    for (const link of this.#cluster.allLinks()) {
      link.faults = calmLink
      if (link !== this.#absent?.link) network.setCut(link, false)
    }
    disk.isFull = false
    this.#cluster.runtimeFaults = 0
    if (this.#cluster.server?.process.isAlive !== true) this.#cluster.startServer()
    for (const node of nodes) {
      node.runtime.setDown(false)
      if (!node.isRunning && node !== this.#absent) node.startAgent()
    }
  }

  /** It lost its power, or only its line: then all that runs there runs on. */
  #beginAbsence(durationMs: number): void {
    const node = this.#random.pick(this.#cluster.nodes)
    const { trace, network, clock } = this.#cluster
    this.#absent = node
    this.#absentUntil = clock.now() + durationMs
    trace.add(node.name, `is away for ${durationMs} ms`)
    network.setCut(node.link, true)
    if (this.#random.chance(0.5)) node.reboot()
    clock.after(durationMs, () => {
      this.#absent = undefined
      trace.add(node.name, 'is there again')
      network.setCut(node.link, false)
      if (!node.isRunning) node.startAgent()
    })
  }

  #every(meanMs: number, fault: () => void): void {
    if (meanMs === 0) return
    this.#cluster.clock.after(-Math.log(1 - this.#random.next()) * meanMs, () => {
      if (this.#isOver) return
      fault()
      this.#every(meanMs, fault)
    })
  }

  /** Undoes a fault a while later, if it has not been mended by then. */
  #later(lowMs: number, highMs: number, mend: () => void): void {
    this.#cluster.clock.after(this.#random.between(lowMs, highMs), () => {
      if (!this.#isOver) mend()
    })
  }

  #crashServer(): void {
    if (this.#cluster.server?.process.isAlive !== true) return
    this.#cluster.crashServer()
    this.#later(20, 5_000, () => this.#cluster.startServer())
  }

  #crashAgent(): void {
    const node = this.#random.pick(this.#cluster.nodes)
    if (!node.isRunning) return
    node.killAgent()
    this.#later(20, 8_000, () => node.isRunning || node === this.#absent || node.startAgent())
  }

  #stopRuntime(): void {
    const { runtime, name } = this.#random.pick(this.#cluster.nodes)
    this.#cluster.trace.add(name, 'the container runtime stops')
    runtime.setDown(true)
    this.#later(500, 20_000, () => {
      this.#cluster.trace.add(name, 'the container runtime is back')
      runtime.setDown(false)
    })
  }

  #cutNode(durationMs: number): void {
    const { link, name } = this.#random.pick(this.#cluster.nodes)
    const { trace, network } = this.#cluster
    if (link.isCut) return
    trace.add(name, `is cut off for ${durationMs} ms`)
    network.setCut(link, true)
    this.#later(durationMs, durationMs, () => {
      trace.add(name, 'is back')
      if (link !== this.#absent?.link) network.setCut(link, false)
    })
  }

  #reboot(): void {
    const node = this.#random.pick(this.#cluster.nodes)
    node.reboot()
    this.#later(1_000, 20_000, () => node.isRunning || node === this.#absent || node.startAgent())
  }

  #crashContainer(): void {
    const { runtime, name } = this.#random.pick(this.#cluster.nodes)
    const running = runtime.running()
    if (running.length === 0) return
    const { podName, container } = this.#random.pick(running)
    if (this.#random.chance(0.2)) {
      this.#cluster.trace.add(name, `the sandbox of ${podName} dies`)
      return runtime.crashSandbox(podName)
    }
    runtime.crash(podName, container, this.#random.pick([0, 1, 137]))
  }

  #fillDisk(): void {
    const { disk, trace } = this.#cluster
    trace.add('disk', 'is full')
    disk.isFull = true
    this.#later(500, 5_000, () => {
      trace.add('disk', 'has room again')
      disk.isFull = false
    })
  }
}
