import { sleep, type Clock, type Log } from '../../../words/ports.ts'
import { thrownMessage } from '../../../words/thrown.ts'
import type { ConfigFiles } from './config-files.ts'

export interface WatchedConfig {
  /** For the log: authentication configuration. */
  readonly what: string
  readonly file: string
  /** What is in force already. */
  readonly content: Uint8Array
  /** Takes a new content into force, or throws an Error that says what is wrong with it. */
  use(content: Uint8Array): void
}

export interface ConfigWatchPorts {
  readonly files: ConfigFiles
  readonly clock: Clock
  readonly log: Log
}

const LOOK_EVERY_MS = 5_000

/** Looks at a file now and then. A content that is wrong changes nothing, and is told once. Ends with the signal. */
export async function watchConfig(config: WatchedConfig, { files, clock, log }: ConfigWatchPorts, signal: AbortSignal): Promise<void> {
  let known: Uint8Array = config.content
  let problem = ''
  for (;;) {
    await sleep(clock, LOOK_EVERY_MS, signal)
    if (signal.aborted) return
    try {
      const content = files.read(config.file)
      if (isSame(known, content)) continue
      known = content
      config.use(content)
      problem = ''
      log.info('a changed configuration file is in force', { what: config.what, file: config.file })
    } catch (error) {
      const why = thrownMessage(error)
      if (why !== problem) log.error('a changed configuration file cannot be used: the one before stays in force', { what: config.what, file: config.file, error: why })
      problem = why
    }
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
