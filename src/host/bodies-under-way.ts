import { StatusError, tooManyRequests } from '../words/status-error.ts'
import { HTTPS_LIMITS } from './https-limits.ts'

/** A body that is being read. */
export interface BodyReading {
  /** When the last bytes came. */
  lastMs: number
  heldBytes: number
  readonly giveUp: (error: StatusError) => void
}

const CHECK_EVERY_MS = 1_000
const RETRY_AFTER_SECONDS = 1
/** What a piece takes besides its bytes, as views of memory do: many pieces may have one byte each. */
const PIECE_BYTES = 256

/**
 * All bodies that are being read: one timer looks after them, as one for each would cost more than many a read. Together they hold no more
 * than a bound: then the one that began first is given up, which is of a client that takes its time.
 */
export class BodiesUnderWay {
  readonly #boundBytes: number
  /** In the order in which they began. */
  readonly #readings = new Set<BodyReading>()
  #heldBytes = 0
  #timer: NodeJS.Timeout | undefined

  constructor(boundBytes: number = HTTPS_LIMITS.bodiesBytes) {
    this.#boundBytes = boundBytes
  }

  begin(reading: BodyReading): void {
    this.#readings.add(reading)
    this.#timer ??= setTimeout(() => this.#check(), CHECK_EVERY_MS).unref()
  }

  received(reading: BodyReading, pieceBytes: number): void {
    const bytes = pieceBytes + PIECE_BYTES
    reading.lastMs = performance.now()
    reading.heldBytes += bytes
    this.#heldBytes += bytes
    while (this.#heldBytes > this.#boundBytes) {
      const [oldest] = this.#readings
      if (oldest === undefined) return
      oldest.giveUp(tooManyRequests('too many request bodies are under way, please try again later', RETRY_AFTER_SECONDS))
      this.end(oldest)
    }
  }

  /** Read to its end, or given up. */
  end(reading: BodyReading): void {
    if (this.#readings.delete(reading)) this.#heldBytes -= reading.heldBytes
  }

  #check(): void {
    const tooOldMs = performance.now() - HTTPS_LIMITS.bodyIdleTimeoutMs
    for (const reading of this.#readings) if (reading.lastMs <= tooOldMs) reading.giveUp(bodyIdle())
    this.#timer = this.#readings.size === 0 ? undefined : setTimeout(() => this.#check(), CHECK_EVERY_MS).unref()
  }
}

function bodyIdle(): StatusError {
  return new StatusError(408, 'Timeout', `the request body made no progress for ${HTTPS_LIMITS.bodyIdleTimeoutMs / 1000} seconds`)
}
