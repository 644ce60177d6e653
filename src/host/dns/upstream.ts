import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { connect, isIPv6 } from 'node:net'

const TRY_TIMEOUT_MS = 2_000
const MAX_IN_FLIGHT = 512
const MAX_ANSWER_BYTES = 65_535
const DNS_PORT = 53

/** A name server outside the cluster. */
export interface UpstreamServer {
  readonly address: string
  readonly port: number
}

/** Passes questions on, as they came, to the first server that answers. */
export class Upstream {
  readonly #servers: readonly UpstreamServer[]
  #inFlight = 0

  constructor(servers: readonly UpstreamServer[]) {
    this.#servers = servers
  }

  /** The answer's bytes with the question's id; undefined when nobody answered in time, or there is nobody to ask. */
  async ask(question: Buffer, protocol: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    if (this.#inFlight >= MAX_IN_FLIGHT) return undefined
    this.#inFlight += 1
    try {
      for (const server of this.#servers) {
        const answer = await (protocol === 'udp' ? askByUdp(server, question) : askByTcp(server, question))
        if (answer === undefined) continue
        question.copy(answer, 0, 0, 2)
        return answer
      }
      return undefined
    } finally {
      this.#inFlight -= 1
    }
  }
}

/** The machine's own name servers, without those that are this very cluster's. */
export function systemServers(path = '/etc/resolv.conf'): UpstreamServer[] {
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return []
  }
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => ({ address: match[1] ?? '', port: DNS_PORT }))
}

/** A socket of its own for each question, with a random id: an answer can only be forged by who sees the question. */
function askByUdp(server: UpstreamServer, question: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4')
    const own = withRandomId(question)
    const finish = (answer: Buffer | undefined): void => {
      clearTimeout(timer)
      socket.close()
      resolve(answer)
    }
    const timer = setTimeout(() => finish(undefined), TRY_TIMEOUT_MS)
    socket.on('error', () => finish(undefined))
    socket.on('message', (message) => {
      if (message.length >= 12 && message.readUInt16BE(0) === own.readUInt16BE(0)) finish(message)
    })
    socket.connect(server.port, server.address, () => socket.send(own))
  })
}

function askByTcp(server: UpstreamServer, question: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const own = withRandomId(question)
    const socket = connect({ host: server.address, port: server.port, timeout: TRY_TIMEOUT_MS })
    let received = Buffer.alloc(0)
    const finish = (answer: Buffer | undefined): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('timeout', () => finish(undefined))
    socket.on('error', () => finish(undefined))
    socket.on('close', () => finish(undefined))
    socket.on('connect', () => socket.write(Buffer.concat([lengthPrefix(own.length), own])))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length > MAX_ANSWER_BYTES + 2) return finish(undefined)
      const end = received.length < 2 ? Infinity : 2 + received.readUInt16BE(0)
      if (received.length >= end) finish(Buffer.from(received.subarray(2, end)))
    })
  })
}

function withRandomId(question: Buffer): Buffer {
  const own = Buffer.from(question)
  own.writeUInt16BE(randomInt(0x10000), 0)
  return own
}

export function lengthPrefix(length: number): Buffer {
  const prefix = Buffer.alloc(2)
  prefix.writeUInt16BE(length, 0)
  return prefix
}
