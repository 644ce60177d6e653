import { parseArgs } from 'node:util'
import { loadConfig, type ClusterConfig } from '../cli/cluster-config.ts'
import { systemClock } from '../host/clock.ts'
import { createLog } from '../host/log.ts'
import { writePrivateFile } from '../host/private-file.ts'
import type { Log } from '../words/ports.ts'
import { thrownMessage } from '../words/thrown.ts'
import type { PartReady } from './cluster-paths.ts'
import { LOTSE_VERSION } from './version.ts'

export interface StartedPart {
  readonly readyFile: string
  readonly address: string
  close(): Promise<void>
}

const CLOSE_TIMEOUT_MS = 8_000

/** What every process of a cluster does: read its cluster's configuration, start, say that it is ready, end on a signal. */
export async function runPart(start: (config: ClusterConfig, log: Log) => Promise<StartedPart>): Promise<void> {
  const { values } = parseArgs({ options: { 'data-dir': { type: 'string' } } })
  const config = loadConfig(values['data-dir'] ?? '.')
  if (config === undefined) {
    process.stderr.write(`there is no cluster in ${values['data-dir'] ?? '.'}\n`)
    process.exit(2)
  }
  const log = createLog({ stream: process.stderr, clock: systemClock, level: 'info', format: 'json' })
  // A defect must leave a trace; going on after it could do harm.
  process.on('uncaughtException', (error) => {
    log.error('a defect ended this process', { error: error.stack ?? error.message })
    process.exit(1)
  })
  try {
    const part = await start(config, log)
    endOnSignals(part, log)
    const ready: PartReady = { pid: process.pid, address: part.address, version: LOTSE_VERSION }
    writePrivateFile(part.readyFile, JSON.stringify(ready))
    log.info('ready', { address: part.address, milliseconds: Math.round(performance.now()) })
  } catch (error) {
    log.error('cannot start', { error: thrownMessage(error) })
    process.exit(1)
  }
}

function endOnSignals(part: StartedPart, log: Log): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info('ending', { signal })
      setTimeout(() => process.exit(1), CLOSE_TIMEOUT_MS).unref()
      void part.close().then(() => process.exit(0), () => process.exit(1))
    })
  }
}
