import { present } from '../../src/words/assert.ts'
import { openConnection, prepare, type Http2Connection, type LoadTarget } from './http2-client.ts'

const NEWLINE = 10

/** A watch on one of the connections, in turn. */
export async function startWatchClients(target: LoadTarget, path: string, { clients, connections }: WatchClients): Promise<readonly WatchClient[]> {
  const opened = await Promise.all(Array.from({ length: connections }, () => openConnection(target)))
  return Array.from({ length: clients }, (_, client) => new WatchClient(present(opened[client % connections], 'a connection'), path, undefined))
}

export interface WatchClients {
  readonly clients: number
  readonly connections: number
}

/** A watch on a connection of its own. counts: whether a line is one of the events that are waited for; absent: each is. */
export async function startWatchClient(target: LoadTarget, path: string, counts?: (line: Buffer) => boolean): Promise<WatchClient> {
  return new WatchClient(await openConnection(target), path, counts)
}

/** Counts its events, which are lines, and keeps the last one. */
export class WatchClient {
  readonly #connection: Http2Connection
  readonly #counts: ((line: Buffer) => boolean) | undefined
  /** The line that has not come to its end. */
  #line: Buffer[] = []
  #failure: Error | undefined
  #waiting: { readonly events: number; resolve(): void; reject(error: Error): void } | undefined
  events = 0
  lastEvent: Buffer = Buffer.alloc(0)

  constructor(connection: Http2Connection, path: string, counts: ((line: Buffer) => boolean) | undefined) {
    this.#connection = connection
    this.#counts = counts
    connection.failed().catch((error: Error) => this.#fail(error))
    connection.start(prepare({ headers: { ':method': 'GET', ':path': path } }), {
      onStatus: (status) => (status === 200 ? undefined : this.#fail(new Error(`a watch was answered with ${status}`))),
      onData: (bytes) => this.#count(bytes),
      onEnd: () => this.#fail(new Error('a watch came to its end')),
    })
  }

  /** Resolves when so many events have come since the beginning. */
  received(events: number, timeoutMs: number): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.events >= events) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(new Error(`a watch got ${this.events} of ${events} events`)), timeoutMs)
      const settle = (then: () => void): void => {
        clearTimeout(timer)
        this.#waiting = undefined
        then()
      }
      this.#waiting = { events, resolve: () => settle(resolve), reject: (error) => settle(() => reject(error)) }
    })
  }

  close(): void {
    this.#connection.close()
  }

  #count(bytes: Buffer): void {
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      this.lastEvent = start === 0 && this.#line.length > 0 ? Buffer.concat([...this.#line, bytes.subarray(0, end)]) : bytes.subarray(start, end)
      if (this.#counts === undefined || this.#counts(this.lastEvent)) this.events += 1
      start = end + 1
    }
    if (start > 0) this.#line = []
    if (start < bytes.length) this.#line.push(bytes.subarray(start))
    if (this.#waiting !== undefined && this.events >= this.#waiting.events) this.#waiting.resolve()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#waiting?.reject(this.#failure)
  }
}
