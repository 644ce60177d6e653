import { fromBase64, textOf } from '../../words/bytes.ts'
import { unauthorized } from '../../words/status-error.ts'
import type { ServerRequest } from '../http.ts'

/** Browsers cannot set headers when they open a WebSocket, but name the protocols that they speak: one of them carries the token. */
const TOKEN_PROTOCOL = 'base64url.bearer.authorization.k8s.io.'

/** Undefined: none is there. Throws StatusError 401 where what is there is no token, or there is no other protocol to agree on. */
export function webSocketToken({ headers }: ServerRequest): string | undefined {
  const header = headers['sec-websocket-protocol']
  if (header?.includes(TOKEN_PROTOCOL) !== true || headers['upgrade']?.toLowerCase() !== 'websocket') return undefined
  const protocols = protocolsIn(header)
  const tokens = protocols.filter(isToken)
  const [encoded = ''] = tokens.map((protocol) => protocol.slice(TOKEN_PROTOCOL.length))
  if (tokens.length === 0 || (tokens.length === 1 && encoded === '')) return undefined
  const token = /^[\w-]+$/.test(encoded) ? fromBase64(padded(encoded.replaceAll('-', '+').replaceAll('_', '/'))) : undefined
  if (tokens.length > 1 || token === undefined || protocols.length === 1) throw unauthorized()
  return textOf(token)
}

/** For whoever is asked in the client's stead: the token is for this server alone. */
export function withoutTokenProtocol(header: string): string {
  return protocolsIn(header).filter((protocol) => !isToken(protocol)).join(', ')
}

function protocolsIn(header: string): readonly string[] {
  return header.split(',').map((protocol) => protocol.trim())
}

function isToken(protocol: string): boolean {
  return protocol.startsWith(TOKEN_PROTOCOL)
}

function padded(base64: string): string {
  return base64.padEnd(Math.ceil(base64.length / 4) * 4, '=')
}
