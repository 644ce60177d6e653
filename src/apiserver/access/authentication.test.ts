import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authorizer, User } from '../access.ts'
import type { ServerRequest } from '../http.ts'
import { ManualClock } from '../../words/manual-clock.testing.ts'
import type { Clock } from '../../words/ports.ts'
import { impersonate } from './impersonation.ts'
import { authenticate } from './authentication.ts'
import { CertificateAuthenticator } from './certificate-authenticator.ts'
import { readerOf, userNamed } from './object-reader.testing.ts'
import { bearerToken } from './bearer-token.ts'
import { RequestHeaderAuthenticator, requestHeadersOf } from './request-header-authenticator.ts'
import { shownCertificates } from './shown-certificate.ts'
import { TokenAuthenticator } from './token-authenticator.ts'
import { withoutTokenProtocol } from './websocket-token.ts'
import { BearerAuthenticator } from './token-reviewers.ts'
import type { TokenClaims, TokenVerifier } from './token-claims.ts'

const nowMs = Date.parse('2026-01-01T00:00:00Z')
const clock: Clock = { now: () => nowMs, after: () => () => undefined }
const issuer = 'https://issuer'

function request(headers: Record<string, string>, certificate?: ServerRequest['peer']['certificate']): ServerRequest {
  return {
    method: 'GET', path: '/', query: '', headers, peer: { address: '127.0.0.1', certificate },
    body: () => Promise.resolve(new Uint8Array()), signal: new AbortController().signal,
  }
}

const claims: TokenClaims = {
  namespace: 'shop', serviceAccount: { name: 'web', uid: 'sa-1' }, pod: { name: 'web-1', uid: 'pod-1' }, secret: undefined, node: { name: 'n1', uid: 'node-1' },
  audiences: [issuer], tokenId: 'abc', issuedAt: nowMs, expiresAt: nowMs + 1,
}
const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web', namespace: 'shop', uid: 'sa-1' } }
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-1', namespace: 'shop', uid: 'pod-1' } }

function tokens(objects: Parameters<typeof readerOf>[0], own: Partial<TokenClaims> = {}): TokenAuthenticator {
  const ours = { ...claims, ...own }
  const verifier: TokenVerifier = {
    verify: (token) => Promise.resolve(token === 'good' ? { outcome: 'valid', claims: ours } : token === 'bad' ? { outcome: 'invalid', why: 'x' } : { outcome: 'foreign' }),
  }
  return new TokenAuthenticator({ verifier, reader: readerOf(objects), clock, audiences: [issuer] })
}

const allowAll: Authorizer = { authorize: () => ({ allowed: true, reason: '' }) }
const allowNothing: Authorizer = { authorize: () => ({ allowed: false, reason: '' }) }

