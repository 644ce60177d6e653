/**
 * The WebSocket protocols of exec and attach: each message begins with the number of its channel.
 * v5 adds the close signal (KEP-4006); base64 variants are for browsers of old and carry text.
 */
export interface ChannelProtocol {
  readonly name: string
  readonly encoding: 'binary' | 'base64'
  /** The outcome comes as a metav1.Status in JSON on channel 3 (from v4 on); before it, as a sentence and on failure only. */
  readonly statusAsJson: boolean
  readonly closeSignal: boolean
}

export const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

const PROTOCOLS: readonly ChannelProtocol[] = [
  { name: 'v5.channel.k8s.io', encoding: 'binary', statusAsJson: true, closeSignal: true },
  { name: 'v4.channel.k8s.io', encoding: 'binary', statusAsJson: true, closeSignal: false },
  { name: 'v4.base64.channel.k8s.io', encoding: 'base64', statusAsJson: true, closeSignal: false },
  { name: 'base64.channel.k8s.io', encoding: 'base64', statusAsJson: false, closeSignal: false },
  { name: 'channel.k8s.io', encoding: 'binary', statusAsJson: false, closeSignal: false },
]

export const channelProtocolNames: readonly string[] = PROTOCOLS.map((protocol) => protocol.name)

/** A client that names none speaks the first version. */
export function channelProtocol(name: string): ChannelProtocol {
  return PROTOCOLS.find((protocol) => protocol.name === name) ?? { name: '', encoding: 'binary', statusAsJson: false, closeSignal: false }
}

export interface ChannelMessage {
  readonly channel: number
  readonly bytes: Buffer
}

/** Undefined for an empty message, which means nothing. */
export function decodeChannelMessage(protocol: ChannelProtocol, message: Buffer): ChannelMessage | undefined {
  const first = message[0]
  if (first === undefined) return undefined
  if (protocol.encoding === 'binary') return { channel: first, bytes: message.subarray(1) }
  return { channel: first - 0x30, bytes: Buffer.from(message.toString('latin1', 1), 'base64') }
}

/** A Buffer is sent as a binary message, a string as text. */
export function encodeChannelMessage(protocol: ChannelProtocol, number: number, bytes: Buffer): Buffer | string {
  if (protocol.encoding === 'base64') return `${number}${bytes.toString('base64')}`
  const message = Buffer.allocUnsafe(1 + bytes.length)
  message[0] = number
  bytes.copy(message, 1)
  return message
}
