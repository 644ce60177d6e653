import { setTimeout as delay } from 'node:timers/promises'

export interface Wait {
  /** What is waited for, or a look at what is missing, for the error when it does not come: "the node n1 to be ready". */
  readonly what: string | (() => Promise<string>)
  readonly timeoutMs: number
  readonly pollMs: number
}

/** Looks again and again until the condition holds; throws when it does not in time. */
export async function waitUntil(condition: () => boolean | Promise<boolean>, { what, timeoutMs, pollMs }: Wait): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for ${typeof what === 'string' ? what : await what()}`)
    await delay(pollMs)
  }
}
