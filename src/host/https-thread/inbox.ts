import { ASKED, PacketReader, type Packet } from './packet.ts'

/**
 * Requests that one turn of the event loop begins. Clients that are answered together ask together again: if all that they ask were one
 * turn, the network's thread and the disk would wait for its end, and then this thread for them. With 12 the first are on the disk or on
 * their way back while the next are worked on.
 */
const REQUESTS_PER_TURN = 12

/** In the thread that answers: takes packets in the order of their arrival, a turn's share of requests at a time. */
export class Inbox {
  readonly #take: (packet: Packet) => void
  readonly #continue: () => void
  #batches: PacketReader[] = []
  #isContinuing = false

  constructor(take: (packet: Packet) => void) {
    this.#take = take
    this.#continue = () => {
      this.#isContinuing = false
      this.#takeShare()
    }
  }

  receive(batch: ArrayBuffer): void {
    this.#batches.push(new PacketReader(batch))
    if (!this.#isContinuing) this.#takeShare()
  }

  /** The other thread serves no more: what it asked last is for nobody. */
  close(): void {
    this.#batches = []
  }

  #takeShare(): void {
    let requests = 0
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      for (let packet = batch.next(); packet !== undefined; packet = batch.next()) {
        this.#take(packet)
        if (packet.kind === ASKED.request && ++requests === REQUESTS_PER_TURN) return this.#continueLater()
      }
      this.#batches.shift()
    }
  }

  #continueLater(): void {
    this.#isContinuing = true
    setImmediate(this.#continue)
  }
}
