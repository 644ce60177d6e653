import { thrownMessage } from '../../words/thrown.ts'

/** A failed connection in the words that users know from upstream: dial tcp 10.0.0.1:80: connect: connection refused. */
export function dialError(host: string, port: number, error: unknown): string {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = REASONS[code]
  if (known !== undefined) return `dial tcp ${address}: ${known}`
  return `dial tcp ${address}: ${thrownMessage(error)}`
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
  ENOTFOUND: 'lookup failed: no such host',
}
