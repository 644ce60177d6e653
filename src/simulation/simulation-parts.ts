import type { Client } from '../client/client.ts'
import type { NodeRuntime } from '../node/runtime.ts'
import type { Store } from '../store/store.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Where a defect can be put into a cluster, to prove that a checker sees it. */
export interface SimulationParts {
  /** The engine under the disk. */
  readonly engine: (engine: Store, random: SeededRandom) => Store
  /** What a part (controllers, scheduler, node-1, user-2) takes for the API. */
  readonly client: (client: Client, part: string, random: SeededRandom) => Client
  readonly runtime: (runtime: NodeRuntime, random: SeededRandom) => NodeRuntime
  /** Whether controllers wait until their caches show their own last writes. */
  readonly isFenced: boolean
}

/** No defect. */
export const honestParts: SimulationParts = {
  engine: (engine) => engine,
  client: (client) => client,
  runtime: (runtime) => runtime,
  isFenced: true,
}
