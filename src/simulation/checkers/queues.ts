import type { SimulatedCluster } from '../simulated-cluster.ts'
import type { Goal } from './findings.ts'

/** Generous for the small clusters that are simulated: what grows without bound passes these within a run. */
const MAX_CALLS = 1_000
const MAX_QUEUED_COMMITS = 1_000
const MAX_STREAMS_PER_PART = 60
const MAX_TIMERS_PER_PART = 150

/** Queues were bounded throughout, and are empty when nothing happens any more. */
export function queuesDrain(cluster: SimulatedCluster): Goal {
  return {
    name: 'queues are bounded',
    problems: () => {
      const { network, disk, clock, nodes, server } = cluster
      const parts = nodes.length + 3
      const { most, streams } = network.underWay
      const problems: string[] = []
      if (most > MAX_CALLS) problems.push(`${most} requests were under way at once`)
      if (disk.mostQueued > MAX_QUEUED_COMMITS) problems.push(`${disk.mostQueued} commits waited at once`)
      if (streams > MAX_STREAMS_PER_PART * parts) problems.push(`${streams} watches are open`)
      if (clock.pendingTimers > MAX_TIMERS_PER_PART * parts) problems.push(`${clock.pendingTimers} timers are pending`)
      if (server?.executor?.idle !== true) problems.push('controllers have work to do')
      return problems
    },
  }
}
