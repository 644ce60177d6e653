import type { Client } from '../../client/client.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { AcknowledgedWrites } from '../checkers/acknowledged-writes.ts'
import type { CounterBook } from '../checkers/counters.ts'
import type { FaultPlan } from '../fault-plan.ts'
import { disturbsPods } from '../fault-plan.ts'
import type { SimulatedCluster } from '../simulated-cluster.ts'
import { releaseConfigMaps, useOwnConfigMaps, useSharedConfigMaps } from './config-maps-user.ts'
import { mendDeployments, useDeployments } from './deployments-user.ts'
import { cordonNodes, uncordonNodes } from './node-admin.ts'
import { usePods } from './pods-user.ts'
import { useServices } from './services-user.ts'
import type { User } from './user.ts'
import { insist } from './user.ts'

export const NAMESPACES = ['team-1', 'team-2'] as const

export interface WorkloadParts {
  readonly cluster: SimulatedCluster
  readonly plan: FaultPlan
  readonly writes: AcknowledgedWrites
  readonly book: CounterBook
}

/** Everybody who uses the cluster. Each step resolves when it is done; time must be moved meanwhile. */
export class Workload {
  readonly #parts: WorkloadParts
  readonly #admin: User
  #isOver = false

  constructor(parts: WorkloadParts) {
    this.#parts = parts
    this.#admin = this.#user('admin', '')
  }

  async setUp(): Promise<void> {
    for (const name of NAMESPACES) {
      await insist(
        this.#admin,
        async () => void (await this.#admin.client.create(kinds.Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
      )
    }
  }

  /** Resolves when the last user has stopped, some time after end. */
  async run(): Promise<void> {
    const { plan, book } = this.#parts
    const deeds = NAMESPACES.slice(0, plan.nodes > 1 ? 2 : 1).flatMap((namespace) => [
      useDeployments(this.#user(`deployer of ${namespace}`, namespace)),
      usePods(this.#user(`pods-${namespace}`, namespace), disturbsPods(plan)),
      useServices(this.#user(`services-${namespace}`, namespace)),
    ])
    const writers = ['anna', 'bert', 'carl'].map((name) => useSharedConfigMaps(this.#user(name, 'team-1'), book))
    await Promise.all([...deeds, ...writers, useOwnConfigMaps(this.#user('dora', 'team-1')), cordonNodes(this.#admin, plan.cordonMs)])
  }

  end(): void {
    this.#isOver = true
  }

  /** Takes back what would keep the cluster from becoming whole. */
  async mend(): Promise<void> {
    await insist(this.#admin, () => uncordonNodes(this.#admin))
    for (const namespace of NAMESPACES) await insist(this.#admin, () => mendDeployments({ ...this.#admin, namespace }))
  }

  async tearDown(): Promise<void> {
    for (const namespace of NAMESPACES) {
      await insist(this.#admin, () => releaseConfigMaps({ ...this.#admin, namespace }))
      await insist(this.#admin, async () => void (await this.#admin.client.delete(kinds.Namespace, { namespace: '', name: namespace })))
    }
  }

  #user(name: string, namespace: string): User {
    const { cluster, writes } = this.#parts
    const client: Client = writes.observe(cluster.userClient(name))
    return {
      name,
      namespace,
      client,
      clock: cluster.clock,
      random: cluster.random.fork(`user ${name}`),
      trace: cluster.trace,
      isOver: () => this.#isOver,
    }
  }
}
