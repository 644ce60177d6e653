import type { ByteSink, Handler, Peer, ServerRequest, ServerResponse } from '../apiserver/http.ts'
import type { Transport, TransportRequest, TransportResponse } from '../client/transport.ts'
import { tooLarge } from '../words/status-error.ts'
import type { DelayedStream } from './delayed-stream.ts'
import type { Caller, SimulatedNetwork } from './simulated-network.ts'

export interface Identity {
  readonly commonName: string
  readonly organizations: readonly string[]
}

/** HTTP to the server that the network leads to, with a client certificate. serve is asked for the server of that moment. */
export function simulatedTransport(network: SimulatedNetwork, caller: Caller, identity: Identity, serve: () => Handler): Transport {
  const peer: Peer = { address: '192.0.2.1', certificate: identity }
  return {
    send: (request) => network.call(caller, `${request.method} ${request.path}`, async () => {
      // What the server learns of its caller's end: a watch's stream tells it.
      const gone = new AbortController()
      const response = await serve()(serverRequest(request, peer, gone.signal))
      return received(network, caller, request, response, gone)
    }),
    close() {},
  }
}

function serverRequest(request: TransportRequest, peer: Peer, signal: AbortSignal): ServerRequest {
  const [path = '', query = ''] = request.path.split('?', 2)
  const bytes = request.body ?? new Uint8Array()
  return {
    method: request.method, path, query, headers: request.headers, peer, signal,
    async body(maxBytes) {
      if (bytes.length > maxBytes) throw tooLarge(`the body has more than ${maxBytes} bytes`)
      return bytes
    },
  }
}

function received(
  network: SimulatedNetwork, caller: Caller, request: TransportRequest, response: ServerResponse, gone: AbortController,
): TransportResponse {
  if (response.type === 'tunnel') return { status: 501, headers: {}, body: only([]) }
  if (response.type === 'whole') return { status: response.status, headers: response.headers, body: only(response.body) }
  const body = network.stream(caller, `watch ${request.path}`, firstHalf, (stream, end) => {
    end.addEventListener('abort', () => gone.abort(), { once: true })
    void response.send(sinkInto(stream)).then(() => stream.end())
  })
  request.signal?.addEventListener('abort', () => body.break(new Error('the reader hung up')), { once: true })
  return { status: response.status, headers: response.headers, body }
}

function sinkInto(stream: DelayedStream<Uint8Array>): ByteSink {
  return {
    write(bytes) {
      stream.send(bytes)
      return true
    },
    backlogBytes: () => 0,
    drained: async () => {},
  }
}

/** Half a message: a reader must not take it for a whole one. */
function firstHalf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.length >> 1)
}

async function* only(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts
}
