import { kinds } from '../../resources/generated/kinds.ts'
import type { SimulatedCluster } from '../simulated-cluster.ts'
import type { Goal } from './findings.ts'
import { everything, WatchReader, type WatchScope } from './watch-guarantees.ts'

const shopOnly: WatchScope = { labelSelector: 'app=shop', matches: ({ metadata }) => metadata.labels?.['app'] === 'shop' }

/** Readers of several kinds, one of them with a selector, each over a line of its own. */
export function startWatchReaders(cluster: SimulatedCluster): { readonly goal: Goal; events(): number } {
  const { clock, random, log, findings, end } = cluster
  const parts = (name: string) => ({ name, client: cluster.userClient(name), clock, random: random.fork(name), log, findings, end })
  const readers = [
    new WatchReader(kinds.ConfigMap, everything, parts('reader of configmaps')),
    new WatchReader(kinds.Pod, everything, parts('reader of pods')),
    new WatchReader(kinds.Pod, shopOnly, parts('reader of shop pods')),
    new WatchReader(kinds.Deployment, everything, parts('reader of deployments')),
  ]
  for (const reader of readers) void reader.run()
  return {
    goal: {
      name: 'watch: reliable',
      problems: () => readers.filter((reader) => !reader.isUpToDate).map((reader) => `${reader.name} was not told of everything`),
    },
    events: () => readers.reduce((sum, reader) => sum + reader.events, 0),
  }
}