test('who asks', async () => {
  const authenticators = [new CertificateAuthenticator(clock), new BearerAuthenticator(tokens([account, pod]))]
  const certificate = { commonName: 'anna', organizations: ['dev', 'ops'] }
  const table: [ServerRequest, string, readonly string[]][] = [
    [request({}), 'system:anonymous', ['system:unauthenticated']],
    [request({}, certificate), 'anna', ['dev', 'ops', 'system:authenticated']],
    [request({ authorization: 'Bearer good' }), 'system:serviceaccount:shop:web', ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated']],
  ]
  for (const [asked, name, groups] of table) {
    const user = await authenticate(authenticators, asked)
    assert.deepEqual([user.name, user.groups], [name, groups])
    assert.equal(await authenticate(authenticators, asked), user, 'the same User object for the same credentials')
  }
  const numbered = await authenticate(authenticators, request({}, { ...certificate, fingerprint: 'ab12' }))
  assert.deepEqual(numbered.extra, { 'authentication.kubernetes.io/credential-id': ['X509SHA256=ab12'] })
  for (const authorization of ['Bearer bad', 'Bearer other', 'Basic YTpi', 'Bearer', 'nonsense']) {
    await assert.rejects(async () => authenticate(authenticators, request({ authorization })), { code: 401, message: 'Unauthorized' }, authorization)
  }
})

test('what a token is bound to must be there', async () => {
  const ending = (deletionTimestamp: string) => ({ ...pod, metadata: { ...pod.metadata, deletionTimestamp } })
  const table: [string, TokenAuthenticator, boolean][] = [
    ['all there', tokens([account, pod]), true],
    ['no account', tokens([pod]), false],
    ['another account of the same name', tokens([{ ...account, metadata: { ...account.metadata, uid: 'sa-2' } }, pod]), false],
    ['no pod', tokens([account]), false],
    ['another pod of the same name', tokens([account, { ...pod, metadata: { ...pod.metadata, uid: 'pod-2' } }]), false],
    ['a pod that shuts down', tokens([account, ending('2025-12-31T23:59:30Z')]), true],
    ['a pod that should be gone', tokens([account, ending('2025-12-31T23:58:00Z')]), false],
    ['another audience', tokens([account, pod], { audiences: ['vault'] }), false],
    ['bound to no pod', tokens([account], { pod: undefined, node: undefined }), true],
    ['bound to a node that is gone', tokens([account], { pod: undefined }), false],
    ['bound to a Secret that is gone', tokens([account], { pod: undefined, node: undefined, secret: { name: 's', uid: 'u' } }), false],
  ]
  for (const [name, authenticator, expected] of table) {
    assert.equal((await authenticator.review('good', [])).outcome === 'user', expected, name)
  }
  const found = await tokens([account, pod], { audiences: ['vault', issuer] }).review('good', ['vault', 'other'])
  assert.deepEqual(found.outcome === 'user' && found.audiences, ['vault'])
})

test('the extra of a token\'s user', async () => {
  const found = await tokens([account, pod]).review('good', [])
  assert.deepEqual(found.outcome === 'user' && found.user.extra, {
    'authentication.kubernetes.io/credential-id': ['JTI=abc'], 'authentication.kubernetes.io/node-name': ['n1'], 'authentication.kubernetes.io/node-uid': ['node-1'],
    'authentication.kubernetes.io/pod-name': ['web-1'], 'authentication.kubernetes.io/pod-uid': ['pod-1'],
  })
})

test('bearer tokens in headers', () => {
  const table: [string | undefined, string | undefined][] = [
    [undefined, undefined], ['Bearer abc', 'abc'], ['bearer  abc ', 'abc'], ['Bearer', undefined], ['Bearer a b', undefined], ['Basic abc', undefined],
  ]
  for (const [header, expected] of table) assert.equal(bearerToken(header), expected)
})

test('impersonation', async () => {
  const admin = userNamed('admin')
  const table: [Record<string, string>, Partial<User>][] = [
    [{}, admin],
    [{ 'impersonate-user': 'anna' }, { name: 'anna', groups: ['system:authenticated'] }],
    [{ 'impersonate-user': 'anna', 'impersonate-group': 'cn=a, ou=b\ndev' }, { name: 'anna', groups: ['cn=a, ou=b', 'dev', 'system:authenticated'] }],
    [{ 'impersonate-user': 'system:serviceaccount:a:b' }, { groups: ['system:serviceaccounts', 'system:serviceaccounts:a', 'system:authenticated'] }],
    [{ 'impersonate-user': 'system:anonymous' }, { name: 'system:anonymous', groups: ['system:unauthenticated'] }],
    [{ 'impersonate-user': 'system:anonymous', 'impersonate-group': 'a' }, { groups: ['a', 'system:unauthenticated'] }],
    [{ 'impersonate-user': 'anna', 'impersonate-group': 'system:unauthenticated' }, { groups: ['system:unauthenticated'] }],
    [{ 'impersonate-user': 'anna', 'impersonate-uid': '7', 'impersonate-extra-acme.com%2fteam': 'a\nb' }, { uid: '7', extra: { 'acme.com/team': ['a', 'b'] } }],
  ]
  for (const [headers, expected] of table) {
    const user = await impersonate(admin, headers, allowAll)
    assert.deepEqual({ ...user, ...expected }, user)
  }
  const nobody: [Record<string, string>, string][] = [
    [{ 'impersonate-group': 'dev' }, '{Group  dev    }'],
    [{ 'impersonate-uid': '7' }, '{UID  7  authentication.k8s.io/v1  }'],
    [{ 'impersonate-extra-scopes': 'a' }, '{UserExtra  a  authentication.k8s.io/v1  scopes}'],
  ]
  for (const [headers, asked] of nobody) {
    assert.throws(() => impersonate(admin, headers, allowAll), { code: 500, message: `Internal error occurred: requested [${asked}] without impersonating a user` })
  }
})

test('impersonation is checked part by part', () => {
  const checked: string[] = []
  const recorder: Authorizer = {
    authorize(_user, info) {
      checked.push([info.verb, info.group, info.resource, info.subresource, info.namespace, info.name].join(' '))
      return { allowed: true, reason: '' }
    },
  }
  const headers = { 'impersonate-user': 'system:serviceaccount:a:b', 'impersonate-group': 'g', 'impersonate-uid': '7', 'impersonate-extra-scopes': 's' }
  void impersonate(userNamed('admin'), headers, recorder)
  assert.deepEqual(checked, [
    'impersonate  serviceaccounts  a b', 'impersonate  groups   g',
    'impersonate authentication.k8s.io userextras scopes  s', 'impersonate authentication.k8s.io uids   7',
  ])
  assert.throws(() => impersonate(userNamed('eve'), { 'impersonate-user': 'anna' }, allowNothing), {
    code: 403, message: 'users "anna" is forbidden: User "eve" cannot impersonate resource "users" in API group "" at the cluster scope',
  })
})

test('a browser says its token among the protocols of its WebSocket', async () => {
  const authenticators = [new BearerAuthenticator(tokens([account, pod]))]
  const prefix = 'base64url.bearer.authorization.k8s.io.'
  const [good, bad] = ['Z29vZA', 'YmFk']
  const table: [protocols: string, expected: string, upgrade?: string][] = [
    [`v5.channel.k8s.io, ${prefix}${good}`, 'system:serviceaccount:shop:web'],
    [`${prefix}${good},v5.channel.k8s.io`, 'system:serviceaccount:shop:web', 'WebSocket'],
    [`v5.channel.k8s.io, ${prefix}${bad}`, 'Unauthorized'],
    [`${prefix}${good}`, 'Unauthorized'],
    [`v5.channel.k8s.io, ${prefix}${good}, ${prefix}${good}`, 'Unauthorized'],
    [`v5.channel.k8s.io, ${prefix}Z29=`, 'Unauthorized'],
    [`v5.channel.k8s.io, ${prefix}`, 'system:anonymous'],
    ['v5.channel.k8s.io', 'system:anonymous'],
    [`v5.channel.k8s.io, ${prefix}${good}`, 'system:anonymous', 'SPDY/3.1'],
  ]
  for (const [protocols, expected, upgrade = 'websocket'] of table) {
    const asked = request({ connection: 'Upgrade', upgrade, 'sec-websocket-protocol': protocols })
    const seen = await Promise.resolve().then(() => authenticate(authenticators, asked)).then(({ name }) => name, (error) => String(error.message))
    assert.equal(seen, expected, protocols)
  }
  assert.equal(withoutTokenProtocol(`v5.channel.k8s.io, ${prefix}${good},v4.channel.k8s.io`), 'v5.channel.k8s.io, v4.channel.k8s.io')
})

test('a certificate counts to its end, however long the connection lives', async () => {
  const manual = new ManualClock(nowMs)
  const proxies = new RequestHeaderAuthenticator(requestHeadersOf(['proxy']), manual)
  const authenticators = [proxies, new CertificateAuthenticator(manual), new BearerAuthenticator(tokens([account, pod])), shownCertificates(manual)]
  const certificate = { commonName: 'anna', organizations: [] }
  const forBob = { 'x-remote-user': 'bob' }
  const bearer = { authorization: 'Bearer good' }
  const web = 'system:serviceaccount:shop:web'
  const table: [peer: Omit<ServerRequest['peer'], 'address'>, headers: Record<string, string>, before: string, after: string][] = [
    [{ certificate, validUntil: nowMs }, {}, 'anna', 'Unauthorized'],
    [{ certificate, validUntil: nowMs }, bearer, 'anna', web],
    [{ certificate }, {}, 'anna', 'anna'],
    [{ certificate: undefined, proxyName: 'proxy', validUntil: nowMs }, forBob, 'bob', 'Unauthorized'],
    [{ certificate: undefined, proxyName: 'proxy', validUntil: nowMs }, {}, 'Unauthorized', 'Unauthorized'],
    [{ certificate: undefined, proxyName: 'another', validUntil: nowMs }, forBob, 'Unauthorized', 'Unauthorized'],
    [{ certificate: undefined, validUntil: 0 }, forBob, 'Unauthorized', 'Unauthorized'],
    [{ certificate: undefined, validUntil: 0 }, bearer, web, web],
    [{ certificate: { commonName: '', organizations: [] }, validUntil: nowMs }, {}, 'system:anonymous', 'Unauthorized'],
    [{ certificate: undefined }, {}, 'system:anonymous', 'system:anonymous'],
  ]
  const seen = async (row: (typeof table)[number]): Promise<string> => {
    const [peer, headers] = row
    const asked = { ...request(headers), peer: { address: '127.0.0.1', ...peer } }
    return Promise.resolve().then(() => authenticate(authenticators, asked)).then(({ name }) => name, (error) => String(error.message))
  }
  for (const row of table) assert.equal(await seen(row), row[2], JSON.stringify(row))
  await manual.pass(1)
  for (const row of table) assert.equal(await seen(row), row[3], JSON.stringify(row))
})
