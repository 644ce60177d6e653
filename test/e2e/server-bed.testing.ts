/** A control plane of its own as a real process, and clients that may misbehave: raw HTTP/2, raw bytes over TLS, the typed client. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { createHttpClient } from '../../src/client/http-client.ts'
import type { Client } from '../../src/client/client.ts'
import { systemClock } from '../../src/host/clock.ts'
import { createHttpsTransport } from '../../src/host/https-transport.ts'
import { isObject, type JsonObject } from '../../src/objects/json.ts'

const ROOT = join(import.meta.dirname, '../..')
const COMMAND_TIMEOUT_MS = 90_000
const ANSWER_TIMEOUT_MS = 10_000

export interface Ran {
  readonly code: number
  readonly output: string
}

export type Identity =
  | { readonly as: 'admin' }
  | { readonly as: 'nobody' }
  | { readonly as: 'token'; readonly token: string }
  | { readonly as: 'certificate'; readonly certificatePem: string; readonly keyPem: string }

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The body, where it is a JSON object. */
  readonly json: JsonObject
}

export interface CallOptions {
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Api {
  readonly session: ClientHttp2Session
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  close(): void
}

export interface ServerBed {
  readonly port: number
  readonly directory: string
  readonly dataDirectory: string
  /** Of the commands: kubeconfig and the like. */
  readonly home: string
  readonly storeFile: string
  lotse(...parameters: string[]): Promise<Ran>
  /** `lotse up`, which must succeed. */
  up(): Promise<void>
  pid(): number
  residentBytes(): number
  /** SIGKILL, also while it starts; resolves when the process is gone. */
  kill(): Promise<void>
  log(): string
  readKey(file: string): string
  connect(identity?: Identity): Api
  tls(protocol: 'h2' | 'http/1.1', identity?: Identity): Promise<TLSSocket>
  typed(): { readonly client: Client; close(): void }
  /** Everything that the cluster made is removed. */
  remove(): Promise<void>
}

/** directory: where the data goes; absent: a temporary one. */
export async function startServer(name: string, directory: string = mkdtempSync(join(tmpdir(), `lotse-${name}-`))): Promise<ServerBed> {
  const bed = serverIn(directory, name)
  // Without a port: each cluster of this machine has ports of its own to choose from.
  const up = await bed.lotse('up', '--nodes', '0')
  if (up.code === 0) return bed
  await bed.remove()
  assert.fail(`lotse up failed: ${up.output}`)
}

export function serverIn(directory: string, name: string): ServerBed {
  const dataDirectory = join(directory, 'data')
  // Apart from the data, whose disk may be full.
  const home = mkdtempSync(join(tmpdir(), `lotse-home-${name}-`))
  const lotse: ServerBed['lotse'] = (...parameters) => runLotse(home, [...parameters, '--name', name, '--data-dir', dataDirectory])
  const readKey = (file: string): string => readFileSync(join(dataDirectory, 'pki', file), 'utf8')
  const pid = (): number => Number(readFileSync(join(dataDirectory, 'run/server.pid'), 'utf8').split(' ', 1)[0])
  const port = (): number => (JSON.parse(readFileSync(join(dataDirectory, 'cluster.json'), 'utf8')) as { port: number }).port
  const server = (): string => `https://127.0.0.1:${port()}`
  return {
    get port() {
      return port()
    },
    directory, dataDirectory, home, lotse, readKey, pid,
    storeFile: join(dataDirectory, 'store/data.mdb'),
    async up() {
      const ran = await lotse('up')
      assert.equal(ran.code, 0, ran.output)
    },
    residentBytes: () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid()}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    kill: () => killAndWait(pid()),
    log: () => readFileSync(join(dataDirectory, 'logs/server.log'), 'utf8'),
    connect: (identity = { as: 'admin' }) => connectApi(server(), { ca: readKey('ca.crt'), ...tlsIdentity(identity, readKey) }, identity),
    tls: (protocol, identity = { as: 'admin' }) => new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: port(), ca: readKey('ca.crt'), ALPNProtocols: [protocol], ...tlsIdentity(identity, readKey) }
      const socket = connectTls(options, () => resolve(socket))
      socket.once('error', reject)
    }),
    typed() {
      const credentials = { type: 'certificate' as const, certificatePem: readKey('admin.crt'), keyPem: readKey('admin.key') }
      const transport = createHttpsTransport({ server: server(), caPem: readKey('ca.crt'), credentials, clock: systemClock })
      return { client: createHttpClient(transport), close: () => transport.close() }
    },
    async remove() {
      const down = await lotse('down', '--purge')
      for (const path of [directory, home]) rmSync(path, { recursive: true, force: true })
      assert.equal(down.code, 0, down.output)
    },
  }
}

