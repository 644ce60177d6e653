import type { SchemaLookup } from '../objects/schema.ts'
import { kinds } from '../resources/generated/kinds.ts'
import { AcknowledgedWrites } from './checkers/acknowledged-writes.ts'
import { checkBindings } from './checkers/bindings.ts'
import { BusyLoop } from './checkers/busy-loop.ts'
import { cachesAgree } from './checkers/caches.ts'
import { deploymentsConverge, nodesAgree, nothingIsLeft, podsSettle } from './checkers/convergence.ts'
import { CounterBook } from './checkers/counters.ts'
import { DeploymentBounds } from './checkers/deployment-bounds.ts'
import type { Finding, Goal } from './checkers/findings.ts'
import { queuesDrain } from './checkers/queues.ts'
import { endpointsConverge, rulesConverge } from './checkers/services.ts'
import { startWatchReaders } from './checkers/watch-readers.ts'
import { FaultInjector } from './fault-injector.ts'
import { disturbsPods, drawFaultPlan, type FaultPlan } from './fault-plan.ts'
import { SeededRandom } from './seeded-random.ts'
import { SimulatedCluster } from './simulated-cluster.ts'
import type { SimulationParts } from './simulation-parts.ts'
import type { Drain } from './virtual-clock.ts'
import { NAMESPACES, Workload } from './workload/workload.ts'

export interface RunOptions {
  readonly seed: number
  readonly parts: SimulationParts
  readonly drain: Drain
  readonly schemas: SchemaLookup
  /** Told of every line of the trace. */
  readonly onLine: (line: string) => void
}

export interface RunResult {
  readonly seed: number
  readonly plan: FaultPlan
  /** Undefined: all is well. */
  readonly finding: Finding | undefined
  /** Of two runs of one seed these are equal. */
  readonly digest: string
  readonly lastLines: readonly string[]
  readonly virtualMs: number
  readonly revisions: number
  /** Events that the checkers of watches compared. */
  readonly watchEvents: number
}

const BOOT_MS = 60_000
/**
 * So long after the last fault everything must be as it should. The longest wait by design: pulls and restarts back off up to five
 * minutes.
 */
const CONVERGE_MS = 700_000
const TEARDOWN_MS = 300_000
const LOOK_EVERY_MS = 1_000
const SHOWN_LINES = 60

/** One cluster's whole life: it boots, is used and hurt, heals, converges, and is emptied. */
export async function runSeed(options: RunOptions): Promise<RunResult> {
  const { seed } = options
  const plan = drawFaultPlan(new SeededRandom(seed, 'plan'))
  const cluster = new SimulatedCluster({ ...options, plan })
  const { log, findings, clock, trace } = cluster
  checkBindings(log, findings)
  new DeploymentBounds(log, findings, clock, !disturbsPods(plan))
  const writes = new AcknowledgedWrites(log, findings)
  const workload = new Workload({ cluster, plan, writes, book: new CounterBook(log, findings) })
  const watches = startWatchReaders(cluster)
  await new Life(cluster, workload, plan, [
    watches.goal,
    { name: 'acknowledged writes', problems: () => [kinds.ConfigMap, kinds.Service].flatMap((kind) => writes.lost(kind)) },
  ]).live()
  const result: RunResult = {
    seed,
    plan,
    finding: findings.first,
    digest: trace.digest,
    lastLines: trace.last(SHOWN_LINES),
    virtualMs: trace.elapsedMs,
    revisions: log.revision,
    watchEvents: watches.events(),
  }
  cluster.close()
  await options.drain()
  return result
}

class Life {
  readonly #cluster: SimulatedCluster
  readonly #workload: Workload
  readonly #plan: FaultPlan
  readonly #alwaysGoals: readonly Goal[]
  readonly #busyLoop: BusyLoop

