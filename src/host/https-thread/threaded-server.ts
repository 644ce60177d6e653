import { Worker } from 'node:worker_threads'
import type { Handler } from '../../apiserver/http.ts'
import type { Log } from '../../words/ports.ts'
import type { HttpsServer, ServingCertificate } from '../https-server.ts'
import { ListenError } from '../listen-error.ts'
import type { NodeProxyIdentity } from '../node-proxy.ts'
import { Answering } from './answering.ts'
import { Inbox } from './inbox.ts'
import { Outbox } from './outbox.ts'
import { SharedBlocks } from './shared-blocks.ts'
import type { FromThread, ThreadOptions, ToThread } from './thread-messages.ts'

export interface ThreadedServerOptions extends ThreadOptions {
  readonly handler: Handler
  readonly log: Log
}

export interface ThreadedHttpsServer extends HttpsServer {
  /** Its tunnels to nodes and to other API servers are made with these certificates from now on. */
  renewClients(identity: NodeProxyIdentity): void
}

/**
 * V8's own choice, whatever the process asks for: a closed stream of Node's HTTP/2 outlives collections of young garbage, so that of a
 * smaller nursery much more than what is in use is copied: GETs take a third more time with a quarter of it.
 */
const MAX_NURSERY_MB = 48

/** The thread loads what it needs while its server is prepared; until then it keeps no process alive. */
export function startHttpsThread(): Worker {
  const thread = new Worker(new URL('./thread-main.ts', import.meta.url), { resourceLimits: { maxYoungGenerationSizeMb: MAX_NURSERY_MB } })
  thread.unref()
  return thread
}

/**
 * Serves HTTP/2 and HTTP/1.1 over TLS in a thread of its own; the handler is called in this one. TLS, the frames of HTTP/2 and the sending
 * of events to watchers take more time than many a request itself does, and what they leave as garbage is collected in that thread.
 */
export async function startThreadedHttpsServer(
  thread: Worker, { handler, log, ...options }: ThreadedServerOptions,
): Promise<ThreadedHttpsServer> {
  const blocks = new SharedBlocks((block, buffer) => thread.postMessage({ type: 'block', block, buffer } satisfies ToThread))
  const answering = new Answering({ handler, log, outbox: new Outbox(thread), blocks })
  const inbox = new Inbox((packet) => answering.take(packet))
  const control = new ThreadControl(thread, log, inbox)
  thread.on('message', (message: ArrayBuffer | FromThread) => {
    if (message instanceof ArrayBuffer) inbox.receive(message)
    else control.take(message)
  })
  thread.ref()
  return await control.serve(options)
}

/** What is not about a request: where to listen, the certificate, the end. */
class ThreadControl implements ThreadedHttpsServer {
  readonly #thread: Worker
  readonly #log: Log
  readonly #inbox: Inbox
  readonly #listening = Promise.withResolvers<void>()
  readonly #closed = Promise.withResolvers<void>()
  address = ''
  port = 0

  constructor(thread: Worker, log: Log, inbox: Inbox) {
    this.#thread = thread
    this.#log = log
    this.#inbox = inbox
    thread.once('exit', () => this.#closed.resolve())
  }

  async serve(options: ThreadOptions): Promise<ThreadedHttpsServer> {
    this.#tell({ type: 'serve', options })
    try {
      await this.#listening.promise
      return this
    } catch (error) {
      await this.#thread.terminate()
      throw error
    }
  }

  take(message: FromThread): void {
    switch (message.type) {
      case 'listening':
        this.address = message.address
        this.port = message.port
        return this.#listening.resolve()
      case 'failed': return this.#listening.reject(message.isListenError ? new ListenError(message.message) : new Error(message.message))
      case 'log': return this.#log[message.level](message.message, message.fields)
      case 'closed':
        this.#inbox.close()
        return this.#closed.resolve()
    }
  }

  renew(certificate: ServingCertificate): void {
    this.#tell({ type: 'renew', certificate })
  }

  renewClients(identity: NodeProxyIdentity): void {
    this.#tell({ type: 'renew-clients', identity })
  }

  async close(): Promise<void> {
    this.#tell({ type: 'close' })
    await this.#closed.promise
    await this.#thread.terminate()
  }

  #tell(message: ToThread): void {
    this.#thread.postMessage(message)
  }
}
