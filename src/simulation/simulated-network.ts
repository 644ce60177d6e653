import type { Clock } from '../words/ports.ts'
import { DelayedStream } from './delayed-stream.ts'
import type { Link } from './link.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { Trace } from './trace.ts'
import { thrownMessage } from '../words/thrown.ts'

/** Who calls, and over which way. */
export interface Caller {
  readonly process: SimulatedProcess
  readonly link: Link
}

/** The connection broke: what became of the request is not known. */
class ConnectionBroken extends Error {
  override readonly name = 'ConnectionBroken'
}

interface Call {
  readonly caller: Caller
  fail(why: string): void
}

interface OpenStream {
  readonly caller: Caller
  setStalled(isStalled: boolean): void
  cut(why: string): void
}

/** A connection attempt, or a request, that hears nothing is given up after this. */
const SILENCE_MS = 10_000
/** A silent watch is found out by its pings. */
const PING_MS = 25_000
const LATE_MS = 3_000

/** Carries calls and watches from the parts to the server, with what the caller's link does to them, until the server's process dies. */
export class SimulatedNetwork {
  readonly #clock: Clock
  readonly #trace: Trace
  #server: SimulatedProcess | undefined
  readonly #calls = new Set<Call>()
  readonly #streams = new Set<OpenStream>()
  #numbers = 0
  #mostUnderWay = 0

  constructor(clock: Clock, trace: Trace) {
    this.#clock = clock
    this.#trace = trace
  }

  /** Requests under way now, and the most there ever were at once: for the checker of queues. */
  get underWay(): { readonly calls: number; readonly most: number; readonly streams: number } {
    return { calls: this.#calls.size, most: this.#mostUnderWay, streams: this.#streams.size }
  }

  /** From now on this process answers. Its death breaks every connection. */
  serve(server: SimulatedProcess): void {
    this.#server = server
    server.death.addEventListener('abort', () => {
      this.#server = undefined
      for (const call of this.#calls) call.fail('connection reset by peer')
      for (const stream of [...this.#streams]) stream.cut('connection reset by peer')
    }, { once: true })
  }

  setCut(link: Link, isCut: boolean): void {
    link.isCut = isCut
    for (const stream of [...this.#streams]) if (stream.caller.link === link) stream.setStalled(isCut)
  }

  /** Carries out perform on the server. Rejects with ConnectionBroken where a real connection would break. */
  call<T>(caller: Caller, title: string, perform: () => Promise<T>): Promise<T> {
    const { process, link } = caller
    const number = ++this.#numbers
    return new Promise((resolve, reject) => {
      if (!process.isAlive) return
      const call: Call = {
        caller,
        fail: (why) => {
          if (!this.#calls.delete(call) || !process.isAlive) return
          this.#trace.add(link.name, `#${number} ${why}`)
          reject(new ConnectionBroken(why))
        },
      }
      this.#calls.add(call)
      this.#mostUnderWay = Math.max(this.#mostUnderWay, this.#calls.size)
      const answer = (act: () => void, outcome: string): void => {
        this.#clock.after(link.delayMs(), () => {
          if (link.isCut) return void this.#clock.after(SILENCE_MS, () => call.fail('the answer did not arrive'))
          if (!this.#calls.delete(call) || !process.isAlive) return
          this.#trace.add(link.name, `#${number} ${outcome}`)
          act()
        })
      }
      this.#deliver(call, `#${number} ${title}`, () => perform().then(
        (value) => answer(() => resolve(value), 'is answered'),
        (error: unknown) => answer(() => reject(error), thrownMessage(error)),
      ))
    })
  }

  /** A watch: open begins it on the server and sends into the stream until the signal aborts, which says that the reader is gone. */
  stream<T>(
    caller: Caller,
    title: string,
    torn: (item: T) => T | undefined,
    open: (stream: DelayedStream<T>, gone: AbortSignal) => void,
  ): DelayedStream<T> {
    const { process, link } = caller
    const gone = new AbortController()
    let cancelCut: () => void = () => {}
    const close = (): void => {
      this.#streams.delete(entry)
      cancelCut()
      // The server hears of it a moment later.
      this.#clock.after(link.delayMs(), () => gone.abort())
    }
    const stream = new DelayedStream<T>(this.#clock, () => link.delayMs(), close)
    const entry: OpenStream = {
      caller,
      setStalled: (isStalled) => {
        stream.setStalled(isStalled)
        if (isStalled) this.#clock.after(PING_MS, () => link.isCut && entry.cut('no answer to a ping'))
      },
      cut: (why) => {
        if (!this.#streams.has(entry)) return
        this.#trace.add(link.name, `${title} is cut: ${why}`)
        close()
        if (process.isAlive) stream.break(new ConnectionBroken(why))
      },
    }
    process.death.addEventListener('abort', () => {
      stream.abandon()
      if (this.#streams.has(entry)) close()
    }, { once: true })
    this.#streams.add(entry)
    const lifeMs = link.watchLifeMs()
    if (lifeMs !== undefined) cancelCut = this.#clock.after(lifeMs, () => this.#cutByChance(stream, entry, title, torn))
    open(stream, gone.signal)
    return stream
  }

  #cutByChance<T>(stream: DelayedStream<T>, entry: OpenStream, title: string, torn: (item: T) => T | undefined): void {
    const { link } = entry.caller
    if (link.faults.watchLifeMs === 0) return
    const { isClean, isTorn } = link.watchEnd()
    if (!isTorn && !isClean) return entry.cut('connection reset')
    this.#trace.add(link.name, `${title} ends${isTorn ? ' within a message' : ''}`)
    stream.endAtNext(isTorn ? torn : () => undefined, isClean ? undefined : new ConnectionBroken('connection reset'))
  }

  #deliver(call: Call, title: string, arrive: () => void): void {
    const { link } = call.caller
    const fate = link.fate()
    if (link.isCut) return void this.#clock.after(SILENCE_MS, () => call.fail(`${title}: connection timed out`))
    this.#clock.after(link.delayMs(), () => {
      if (this.#server === undefined) return call.fail(`${title}: connection refused`)
      if (link.isCut || fate === 'request lost') return call.fail(`${title}: the request is lost`)
      if (fate === 'late') call.fail(`${title}: the request is late`)
      if (fate === 'late') return void this.#clock.after(link.delayMs() * LATE_MS / 20, () => this.#arrive(call, `${title} (late)`, arrive))
      if (fate === 'reply lost') this.#clock.after(2 * link.delayMs(), () => call.fail(`${title}: the answer is lost`))
      this.#arrive(call, title, arrive)
    })
  }

  #arrive(call: Call, title: string, arrive: () => void): void {
    if (this.#server === undefined) return
    this.#trace.add(call.caller.link.name, title)
    arrive()
  }
}