  constructor(cluster: SimulatedCluster, workload: Workload, plan: FaultPlan, alwaysGoals: readonly Goal[]) {
    this.#cluster = cluster
    this.#workload = workload
    this.#plan = plan
    this.#alwaysGoals = alwaysGoals
    this.#busyLoop = new BusyLoop(cluster.clock, cluster.findings)
  }

  /** Ends early at the first finding. */
  async live(): Promise<void> {
    const { nodes, log } = this.#cluster
    const faults = new FaultInjector(this.#cluster, this.#plan)
    this.#cluster.startServer()
    for (const node of nodes) node.startAgent()
    if (!(await this.#during('boot', () => this.#workload.setUp(), BOOT_MS))) return
    faults.start()
    let isQuiet = false
    const users = this.#workload.run().then(() => {
      isQuiet = true
    })
    await this.#pass(this.#plan.chaosMs)
    this.#workload.end()
    faults.heal()
    if (!(await this.#during('the end of the workload', () => users, BOOT_MS)) || !isQuiet) return
    await this.#pass(faults.absenceLeftMs)
    if (!(await this.#during('mending', () => this.#workload.mend(), BOOT_MS))) return
    if (!(await this.#reach(this.#goals(), CONVERGE_MS))) return
    if (!(await this.#during('deletion', () => this.#workload.tearDown(), BOOT_MS))) return
    await this.#reach(
      [nothingIsLeft(log, nodes, NAMESPACES), cachesAgree(log, () => this.#cluster.server), queuesDrain(this.#cluster)],
      TEARDOWN_MS,
    )
  }

  #goals(): readonly Goal[] {
    const { log, nodes } = this.#cluster
    return [
      deploymentsConverge(log), podsSettle(log), nodesAgree(log, nodes), endpointsConverge(log), rulesConverge(log, nodes),
      cachesAgree(log, () => this.#cluster.server), queuesDrain(this.#cluster), ...this.#alwaysGoals,
    ]
  }

  /** What every part says about what it does and waits for. */
  #explain(): void {
    const { server, nodes, trace } = this.#cluster
    for (const { controller, key, why, waitsFor } of server?.executor?.explain() ?? []) trace.add(controller, `${key}: ${why} ${waitsFor}`)
    for (const node of nodes) for (const { pod, why } of node.agent?.pods() ?? []) trace.add(node.name, `${pod.metadata.name}: ${why}`)
  }

  get #isBroken(): boolean {
    this.#busyLoop.step()
    return this.#cluster.findings.first !== undefined
  }

  async #pass(durationMs: number): Promise<void> {
    const { clock } = this.#cluster
    const end = clock.now() + durationMs
    await clock.advanceUntil(() => this.#isBroken || clock.now() >= end, durationMs)
  }

  /** False: it failed, which is a finding, or something else did. */
  async #during(what: string, step: () => Promise<void>, limitMs: number): Promise<boolean> {
    const { clock, findings } = this.#cluster
    let isDone = false
    step().then(
      () => {
        isDone = true
      },
      (error: unknown) =>
        findings.report('no defects', `${what} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    )
    await clock.advanceUntil(() => this.#isBroken || isDone, limitMs)
    if (!isDone && !this.#isBroken) findings.report('the cluster answers', `${what} took more than ${limitMs} ms`)
    return isDone && !this.#isBroken
  }

  async #reach(goals: readonly Goal[], limitMs: number): Promise<boolean> {
    const { clock, findings } = this.#cluster
    const end = clock.now() + limitMs
    for (;;) {
      await this.#pass(LOOK_EVERY_MS)
      if (this.#isBroken) return false
      // Most often it is still the first that is missed, so that the others cost nothing.
      if (goals.every((goal) => goal.problems().length === 0)) return true
      if (clock.now() < end) continue
      this.#explain()
      for (const goal of goals) if (goal.problems().length > 0) findings.report(goal.name, goal.problems().slice(0, 10).join('; '))
      return false
    }
  }
}
