import { dialError } from './probe/dial-error.ts'
import { thrownMessage } from '../words/thrown.ts'

export interface Called {
  /** Where the connection went. */
  readonly host: string
  readonly port: number
  /** Whom the certificate had to name. */
  readonly serverName: string
}

const UNTRUSTED: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_GET_ISSUER_CERT', 'CERT_SIGNATURE_FAILURE',
])
const UNCONNECTED: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'])

/** Why a call over TLS failed, in the words of Go: people look for "connection refused" and "x509" in what a cluster tells them. */
export function callFailure({ host, port, serverName }: Called, thrown: unknown): string {
  const error = innermost(thrown)
  const code = textOf(error, 'code')
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${host}: no such host`
  if (code === 'EAI_AGAIN') return `dial tcp: lookup ${host}: server misbehaving`
  if (UNCONNECTED.has(code)) return dialError(textOf(error, 'address') || host, port, error)
  if (UNTRUSTED.has(code)) return unverified('certificate signed by unknown authority')
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return unverified('certificate has expired or is not yet valid')
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return unverified(misnamed(serverName, error))
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') return 'http: server gave HTTP response to HTTPS client'
  if (code === 'ECONNRESET') return RESETS[thrownMessage(error)] ?? 'read: connection reset by peer'
  return thrownMessage(error)
}

/** As node words a connection that is closed before the answer has begun, and within it. */
const RESETS: Readonly<Record<string, string>> = { 'socket hang up': 'EOF', aborted: 'unexpected EOF' }

/** Where a name stands for several addresses, the last of them is told. */
function innermost(thrown: unknown): unknown {
  return thrown instanceof AggregateError ? (thrown.errors.at(-1) ?? thrown) : thrown
}

function textOf(error: unknown, field: 'code' | 'address'): string {
  const value: unknown = error instanceof Error && field in error ? Reflect.get(error, field) : undefined
  return typeof value === 'string' ? value : ''
}

function unverified(why: string): string {
  return `tls: failed to verify certificate: x509: ${why}`
}

/** The certificate's names come as DNS:a.b, IP Address:1.2.3.4 */
function misnamed(serverName: string, error: unknown): string {
  const certificate: unknown = error instanceof Error ? Reflect.get(error, 'cert') : undefined
  const listed: unknown = certificate instanceof Object ? Reflect.get(certificate, 'subjectaltname') : undefined
  const names = typeof listed === 'string' ? listed.split(', ').map((name) => name.replace(/^[^:]*:/, '')) : []
  return names.length === 0
    ? `certificate is not valid for any names, but wanted to match ${serverName}`
    : `certificate is valid for ${names.join(', ')}, not ${serverName}`
}