function runLotse(home: string, parameters: readonly string[]): Promise<Ran> {
  const env = { ...process.env, KUBECONFIG: join(home, 'kubeconfig'), HOME: home, XDG_DATA_HOME: join(home, 'share') }
  return new Promise((resolve) => {
    execFile(join(ROOT, 'lotse'), parameters, { env, timeout: COMMAND_TIMEOUT_MS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, output: `${stdout}${stderr}` })
    })
  })
}

async function killAndWait(pid: number): Promise<void> {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  for (let attempt = 0; attempt < 500 && isAlive(pid); attempt++) await sleep(10)
  assert(!isAlive(pid), `process ${pid} is still there`)
}

function isAlive(pid: number): boolean {
  try {
    // A zombie waits for its parent, and does nothing any more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

function tlsIdentity(identity: Identity, readKey: (file: string) => string): { cert?: string; key?: string } {
  if (identity.as === 'admin') return { cert: readKey('admin.crt'), key: readKey('admin.key') }
  return identity.as === 'certificate' ? { cert: identity.certificatePem, key: identity.keyPem } : {}
}

function connectApi(server: string, options: { ca: string; cert?: string; key?: string }, identity: Identity): Api {
  const session = connectHttp2(server, { ...options, settings: { initialWindowSize: 1024 * 1024 } })
  session.on('error', () => undefined)
  session.setMaxListeners(0)
  const authorization = identity.as === 'token' ? { authorization: `Bearer ${identity.token}` } : {}
  return {
    session,
    call: (method, path, options = {}) => exchange(session, { ...authorization, ':method': method, ':path': path, ...headersOf(options) }, bodyOf(options)),
    close: () => session.destroy(),
  }
}

function headersOf({ body, type, headers }: CallOptions): Record<string, string> {
  return { ...(body === undefined ? {} : { 'content-type': type ?? 'application/json' }), ...headers }
}

function bodyOf({ body }: CallOptions): Uint8Array | undefined {
  if (body === undefined) return undefined
  if (body instanceof Uint8Array) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

/** Rejects when the stream ends without an answer. */
function exchange(session: ClientHttp2Session, headers: Record<string, string>, body: Uint8Array | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined })
    const chunks: Buffer[] = []
    let head: Record<string, unknown> | undefined
    const timer = setTimeout(() => {
      stream.destroy()
      reject(new Error(`no answer to ${headers[':method']} ${headers[':path']?.slice(0, 100)} within ${ANSWER_TIMEOUT_MS} ms`))
    }, ANSWER_TIMEOUT_MS)
    stream.on('response', (received) => (head = received))
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', () => undefined)
    const settle = (): void => {
      clearTimeout(timer)
      if (head === undefined) return reject(new Error(`the stream was closed without an answer (HTTP/2 code ${stream.rstCode})`))
      resolve(answerOf(head, Buffer.concat(chunks).toString()))
    }
    // An answer may come before the request is out; Node keeps such a stream open.
    stream.on('end', settle)
    stream.on('close', settle)
    if (body !== undefined) stream.end(body)
  })
}

function answerOf(head: Record<string, unknown>, text: string): Answer {
  const headers = Object.fromEntries(Object.entries(head).map(([name, value]) => [name, String(value)]))
  return { status: Number(head[':status']), headers, text, json: jsonOf(text) }
}

function jsonOf(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

/** What a failure says: 422 Invalid: message. Also that the Status is whole and says the same as the status line. */
export function failureOf(answer: Answer): string {
  const { kind, status, code, reason, message } = answer.json
  assert.deepEqual({ kind, status, code }, { kind: 'Status', status: 'Failure', code: answer.status }, `a Status, not ${answer.status} ${answer.text.slice(0, 300)}`)
  return `${answer.status} ${String(reason)}: ${String(message)}`
}

/** Lines of the log that must not be there: errors, and defects. */
export function errorLines(log: string): string[] {
  return log.split('\n').filter((line) => line !== '' && (!line.startsWith('{') || line.includes('"level":"error"')))
}
