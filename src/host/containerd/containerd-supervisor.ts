import { sleep } from '../../words/ports.ts'
import type { Clock, Log } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import { boundLog } from '../bounded-log.ts'
import { ensureContainerd } from './containerd.ts'
import type { ContainerdSettings } from './containerd-config.ts'
import { isRunning } from './detached-process.ts'
import type { ProcessIdentity } from './detached-process.ts'

const LOOK_EVERY_MS = 1000
const RESTART_DELAY_LIMIT_MS = 30_000

export interface SupervisorOptions {
  readonly settings: ContainerdSettings
  readonly clock: Clock
  readonly log: Log
}

export interface ContainerdSupervisor {
  /** The process of now; undefined while it is being restarted. */
  identity(): ProcessIdentity | undefined
}

/** Starts or adopts containerd, then keeps it running until the signal aborts (it goes on running after that). */
export async function superviseContainerd(options: SupervisorOptions, signal: AbortSignal): Promise<ContainerdSupervisor> {
  const { settings, clock, log } = options
  const first = await ensureContainerd(settings, signal)
  log.info(first.adopted ? 'adopted the running containerd' : 'started containerd', { pid: first.identity.pid })
  let current: ProcessIdentity | undefined = first.identity
  let failures = 0
  const look = async (): Promise<void> => {
    if (current !== undefined && isRunning(current)) {
      failures = 0
      boundLog(settings.paths.logFile)
      return
    }
    current = undefined
    try {
      const restarted = await ensureContainerd(settings, signal)
      current = restarted.identity
      log.warn('containerd had died and was restarted; its containers went on', { pid: current.pid })
    } catch (error) {
      failures += 1
      if (!signal.aborted) log.error('containerd cannot be restarted', { error: thrownMessage(error) })
    }
  }
  const watch = async (): Promise<void> => {
    for (;;) {
      await sleep(clock, failures === 0 ? LOOK_EVERY_MS : Math.min(LOOK_EVERY_MS * 2 ** failures, RESTART_DELAY_LIMIT_MS), signal)
      if (signal.aborted) return
      await look()
    }
  }
  void watch()
  return { identity: () => current }
}
