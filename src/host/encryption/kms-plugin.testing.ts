import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { decodeMessage, encodeMessage } from '../cri/protobuf.ts'
import { decryptRequest, decryptResponse, encryptRequest, encryptResponse, statusResponse } from './kms-messages.ts'

/** How a plugin of a test behaves; may be changed while it runs. */
export interface PluginBehaviour {
  healthz: string
  version: string
  /** The key that seals; older ones still open. */
  keyId: string
  answer: 'well' | 'never' | 'with rubbish' | 'empty' | 'with the plain text'
}

export interface KmsPlugin {
  readonly behaviour: PluginBehaviour
  /** Status, Encrypt, Decrypt: what was asked for, in order. */
  readonly calls: string[]
  stop(): Promise<void>
}

/**
 * A KMS v2 plugin on a unix socket. Its keys are made of their ids, so that a plugin that is started again opens what the last one sealed.
 */
export async function startKmsPlugin(socket: string, changes: Partial<PluginBehaviour> = {}): Promise<KmsPlugin> {
  const behaviour: PluginBehaviour = { healthz: 'ok', version: 'v2', keyId: 'kek-1', answer: 'well', ...changes }
  const calls: string[] = []
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => undefined)
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    const method = String(headers[':path']).split('/').at(-1) ?? ''
    calls.push(method)
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => respond(stream, behaviour, method, Buffer.concat(chunks).subarray(5)))
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return { behaviour, calls, stop: () => stopServer(server, sessions) }
}

function stopServer(server: Http2Server, sessions: ReadonlySet<ServerHttp2Session>): Promise<void> {
  for (const session of sessions) session.destroy()
  return new Promise((resolve) => server.close(() => resolve()))
}

function respond(stream: ServerHttp2Stream, behaviour: PluginBehaviour, method: string, request: Buffer): void {
  if (behaviour.answer === 'never') return
  let message: Buffer
  try {
    if (behaviour.answer === 'with rubbish') message = Buffer.from([0x0a, 0xff, 0xff])
    else message = behaviour.answer === 'empty' ? Buffer.alloc(0) : answerOf(behaviour, method, request)
  } catch {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '3', 'grpc-message': 'unknown key' }, { endStream: true }
    )
    return
  }
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(Buffer.concat([head, message]))
}

function answerOf({ healthz, version, keyId, answer }: PluginBehaviour, method: string, request: Buffer): Buffer {
  if (method === 'Status') return encodeMessage(statusResponse, { version, healthz, keyId })
  if (method === 'Encrypt') {
    const { plaintext } = decodeMessage(encryptRequest, request)
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', kek(keyId), nonce)
    const sealed = Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
    const ciphertext = answer === 'with the plain text' ? plaintext : sealed
    return encodeMessage(encryptResponse, { ciphertext, keyId, annotations: [{ key: 'made.example.com', value: Buffer.from('1') }] })
  }
  const { ciphertext, keyId: usedId, annotations } = decodeMessage(decryptRequest, request)
  if (annotations[0]?.key !== 'made.example.com') throw new Error('the annotation is missing')
  const decipher = createDecipheriv('aes-256-gcm', kek(usedId), ciphertext.subarray(0, 12), { authTagLength: 16 })
  decipher.setAuthTag(ciphertext.subarray(-16))
  return encodeMessage(decryptResponse, { plaintext: Buffer.concat([decipher.update(ciphertext.subarray(12, -16)), decipher.final()]) })
}

function kek(keyId: string): Buffer {
  return Buffer.alloc(32, keyId)
}
