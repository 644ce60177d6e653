import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import { withoutTokenProtocol } from '../apiserver/access/websocket-token.ts'
import { hopNames, NOT_FORWARDED } from './forward-request.ts'
import { refuse } from './refused-upgrade.ts'

export interface UpgradingClient {
  /** As Node gives them: name, value, name, value. */
  readonly headers: readonly string[]
  readonly socket: Duplex
  /** What the client sent after its headers already. */
  readonly head: Uint8Array
}

const NO_ANSWER_MS = 60_000
/** How long a client may take for the last bytes after the other side has closed. */
const LAST_WORDS_MS = 30_000

/**
 * Until the other server has agreed to the upgrade, no byte of the client goes through: on a connection that still speaks HTTP the client
 * could make requests of its own in this server's name (CVE-2018-1002105).
 */
export function passUpgrade(outgoing: ClientRequest, client: UpgradingClient, unreachable: (error: Error) => Error): void {
  const { socket } = client
  const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${NO_ANSWER_MS / 1000} seconds`)), NO_ANSWER_MS)
  let isAnswered = false
  const answered = (): void => {
    isAnswered = true
    clearTimeout(timer)
  }
  outgoing.on('upgrade', (answer, remote, head) => {
    answered()
    joined(client, { answer, remote, head })
  })
  outgoing.on('response', (answer) => {
    answered()
    relay(answer, socket, outgoing)
  })
  outgoing.on('error', (error) => {
    clearTimeout(timer)
    if (isAnswered) return void socket.destroy()
    refuse(socket, unreachable(error))
  })
  socket.on('close', () => outgoing.destroy())
  outgoing.end()
}

/** What the client sent and the other server may see: no credentials, no claims about who asks, nothing that was for this hop alone. */
export function upgradeHeaders(raw: readonly string[]): OutgoingHttpHeaders {
  const kept: Record<string, string[]> = {}
  const ownHop = hopNames(raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === 'connection').join(','))
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    if (NOT_FORWARDED.has(name) || (ownHop.has(name) && name !== 'upgrade')) continue
    // An upgrade brings no body: what follows it waits for the other side's consent.
    if (name === 'content-length') continue
    if (name.startsWith('x-remote-') || name.startsWith('impersonate-')) continue
    const value = raw[index + 1] ?? ''
    ;(kept[name] ??= []).push(name === 'sec-websocket-protocol' ? withoutTokenProtocol(value) : value)
  }
  return { ...kept, connection: 'Upgrade' }
}

interface Upgraded {
  readonly answer: IncomingMessage
  readonly remote: Duplex
  readonly head: Buffer
}

/** pipe waits for the slower side. An end is passed on, and a broken side breaks the other. */
function joined({ socket, head: early }: UpgradingClient, { answer, remote, head }: Upgraded): void {
  socket.write(answerHead(answer, (name) => name !== 'transfer-encoding'))
  if (head.length > 0) socket.write(head)
  if (early.length > 0) remote.write(early)
  remote.on('error', () => undefined)
  socket.pipe(remote)
  remote.pipe(socket)
  socket.on('close', () => remote.destroy())
  remote.on('close', () => {
    socket.end(() => socket.destroy())
    setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref()
  })
}

/** It did not agree: its answer is passed on, and then the connection ends. */
function relay(answer: IncomingMessage, socket: Duplex, outgoing: ClientRequest): void {
  socket.write(answerHead(answer, (name) => name !== 'connection' && name !== 'transfer-encoding', 'connection: close\r\n'))
  answer.on('error', () => socket.destroy())
  answer.pipe(socket)
  answer.on('end', () => outgoing.destroy())
}

function answerHead(answer: IncomingMessage, isKept: (name: string) => boolean, more = ''): string {
  const { statusCode = 502, statusMessage = '', rawHeaders } = answer
  let lines = ''
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (isKept(name.toLowerCase())) lines += `${name}: ${rawHeaders[index + 1] ?? ''}\r\n`
  }
  return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines}${more}\r\n`
}
