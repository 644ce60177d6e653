import type { Client } from '../../client/client.ts'
import type { Clock } from '../../words/ports.ts'
import { sleep } from '../../words/ports.ts'
import { StatusError } from '../../words/status-error.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { Trace } from '../trace.ts'

/** Somebody who uses the cluster over a bad line until the time is up. */
export interface User {
  readonly name: string
  readonly namespace: string
  readonly client: Client
  readonly clock: Clock
  readonly random: SeededRandom
  readonly trace: Trace
  /** The workload is over: no new intents. */
  readonly isOver: () => boolean
}

const MAX_PAUSE_MS = 30_000

/** Deeds of a user, each begun after a pause. A deed that the server refuses or that gets lost is simply over: users come and go. */
export async function keepBusy(user: User, meanPauseMs: number, deed: () => Promise<void>): Promise<void> {
  const { clock, random, isOver } = user
  for (;;) {
    await sleep(clock, Math.min(MAX_PAUSE_MS, -Math.log(1 - random.next()) * meanPauseMs))
    if (isOver()) return
    await tolerating(user, deed)
  }
}

/** What was refused (409, 404, 422, 403) or got lost; undefined when all went well. Anything that is no answer of an API is a defect. */
async function tolerating(user: User, deed: () => Promise<void>): Promise<StatusError | undefined> {
  try {
    await deed()
    return undefined
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    user.trace.add(user.name, `gives up: ${error.code} ${error.message}`)
    return error
  }
}

/** Tries until it is done, for what a run cannot go on without. */
export async function insist(user: User, deed: () => Promise<void>): Promise<void> {
  for (;;) {
    const refusal = await tolerating(user, deed)
    if (refusal === undefined || refusal.reason === 'AlreadyExists' || refusal.reason === 'NotFound') return
    await sleep(user.clock, 500)
  }
}
