import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../objects/json.ts'
import { toBase64, utf8 } from '../../../words/bytes.ts'
import { TestClock } from '../../apiserver.testing.ts'
import { parseAuthenticationConfig, type JwtIssuer } from '../config/authentication-config.ts'
import type { IssuerDocuments } from './issuer-keys.ts'
import { JwtReviewer, type SignatureChecker } from './jwt-reviewer.ts'

const clock = new TestClock()
const now = clock.now() / 1000
const own = ['https://own.example']
const claims = { iss: 'https://id.example', aud: 'lotse', sub: '42', exp: now + 60, email: 'anna@example.org', email_verified: true, groups: ['dev', 'ops'], tenant: 'shop' }

/** Signed by the key that is named in place of a signature. */
function tokenOf(payload: JsonObject, key = 'k1'): string {
  const encoded = (value: object): string => toBase64(utf8(JSON.stringify(value))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  return `${encoded({ alg: 'ES256' })}.${encoded(payload)}.${key}`
}

const signatures: SignatureChecker = {
  async check(token, keySet) {
    const key = token.split('.')[2]
    if (key === 'broken') return 'invalid'
    return (keySet['keys'] as { kid: string }[]).some(({ kid }) => kid === key) ? 'valid' : 'unknown-key'
  },
}

/** An issuer that counts how often it is asked. */
function documents(keys: string[] = ['k1'], more: { issuer?: string; fails?: boolean } = {}): IssuerDocuments & { asked: string[]; keys: string[]; fails: boolean } {
  return {
    asked: [], keys, fails: more.fails ?? false,
    async fetch({ url }) {
      this.asked.push(url)
      if (this.fails) throw new Error('no connection')
      if (url.endsWith('/keys')) return { keys: this.keys.map((kid) => ({ kid })) }
      return { issuer: more.issuer ?? 'https://id.example', jwks_uri: 'https://id.example/keys' }
    },
  }
}

function issuerOf(fields: string, audiences = '[lotse]'): JwtIssuer {
  const text = `apiVersion: apiserver.config.k8s.io/v1beta1\nkind: AuthenticationConfiguration\njwt:\n- issuer: {url: https://id.example, audiences: ${audiences}, audienceMatchPolicy: MatchAny}\n${fields}`
  const [issuer] = parseAuthenticationConfig('f', utf8(text), []).issuers
  assert.ok(issuer !== undefined)
  return issuer
}

const plain = '  claimMappings: {username: {claim: sub, prefix: "id:"}, groups: {claim: groups, prefix: "g:"}, uid: {claim: sub}}\n'

async function review(issuer: JwtIssuer, payload: JsonObject, key?: string): Promise<unknown> {
  const reviewer = new JwtReviewer(issuer, { documents: documents(), signatures, clock, audiences: own })
  const found = await reviewer.review(tokenOf(payload, key), [])
  if (found.outcome === 'user') return { ...found.user, extra: { ...found.user.extra } }
  return found.outcome === 'foreign' ? 'foreign' : found.why
}

test('whose tokens count', async () => {
  const anna = { name: 'id:42', uid: '42', groups: ['g:dev', 'g:ops', 'system:authenticated'], extra: {} }
  const table: [JsonObject, string | undefined, unknown][] = [
    [claims, undefined, anna],
    [{ ...claims, aud: ['x', 'lotse'] }, undefined, anna],
    [{ ...claims, iss: 'https://other.example' }, undefined, 'foreign'],
    [{ ...claims, aud: 'x' }, undefined, 'oidc: verify token: the token is for another audience'],
    [{ ...claims, exp: now }, undefined, 'oidc: verify token: the token is expired'],
    [{ ...claims, exp: undefined }, undefined, 'oidc: verify token: the token is expired'],
    [{ ...claims, nbf: now + 240 }, undefined, anna],
    [{ ...claims, nbf: now + 360 }, undefined, 'oidc: verify token: the token is not valid yet'],
    [claims, 'k9', 'oidc: verify token: failed to verify signature'],
    [claims, 'broken', 'oidc: verify token: failed to verify signature'],
  ]
  for (const [payload, key, expected] of table) assert.deepEqual(await review(issuerOf(plain), payload, key), expected, JSON.stringify(payload))
  const reviewer = new JwtReviewer(issuerOf(plain), { documents: documents(), signatures, clock, audiences: own })
  for (const token of ['', 'a.b.c', 'abc', 'a.b', `${tokenOf(claims)}.x`]) assert.deepEqual(await reviewer.review(token, []), { outcome: 'foreign' }, token)
  assert.deepEqual((await reviewer.review(tokenOf(claims), ['vault'])).outcome, 'foreign')
  const both = await reviewer.review(tokenOf(claims), ['vault', ...own])
  assert.deepEqual(both.outcome === 'user' && both.audiences, own)
})

test('claims become a user', async () => {
  const user = (username: string, more = ''): string => `  claimMappings: {username: ${username}${more}}\n`
  const table: [string, JsonObject, unknown][] = [
    [user('{expression: "claims.email_verified ? claims.email : claims.sub"}'), claims, { name: 'anna@example.org' }],
    [user('{expression: "\'p:\' + claims.sub"}', ', groups: {expression: "claims.groups.map(g, \'x:\' + g)"}, uid: {expression: claims.tenant}'), claims,
      { name: 'p:42', uid: 'shop', groups: ['x:dev', 'x:ops', 'system:authenticated'] }],
    [user('{claim: email, prefix: ""}'), claims, { name: 'anna@example.org' }],
    [user('{claim: email, prefix: ""}'), { ...claims, email_verified: false }, 'oidc: email not verified'],
    [user('{claim: email, prefix: ""}'), { ...claims, email_verified: 'yes' }, "oidc: parse 'email_verified' claim: it is no boolean"],
    [user('{claim: sub, prefix: ""}'), { ...claims, jti: 'j1' }, { extra: { 'authentication.kubernetes.io/credential-id': ['JTI=j1'] } }],
    [user('{claim: name, prefix: ""}'), claims, 'oidc: parse username claims "name": claim not present'],
    [user('{claim: groups, prefix: ""}'), claims, 'oidc: parse username claims "groups": it is no string'],
    [user('{claim: sub, prefix: "x"}'), { ...claims, sub: '' }, 'oidc: the username is empty'],
    [user('{expression: claims.groups}'), claims, 'oidc: error evaluating username claim expression: it gives no string'],
    [user('{expression: claims.name}'), claims, 'oidc: error evaluating username claim expression: no such key: name'],
    [user('{claim: sub, prefix: ""}', ', groups: {claim: tenant, prefix: ""}'), claims, { groups: ['shop', 'system:authenticated'] }],
    [user('{claim: sub, prefix: ""}', ', groups: {claim: none, prefix: ""}'), claims, { groups: ['system:authenticated'] }],
    [user('{claim: sub, prefix: ""}', ', groups: {claim: exp, prefix: ""}'), claims, 'oidc: groups claim "exp": it is neither a string nor a list of strings'],
    [user('{claim: sub, prefix: ""}', ', extra: [{key: a.example/t, valueExpression: claims.tenant}, {key: a.example/u, valueExpression: "\'\'"}]'), claims, { extra: { 'a.example/t': ['shop'] } }],
    [`${user('{claim: sub, prefix: ""}')}  claimValidationRules: [{claim: tenant, requiredValue: shop}]\n`, claims, { name: '42' }],
    [`${user('{claim: sub, prefix: ""}')}  claimValidationRules: [{claim: tenant, requiredValue: bank}]\n`, claims, 'oidc: required claim tenant value does not match'],
    [`${user('{claim: sub, prefix: ""}')}  claimValidationRules: [{claim: hd, requiredValue: x}]\n`, claims, 'oidc: required claim hd not present in ID token'],
    [`${user('{claim: sub, prefix: ""}')}  claimValidationRules: [{expression: "claims.exp - 100 > 0", message: too old}]\n`, { ...claims, exp: now + 1 }, { name: '42' }],
    [`${user('{claim: sub, prefix: ""}')}  claimValidationRules: [{expression: "claims.tenant == \'bank\'", message: not our bank}]\n`, claims,
      'oidc: validation expression "claims.tenant == \'bank\'" failed: not our bank'],
    [`${user('{claim: sub, prefix: "system:"}')}  userValidationRules: [{expression: "!user.username.startsWith(\'system:\')", message: reserved}]\n`, claims,
      'oidc: user validation rule "!user.username.startsWith(\'system:\')" failed: reserved'],
    [`${user('{claim: sub, prefix: ""}', ', groups: {claim: groups, prefix: ""}')}  userValidationRules: [{expression: "\'dev\' in user.groups"}]\n`, claims, { name: '42' }],
  ]
  for (const [fields, payload, expected] of table) {
    const found = await review(issuerOf(fields), payload)
    assert.deepEqual(typeof expected === 'string' || typeof found === 'string' ? found : { ...found as object, ...expected as object }, found, fields)
    if (typeof expected === 'string') assert.equal(found, expected, fields)
    else assert.equal(typeof found, 'object', `${fields} ${String(found)}`)
  }
})

test('keys are fetched once, again when one is unknown, and not too often', async () => {
  const source = documents(['k1'])
  const time = new TestClock(clock.now())
  const reviewer = new JwtReviewer(issuerOf(plain), { documents: source, signatures, clock: time, audiences: own })
  const later = { ...claims, exp: now + 100_000 }
  const outcome = async (key: string): Promise<string> => (await reviewer.review(tokenOf(later, key), [])).outcome
  assert.deepEqual(await Promise.all(['k1', 'k1', 'k1'].map(outcome)), ['user', 'user', 'user'])
  assert.deepEqual(source.asked, ['https://id.example/.well-known/openid-configuration', 'https://id.example/keys'], 'together')
  source.keys = ['k2']
  assert.equal(await outcome('k2'), 'invalid', 'fetched just now')
  await time.advance(10_000)
  assert.deepEqual(await Promise.all(['k2', 'k2', 'k3'].map(outcome)), ['user', 'user', 'invalid'])
  assert.equal(source.asked.length, 4)
  await time.advance(600_000)
  assert.equal(await outcome('k2'), 'user')
  assert.equal(source.asked.length, 6, 'old keys are fetched anew')
  source.fails = true
  await time.advance(600_000)
  const refused = await reviewer.review(tokenOf(later, 'k2'), [])
  assert.deepEqual(refused, { outcome: 'invalid', why: 'oidc: verify token: the keys of the issuer https://id.example cannot be read: no connection' })
  for (let count = 0; count < 5; count++) assert.equal(await outcome('k2'), 'invalid')
  assert.equal(source.asked.length, 7, 'a server that is down is left alone for a while')
  source.fails = false
  await time.advance(10_000)
  assert.equal(await outcome('k2'), 'user')
})

test('a discovery document of another issuer counts for nothing', async () => {
  const reviewer = new JwtReviewer(issuerOf(plain), { documents: documents(['k1'], { issuer: 'https://evil.example' }), signatures, clock, audiences: own })
  const found = await reviewer.review(tokenOf(claims), [])
  assert.match(found.outcome === 'invalid' ? found.why : '', /its discovery document is that of another issuer/)
})
