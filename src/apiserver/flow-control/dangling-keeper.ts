import type { Client } from '../../client/client.ts'
import { findCondition } from '../../objects/conditions.ts'
import { keyOf } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { FlowSchema, FlowSchemaCondition } from '../../resources/generated/types.ts'
import { formatTime } from '../../words/instant.ts'
import type { Clock, Log } from '../../words/ports.ts'
import { isStatus } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { FlowObjects } from './flow-control.ts'

const DANGLING = 'Dangling'
/** The first objects of a cluster come one by one, levels and schemas mixed. */
const SETTLE_MS = 200
const RETRY_MS = 5_000

export interface DanglingParts {
  readonly client: Client
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  /** As they stand now. */
  objects(): FlowObjects
}

/** Writes into the status of every flow schema whether the level that it names is there. Where several servers do so, all but one find it done. */
export class DanglingKeeper {
  readonly #parts: DanglingParts
  #isDue = false

  constructor(parts: DanglingParts) {
    this.#parts = parts
  }

  /** Something has changed. */
  look(afterMs = SETTLE_MS): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#parts.clock.after(afterMs, () => {
      this.#isDue = false
      void this.#keep()
    })
  }

  async #keep(): Promise<void> {
    const { client, clock, log, objects, signal } = this.#parts
    const { schemas, levels } = objects()
    const names = new Set(levels.map(({ metadata }) => metadata.name))
    for (const schema of schemas) {
      if (signal.aborted) return
      const conditions = conditionsOf(schema, names.has(levelOf(schema)), clock.now())
      if (conditions === undefined) continue
      try {
        await client.update(kinds.FlowSchema, { ...schema, status: { ...schema.status, conditions } }, { subresource: 'status' })
      } catch (error) {
        if (isStatus(error, 'NotFound')) continue
        if (!isStatus(error, 'Conflict')) {
          log.warn('The status of a flow schema could not be written', { name: keyOf(schema).name, why: thrownMessage(error) })
        }
        return this.look(RETRY_MS)
      }
    }
  }
}

function levelOf({ spec }: FlowSchema): string {
  return spec?.priorityLevelConfiguration.name ?? ''
}

/** Undefined where they say so already. */
function conditionsOf(schema: FlowSchema, isThere: boolean, now: number): FlowSchemaCondition[] | undefined {
  const known = schema.status?.conditions ?? []
  const before = findCondition(
    known.map((condition) => ({ ...condition, type: condition.type ?? '', status: condition.status ?? '' })), DANGLING,
  )
  const references = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(levelOf(schema))}`
  const said = isThere
    ? { status: 'False', reason: 'Found', message: `${references} and it exists` }
    : { status: 'True', reason: 'NotFound', message: `${references} but there is no such object` }
  if (before?.status === said.status && before.message === said.message) return undefined
  const lastTransitionTime = before?.status === said.status ? (before.lastTransitionTime ?? formatTime(now)) : formatTime(now)
  return [...known.filter(({ type }) => type !== DANGLING), { type: DANGLING, ...said, lastTransitionTime }]
}
