import { readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Clock, Log } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { CriClient } from './cri-client.ts'
import { containerState } from './cri-constants.ts'

export interface RotationOptions {
  readonly client: CriClient
  readonly clock: Clock
  readonly log: Log
  /** The kubelet's defaults are 10 MiB and 5 files. */
  readonly maxBytes: number
  /** Of one container, the current one included. */
  readonly maxFiles: number
}

const LOOK_EVERY_MS = 10_000

/** Keeps the logs of running containers bounded until the signal aborts. */
export function keepLogsBounded(options: RotationOptions, signal: AbortSignal): void {
  const loop = (): void => {
    if (signal.aborted) return
    const cancel = options.clock.after(LOOK_EVERY_MS, () => {
      signal.removeEventListener('abort', cancel)
      rotateLogs(options, signal)
        .catch((error: unknown) => {
          if (!signal.aborted) options.log.warn('container logs could not be rotated', { error: thrownMessage(error) })
        })
        .then(loop, loop)
    })
    signal.addEventListener('abort', cancel, { once: true })
  }
  loop()
}

/** One round over all running containers. */
export async function rotateLogs(options: RotationOptions, signal: AbortSignal): Promise<void> {
  const { client } = options
  const { containers } = await client.listContainers({ filter: { state: { state: containerState.running } } }, { signal })
  for (const { id } of containers) {
    const { status } = await client.containerStatus({ containerId: id }, { signal })
    const path = status?.logPath ?? ''
    if (path === '' || sizeOf(path) <= options.maxBytes) continue
    // The runtime goes on writing to the renamed file until it is told.
    const rotated = `${path}.${Math.floor(options.clock.now())}`
    renameSync(path, rotated)
    try {
      await client.reopenContainerLog({ containerId: id }, { signal })
    } catch (error) {
      // Unless the file is there again, the log would go on out of sight.
      if (sizeOf(path) < 0) renameSync(rotated, path)
      throw error
    }
    removeOldest(path, options.maxFiles - 1)
  }
}

/** Rotated files have the time in milliseconds behind their name. */
function removeOldest(path: string, keep: number): void {
  const directory = dirname(path)
  const prefix = `${basename(path)}.`
  const rotated = readdirSync(directory).filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
  const byAge = rotated.sort((a, b) => Number(a.slice(prefix.length)) - Number(b.slice(prefix.length)))
  for (const name of byAge.slice(0, Math.max(0, byAge.length - keep))) rmSync(join(directory, name), { force: true })
}

/** -1 when it is not there. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? -1
}
