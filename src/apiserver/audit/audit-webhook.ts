import { sleep } from '../../words/ports.ts'
import type { Clock, Log } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { AuditLine } from './audit-event.ts'
import type { AuditSink } from './auditor.ts'

export interface AuditWebhookParts {
  /** Posts an EventList. Rejects when it was not taken. */
  post(text: string): Promise<void>
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<AuditWebhookLimits>
}

export interface AuditWebhookLimits {
  /** What may wait: events, and their characters. More are lost. */
  readonly waitingEvents: number
  readonly waitingLength: number
  readonly batchEvents: number
  readonly batchLength: number
  /** A batch that is not full goes out after this. */
  readonly batchWaitMs: number
  readonly attempts: number
  readonly firstRetryMs: number
}

const LIMITS: AuditWebhookLimits = {
  waitingEvents: 10_000, waitingLength: 64 * 1024 * 1024, batchEvents: 400,
  batchLength: 4 * 1024 * 1024, batchWaitMs: 1_000, attempts: 5, firstRetryMs: 500,
}
const HEAD = '{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":['

/**
 * Posts events in batches, one after the other. A batch that is not taken is tried five times within eight seconds, then it is lost; so is
 * what
 * does not fit into the bound meanwhile. The server's log says how many.
 */
export class AuditWebhook implements AuditSink {
  readonly #parts: AuditWebhookParts
  readonly #limits: AuditWebhookLimits
  readonly #stop = new AbortController()
  #waiting: AuditLine[] = []
  #waitingLength = 0
  readonly plugin = 'webhook'
  lost = 0
  /** Of those, which the log has not told of yet. */
  #untold = 0
  #cancelWait: (() => void) | undefined
  #sending: Promise<void> | undefined

  constructor(parts: AuditWebhookParts) {
    this.#parts = parts
    this.#limits = { ...LIMITS, ...parts.limits }
  }

  take(line: AuditLine): void {
    if (this.#waiting.length >= this.#limits.waitingEvents || this.#waitingLength + line.length > this.#limits.waitingLength) {
      this.lost++
      this.#untold++
      return
    }
    this.#waiting.push(line)
    this.#waitingLength += line.length
    if (this.#sending !== undefined) return
    if (this.#waiting.length >= this.#limits.batchEvents) this.#begin()
    else this.#cancelWait ??= this.#parts.clock.after(this.#limits.batchWaitMs, () => this.#begin())
  }

  /** Sends what waits; nothing is tried again any more. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#begin()
    await this.#sending
  }

  #begin(): void {
    this.#cancelWait?.()
    this.#cancelWait = undefined
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
    })
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#send(this.#nextBatch())
    if (this.#untold === 0) return
    this.#parts.log.error('Audit events were lost, as the audit webhook did not take them', { events: this.#untold })
    this.#untold = 0
  }

  #nextBatch(): readonly AuditLine[] {
    let length = 0
    let count = 0
    for (const line of this.#waiting) {
      if (count >= this.#limits.batchEvents || (count > 0 && length + line.length > this.#limits.batchLength)) break
      length += line.length
      count++
    }
    const batch = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    this.#waitingLength -= length
    return batch
  }

  async #send(batch: readonly AuditLine[]): Promise<void> {
    const { attempts, firstRetryMs } = this.#limits
    const text = `${HEAD}${batch.join(',')}]}`
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#parts.post(text)
      } catch (error) {
        if (attempt < attempts && !this.#stop.signal.aborted) {
          await sleep(this.#parts.clock, firstRetryMs * 2 ** (attempt - 1), this.#stop.signal)
          continue
        }
        this.lost += batch.length
        this.#untold += batch.length
        this.#parts.log.error('The audit webhook does not take events', { error: thrownMessage(error) })
        return
      }
    }
  }
}
