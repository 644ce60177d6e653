import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { parseAuthenticationConfig } from '../apiserver/access/config/authentication-config.ts'
import { JwtReviewer } from '../apiserver/access/jwt/jwt-reviewer.ts'
import { silentLog } from '../words/ports.ts'
import { systemClock } from './clock.ts'
import { issuerDocuments } from './issuer-documents.ts'
import { createClusterPki } from './pki.ts'
import { createTokenSignatures } from './token-signatures.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-issuer-'))
const pki = createClusterPki(directory, { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog })
const [rsa, ec, other] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('ES256'), generateKeyPair('ES256')])
const keySet = { keys: [{ ...await exportJWK(rsa.publicKey), kid: 'rsa' }, { ...await exportJWK(ec.publicKey), kid: 'ec' }, { kty: 'oct', kid: 'shared', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ' }] }

const server = createServer({ cert: pki.apiServer.certificatePem, key: pki.apiServer.keyPem }, (request, response) => {
  const { port } = server.address() as AddressInfo
  const answers: Readonly<Record<string, string>> = {
    '/.well-known/openid-configuration': JSON.stringify({ issuer: `https://127.0.0.1:${port}`, jwks_uri: `https://127.0.0.1:${port}/keys` }),
    '/keys': JSON.stringify(keySet), '/list': '[]', '/rubbish': '<html>', '/huge': `{"a":"${'x'.repeat(2000)}"}`,
  }
  if (request.url === '/silent') return
  if (request.url === '/moved') return void response.writeHead(302, { location: '/keys' }).end()
  const answer = answers[request.url ?? '']
  response.writeHead(answer === undefined ? 404 : 200).end(answer)
})
await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`

after(() => {
  server.close()
  server.closeAllConnections()
  rmSync(directory, { recursive: true })
})

test('documents of issuers are read within limits', async () => {
  const fetch = (path: string, caPem: string | undefined = pki.caPem) => issuerDocuments.fetch({ url: `${origin}${path}`, caPem, timeoutMs: 200, maxBytes: 1000 })
  const table: [string, RegExp][] = [
    ['/gone', /status 404/], ['/moved', /status 302/], ['/list', /no JSON object/], ['/rubbish', /not valid JSON/], ['/huge', /larger than 1000 bytes/], ['/silent', /no answer within 0.2 seconds/],
  ]
  assert.equal((await fetch('/.well-known/openid-configuration'))['issuer'], origin)
  for (const [path, expected] of table) await assert.rejects(fetch(path), expected, path)
  await assert.rejects(fetch('/keys', pki.frontProxy.caPem), /certificate/)
})

test('signatures of all kinds of keys', async () => {
  const signatures = createTokenSignatures()
  const sign = (alg: string, key: Parameters<SignJWT['sign']>[0], kid?: string) => new SignJWT({ a: 1 }).setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) }).sign(key)
  const shared = new TextEncoder().encode('secret-secret-secret-secret-1234')
  const good = await sign('ES256', ec.privateKey, 'ec')
  const table: [string, string, string][] = [
    ['EC', good, 'valid'],
    ['RSA', await sign('RS256', rsa.privateKey, 'rsa'), 'valid'],
    ['without a key id', await sign('ES256', ec.privateKey), 'valid'],
    ['of another key', await sign('ES256', other.privateKey, 'ec'), 'unknown-key'],
    ['with an unknown id', await sign('ES256', other.privateKey, 'new'), 'unknown-key'],
    ['with a shared secret', await sign('HS256', shared, 'shared'), 'invalid'],
    ['without any', `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`, 'invalid'],
    ['cut', good.slice(0, -6), 'unknown-key'],
    ['rubbish', 'a.b.c', 'invalid'],
  ]
  for (const [name, token, expected] of table) assert.equal(await signatures.check(token, keySet), expected, name)
  assert.equal(await signatures.check(good, { keys: [{ kty: 'EC', crv: 'P-256', x: 'rubbish', y: 7, kid: 'ec' }] }), 'invalid')
})

test('from an issuer over TLS to a user', async () => {
  const text = `apiVersion: apiserver.config.k8s.io/v1beta1\nkind: AuthenticationConfiguration\njwt:\n- issuer: ${JSON.stringify({ url: origin, audiences: ['lotse'], certificateAuthority: pki.caPem })}\n  claimMappings: {username: {claim: sub, prefix: "id:"}}\n`
  const [issuer] = parseAuthenticationConfig('f', new TextEncoder().encode(text), []).issuers
  assert.ok(issuer !== undefined)
  const reviewer = new JwtReviewer(issuer, { documents: issuerDocuments, signatures: createTokenSignatures(), clock: systemClock, audiences: ['own'] })
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: 'rsa' }).setIssuer(origin).setAudience('lotse').setSubject('anna').setExpirationTime('1h').sign(rsa.privateKey)
  const found = await reviewer.review(token, [])
  assert.deepEqual(found, { outcome: 'user', user: { name: 'id:anna', uid: '', groups: ['system:authenticated'], extra: {} }, audiences: ['own'] })
})
