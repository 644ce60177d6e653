import { connect as connectHttp2, constants } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { GrpcFailure, grpcStatus } from './grpc-failure.ts'
import { decodeMessage, encodeMessage } from './protobuf.ts'
import type { InputOf, MessageType, OutputOf } from './protobuf.ts'

/** The largest message that is taken: containerd's own limit. */
const MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024

export interface GrpcMethod<Input extends MessageType, Output extends MessageType> {
  /** /package.Service/Method */
  readonly path: string
  readonly input: Input
  readonly output: Output
}

export interface CallOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** gRPC over a unix socket: unary calls and server streams, on one HTTP/2 session that is made anew when it was lost. */
export interface GrpcClient {
  call<I extends MessageType, O extends MessageType>(
    method: GrpcMethod<I, O>, input: InputOf<I>, options: CallOptions,
  ): Promise<OutputOf<O>>
  /** Resolves when the server ends the stream well; rejects with GrpcFailure otherwise. onOpen: the server took the call. */
  stream<I extends MessageType, O extends MessageType>(
    method: GrpcMethod<I, O>, input: InputOf<I>, listener: StreamListener<OutputOf<O>>, signal: AbortSignal,
  ): Promise<void>
  close(): void
}

export interface StreamListener<Message> {
  onOpen(): void
  onMessage(message: Message): void
}

/** gRPC over a unix socket, one HTTP/2 session for all calls; a session that broke is replaced at the next call. */
export function openGrpcClient(socketPath: string): GrpcClient {
  let session: ClientHttp2Session | undefined
  const currentSession = (): ClientHttp2Session => {
    if (session !== undefined && !session.closed && !session.destroyed) return session
    const opened = connectHttp2('http://localhost', { createConnection: () => connectSocket(socketPath) })
    // The streams of the session get the error too; without a listener here it would end the process.
    opened.on('error', () => opened.destroy())
    opened.on('goaway', () => opened.close())
    session = opened
    return opened
  }
  return {
    async call(method, input, options) {
      const messages: Uint8Array[] = []
      const request = frame(encodeMessage(method.input, input))
      await exchange(currentSession(), method.path, request, {
        timeoutMs: options.timeoutMs,
        signal: options.signal,
        onOpen() {},
        onMessage: (bytes) => messages.push(bytes),
      })
      const [message] = messages
      if (message === undefined) throw new GrpcFailure(grpcStatus.internal, `${method.path} answered without a message`)
      return decodeMessage(method.output, message)
    },
    async stream(method, input, listener, signal) {
      const request = frame(encodeMessage(method.input, input))
      await exchange(currentSession(), method.path, request, {
        timeoutMs: 0,
        signal,
        onOpen: () => listener.onOpen(),
        onMessage: (bytes) => listener.onMessage(decodeMessage(method.output, bytes)),
      })
    },
    close() {
      session?.destroy()
    },
  }
}

/** A gRPC message: not compressed, its length, its bytes. */
function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(5 + message.length)
  bytes[0] = 0
  bytes.writeUInt32BE(message.length, 1)
  bytes.set(message, 5)
  return bytes
}

interface Exchange {
  /** 0: none. */
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  onOpen(): void
  onMessage(bytes: Uint8Array): void
}

function exchange(session: ClientHttp2Session, path: string, request: Buffer, options: Exchange): Promise<void> {
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted === true) return reject(new GrpcFailure(grpcStatus.cancelled, `${path} was cancelled`))
    const stream = session.request(requestHeaders(path, options.timeoutMs))
    let settled = false
    const settle = (failure: GrpcFailure | undefined): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
      if (!stream.closed) stream.close(failure === undefined ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL)
      if (failure === undefined) resolve()
      else reject(failure)
    }
    const onAbort = (): void => settle(new GrpcFailure(grpcStatus.cancelled, `${path} was cancelled`))
    // The server has the deadline too; ours is later, so that its answer (with what it knows) wins.
    const timer = options.timeoutMs === 0 ? undefined : setTimeout(() => {
      settle(new GrpcFailure(grpcStatus.deadlineExceeded, `${path} did not answer within ${options.timeoutMs} ms`))
    }, options.timeoutMs + 500)
    options.signal?.addEventListener('abort', onAbort, { once: true })
    readAnswer(stream, path, options, settle)
    stream.end(request)
  })
}

function requestHeaders(path: string, timeoutMs: number): Record<string, string> {
  return {
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(timeoutMs === 0 ? {} : { 'grpc-timeout': `${Math.ceil(timeoutMs)}m` }),
  }
}

function readAnswer(stream: ClientHttp2Stream, path: string, options: Exchange, settle: (failure: GrpcFailure | undefined) => void): void {
  const reader = frameReader(options.onMessage)
  let last: IncomingHttpHeaders = {}
  stream.on('response', (headers) => {
    last = headers
    options.onOpen()
  })
  stream.on('trailers', (trailers) => {
    last = trailers
  })
  stream.on('data', (chunk: Buffer) => {
    const problem = reader(chunk)
    if (problem !== undefined) settle(new GrpcFailure(grpcStatus.internal, `${path}: ${problem}`))
  })
  stream.on('error', (error) => settle(new GrpcFailure(grpcStatus.unavailable, `${path}: ${error.message}`)))
  stream.on('end', () => settle(failureOf(path, last)))
  stream.on('close', () => settle(new GrpcFailure(grpcStatus.unavailable, `${path}: the connection was lost`)))
}

function failureOf(path: string, last: IncomingHttpHeaders): GrpcFailure | undefined {
  const status = last['grpc-status']
  if (status === '0') return undefined
  if (status === undefined) return new GrpcFailure(grpcStatus.unavailable, `${path}: the answer has no status`)
  return new GrpcFailure(Number(status), percentDecoded(String(last['grpc-message'] ?? '')))
}

/** grpc-message is percent-encoded UTF-8. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Cuts a byte stream into messages; answers what is wrong with the stream, if anything. */
function frameReader(onMessage: (bytes: Uint8Array) => void): (chunk: Buffer) => string | undefined {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (pending.length >= 5) {
      if (pending[0] !== 0) return 'a compressed message was not asked for'
      const length = pending.readUInt32BE(1)
      if (length > MESSAGE_LIMIT_BYTES) return `a message of ${length} bytes is over the limit of ${MESSAGE_LIMIT_BYTES}`
      if (pending.length < 5 + length) return undefined
      onMessage(pending.subarray(5, 5 + length))
      pending = pending.subarray(5 + length)
    }
    return undefined
  }
}
