import type { Instant } from './instant.ts'

/** Time. The real one is in host/, the virtual one in simulation/. */
export interface Clock {
  now(): Instant
  /** Calls back once, after at least delayMs; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void
}

/** Randomness: cryptographic in host/, from a seed in simulation/. */
export interface Random {
  bytes(length: number): Uint8Array
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** Structured log. Messages are constant sentences; what varies goes into fields. Never a secret in either. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A log whose lines all carry these fields too. */
  with(fields: LogFields): Log
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLog,
}

/** Resolves after delayMs, or at once when the signal aborts (the caller looks at the signal). */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const onAbort = (): void => {
      cancel()
      resolve()
    }
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
