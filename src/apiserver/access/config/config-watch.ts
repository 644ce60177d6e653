import { sleep, type Clock, type Log } from '../../../words/ports.ts'
import { thrownMessage } from '../../../words/thrown.ts'
import type { ReloadCounts } from '../../metrics/reload-counts.ts'

export interface WatchedConfig {
  /** For the log: authentication configuration. */
  readonly what: string
  readonly file: string
  /** All that the configuration in force is made of, as a text. */
  readonly inForce: string
  /** The same of what is there now: another text whenever something has changed. Throws where it cannot be read. */
  look(): string
  /** Takes what is there now into force, and gives its text. Throws (or rejects with) an Error that says what is wrong with it. */
  use(): string | Promise<string>
  readonly counts: ReloadCounts | undefined
  readonly lookEveryMs?: number | undefined
}

export interface ConfigWatchPorts {
  readonly clock: Clock
  readonly log: Log
}

const LOOK_EVERY_MS = 5_000

/**
 * Looks at a file now and then. A content that is wrong changes nothing, is told once, and is tried again each time, as what is wrong may
 * be elsewhere. Ends with the signal.
 */
export async function watchConfig(config: WatchedConfig, { clock, log }: ConfigWatchPorts, signal: AbortSignal): Promise<void> {
  const { what, file, counts, lookEveryMs = LOOK_EVERY_MS } = config
  let known = config.inForce
  let problem = ''
  for (;;) {
    await sleep(clock, lookEveryMs, signal)
    if (signal.aborted) return
    try {
      const isSame = config.look() === known
      if (!isSame) known = await config.use()
      problem = ''
      if (isSame) continue
      counts?.note('success', clock.now())
      log.info('a changed configuration file is in force', { what, file })
    } catch (error) {
      counts?.note('failure', clock.now())
      const why = thrownMessage(error)
      if (why !== problem) {
        log.error('a changed configuration file cannot be used: the one before stays in force', { what, file, error: why })
      }
      problem = why
    }
  }
}
