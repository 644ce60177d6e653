import type { Instant } from '../words/instant.ts'
import type { Clock } from '../words/ports.ts'
import { hashText } from './seeded-random.ts'

/** How much of the past a failure shows. */
const KEPT_LINES = 4_000

/** What happened, in order: the last lines for people, and a hash of all of them, which two runs of one seed must share. */
export class Trace {
  readonly #clock: Clock
  readonly #startedAt: Instant
  readonly #onLine: (line: string) => void
  #lines: string[] = []
  #hash = 0x811c9dc5
  #count = 0

  constructor(clock: Clock, onLine: (line: string) => void) {
    this.#clock = clock
    this.#startedAt = clock.now()
    this.#onLine = onLine
  }

  add(part: string, event: string): void {
    const line = `${seconds(this.elapsedMs)} ${part}: ${event}`
    this.#hash = hashText(line, this.#hash)
    this.#count++
    this.#lines.push(line)
    if (this.#lines.length > 2 * KEPT_LINES) this.#lines = this.#lines.slice(-KEPT_LINES)
    this.#onLine(line)
  }

  /** Virtual time since the start. */
  get elapsedMs(): number {
    return this.#clock.now() - this.#startedAt
  }

  /** 12483 lines, 8f3a90c1 */
  get digest(): string {
    return `${this.#count} lines, ${this.#hash.toString(16).padStart(8, '0')}`
  }

  last(count: number): readonly string[] {
    return this.#lines.slice(-count)
  }
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(4).padStart(9)}`
}
