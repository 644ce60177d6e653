/** The control plane as a process: server-main.ts --data-dir DIRECTORY. */
import { collectGarbageAtRest } from '../host/resting-garbage.ts'
import { startControlPlane } from './control-plane.ts'
import { clusterPaths } from './cluster-paths.ts'
import { runPart } from './part-process.ts'

// What LMDB and others create is for this user alone, whatever the shell's mask was.
process.umask(0o077)

await runPart(async (config, log) => {
  const { address, close } = await startControlPlane(config, log)
  collectGarbageAtRest()
  return { readyFile: clusterPaths(config).serverReady, address, close }
})
