/** The thread of threaded-server.ts. */
import { parentPort, type MessagePort } from 'node:worker_threads'
import type { ServerResponse } from '../../apiserver/http.ts'
import type { Log, LogFields } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import { startHttpsServer, type HttpsServer } from '../https-server.ts'
import { ListenError } from '../listen-error.ts'
import type { LogLevel } from '../log.ts'
import { collectGarbageAtRest } from '../resting-garbage.ts'
import { createNodeProxy, type NodeProxy } from '../node-proxy.ts'
import type { IncomingRequest } from '../server-request.ts'
import { AskingHandler } from './asking-handler.ts'
import { readBatch, type Packet } from './packet.ts'
import type { FromThread, ThreadOptions, ToThread } from './thread-messages.ts'

class ServingThread {
  readonly #port: MessagePort
  readonly #asking: AskingHandler
  #server: HttpsServer | undefined
  #nodeProxy: NodeProxy | undefined

  constructor(port: MessagePort) {
    this.#port = port
    this.#asking = new AskingHandler(port)
  }

  start(): void {
    const take = (packet: Packet): void => this.#asking.take(packet)
    this.#port.on('message', (message: ArrayBuffer | ToThread) => {
      if (message instanceof ArrayBuffer) readBatch(message, take)
      else this.#take(message)
    })
  }

  #take(message: ToThread): void {
    switch (message.type) {
      case 'serve': return void this.#serve(message.options)
      case 'renew': return this.#server?.renew(message.certificate)
      case 'renew-clients': return this.#nodeProxy?.renew(message.identity)
      case 'block': return this.#asking.show(message.block, message.buffer)
      case 'close': return void this.#close()
    }
  }

  async #serve({ nodeProxy: nodeProxyOptions, ...options }: ThreadOptions): Promise<void> {
    const nodeProxy = createNodeProxy(nodeProxyOptions)
    this.#nodeProxy = nodeProxy
    const handler = (request: IncomingRequest): Promise<ServerResponse> => this.#asking.handle(request)
    try {
      this.#server = await startHttpsServer({ ...options, handler, nodeProxy, log: this.#log({}) })
      collectGarbageAtRest()
      this.#tell({ type: 'listening', address: this.#server.address, port: this.#server.port })
    } catch (error) {
      this.#tell({ type: 'failed', message: thrownMessage(error), isListenError: error instanceof ListenError })
    }
  }

  async #close(): Promise<void> {
    await this.#server?.close()
    this.#nodeProxy?.close()
    this.#tell({ type: 'closed' })
  }

  /** Lines are written by the thread that has the log. */
  #log(common: LogFields): Log {
    const at = (level: LogLevel) => (message: string, fields?: LogFields): void => this.#tell({
      type: 'log', level, message, fields: { ...common, ...fields },
    })
    return {
      debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), with: (fields) => this.#log({ ...common, ...fields }),
    }
  }

  #tell(message: FromThread): void {
    this.#port.postMessage(message)
  }
}

if (parentPort !== null) new ServingThread(parentPort).start()
