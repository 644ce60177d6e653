/** The node agent as a process: node-main.ts --data-dir DIRECTORY. */
import { collectGarbageAtRest } from '../host/resting-garbage.ts'
import { clusterPaths } from './cluster-paths.ts'
import { startNodeAgent } from './node-agent.ts'
import { runPart } from './part-process.ts'

await runPart(async (config, log) => {
  const { address, close } = await startNodeAgent(config, log)
  collectGarbageAtRest()
  return { readyFile: clusterPaths(config).nodeReady, address, close }
})
