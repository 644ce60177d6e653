import type { MessagePort, Worker } from 'node:worker_threads'
import { PacketWriter } from './packet.ts'

/** Sends packets to the other thread: all that one turn of the event loop brings as one message. */
export class Outbox {
  readonly #port: Pick<MessagePort | Worker, 'postMessage'>
  readonly #writer = new PacketWriter()
  readonly #flush: () => void

  constructor(port: Pick<MessagePort | Worker, 'postMessage'>) {
    this.#port = port
    this.#flush = () => this.#send()
  }

  add(kind: number, request: number, count: number, text: string, parts?: readonly Uint8Array[]): void {
    if (this.#writer.isEmpty) setImmediate(this.#flush)
    this.#writer.add(kind, request, count, text, parts)
  }

  #send(): void {
    const batch = this.#writer.takeBatch()
    this.#port.postMessage(batch, [batch])
  }
}
