import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callFailure } from './call-failure.ts'

function failure(message: string, fields: object): Error {
  return Object.assign(new Error(message), fields)
}

test('failed calls in the words that people look for', () => {
  const refused = failure('connect ECONNREFUSED 10.0.0.1:443', { code: 'ECONNREFUSED', address: '10.0.0.1' })
  const table: [unknown, string][] = [
    [refused, 'dial tcp 10.0.0.1:443: connect: connection refused'],
    [new AggregateError([failure('', { code: 'ECONNREFUSED', address: '::1' }), refused]), 'dial tcp 10.0.0.1:443: connect: connection refused'],
    [failure('', { code: 'ENOTFOUND' }), 'dial tcp: lookup hook.example.com: no such host'],
    [failure('', { code: 'EHOSTUNREACH' }), 'dial tcp hook.example.com:443: connect: no route to host'],
    [failure('self-signed certificate in certificate chain', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'tls: failed to verify certificate: x509: certificate signed by unknown authority'],
    [failure('', { code: 'CERT_HAS_EXPIRED' }), 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid'],
    [failure('', { code: 'ERR_TLS_CERT_ALTNAME_INVALID', cert: { subjectaltname: 'DNS:a.b, IP Address:1.2.3.4' } }), 'tls: failed to verify certificate: x509: certificate is valid for a.b, 1.2.3.4, not hook.ns.svc'],
    [failure('', { code: 'ERR_TLS_CERT_ALTNAME_INVALID', cert: {} }), 'tls: failed to verify certificate: x509: certificate is not valid for any names, but wanted to match hook.ns.svc'],
    [failure('', { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }), 'http: server gave HTTP response to HTTPS client'],
    [failure('socket hang up', { code: 'ECONNRESET' }), 'EOF'],
    [failure('aborted', { code: 'ECONNRESET' }), 'unexpected EOF'],
    [failure('read ECONNRESET', { code: 'ECONNRESET' }), 'read: connection reset by peer'],
    [new Error('context deadline exceeded: no answer within 1 seconds'), 'context deadline exceeded: no answer within 1 seconds'],
    ['a text', 'a text'],
  ]
  for (const [thrown, expected] of table) assert.equal(callFailure({ host: 'hook.example.com', port: 443, serverName: 'hook.ns.svc' }, thrown), expected)
})
