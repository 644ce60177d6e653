import type { Clock } from '../words/ports.ts'

type Arrival<T> = { readonly type: 'item'; readonly item: T } | { readonly type: 'end' } | { readonly type: 'error'; readonly error: Error }

/** One direction of a connection: what goes in comes out later, in the same order, until it ends or breaks. */
export class DelayedStream<T> implements AsyncIterable<T> {
  readonly #clock: Clock
  readonly #delayMs: () => number
  readonly #onClose: () => void
  readonly #arrived: Arrival<T>[] = []
  #underWay = 0
  #arrivesAt = 0
  #isOver = false
  #isStalled = false
  /** The sender's side is closed. */
  #isClosed = false
  #last: { readonly torn: (item: T) => T | undefined; readonly error: Error | undefined } | undefined
  #stalled: (() => void)[] = []
  #wake: () => void = () => {}

  constructor(clock: Clock, delayMs: () => number, onClose: () => void) {
    this.#clock = clock
    this.#delayMs = delayMs
    this.#onClose = onClose
  }

  /** What was sent and not read yet. */
  get unread(): number {
    return this.#underWay + this.#arrived.length
  }

  send(item: T): void {
    if (this.#last === undefined) return this.#post({ type: 'item', item })
    const { torn, error } = this.#last
    const rest = torn(item)
    if (rest !== undefined) this.#post({ type: 'item', item: rest })
    if (error === undefined) this.end()
    else this.fail(error)
    this.#last = undefined
    this.#isClosed = true
  }

  end(): void {
    this.#post({ type: 'end' })
  }

  /** Breaks once all that is under way has arrived. */
  fail(error: Error): void {
    this.#post({ type: 'error', error })
  }

  /** Breaks now: what is under way is lost. */
  break(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#arrived.push({ type: 'error', error })
    this.#wake()
  }

  /** Nobody reads any more, and nobody is told. */
  abandon(): void {
    this.#isOver = true
    this.#wake = () => {}
  }

  /** The next message arrives as torn makes it (undefined: not at all), and is the last; then the stream ends, or breaks. */
  endAtNext(torn: (item: T) => T | undefined, error: Error | undefined): void {
    this.#last = { torn, error }
  }

  /** While it is stalled nothing arrives; what was sent is kept. */
  setStalled(isStalled: boolean): void {
    this.#isStalled = isStalled
    if (isStalled) return
    const waiting = this.#stalled
    this.#stalled = []
    for (const deliver of waiting) deliver()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for (;;) {
        const next = this.#arrived.shift()
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        } else if (next.type === 'item') {
          yield next.item
        } else if (next.type === 'error') {
          throw next.error
        } else {
          return
        }
      }
    } finally {
      this.#isOver = true
      this.#onClose()
    }
  }

  #post(arrival: Arrival<T>): void {
    if (this.#isOver || this.#isClosed) return
    this.#underWay++
    this.#arrivesAt = Math.max(this.#arrivesAt, this.#clock.now() + this.#delayMs())
    const deliver = (): void => {
      if (this.#isStalled) return void this.#stalled.push(deliver)
      this.#underWay--
      if (this.#isOver) return
      if (arrival.type !== 'item') this.#isOver = true
      this.#arrived.push(arrival)
      this.#wake()
    }
    this.#clock.after(this.#arrivesAt - this.#clock.now(), deliver)
  }
}
