import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import type { TokenClaims } from '../apiserver/access/token-claims.ts'
import type { Clock } from '../words/ports.ts'
import { createServiceAccountTokens, generateTokenKey } from './service-account-tokens.ts'

const issuer = 'https://kubernetes.default.svc.cluster.local'
const startMs = 1_800_000_000_000

function clockAt(time: { now: number }): Clock {
  return { now: () => time.now, after: () => () => undefined }
}

const claims: TokenClaims = {
  namespace: 'default', serviceAccount: { name: 'web', uid: 'u1' }, pod: { name: 'web-1', uid: 'u2' }, secret: undefined, node: { name: 'n1', uid: 'u3' },
  audiences: [issuer], tokenId: 'id-1', issuedAt: startMs, expiresAt: startMs + 3_600_000,
}

async function tokensAt(time: { now: number }, privateKeyPem = generateTokenKey(), maxRememberedTokens = 2) {
  return createServiceAccountTokens({ issuer, privateKeyPem, retiredPublicKeyPems: [], clock: clockAt(time), maxRememberedTokens })
}

test('what was signed is verified, the same claims object for the same token', async () => {
  const tokens = await tokensAt({ now: startMs })
  const token = await tokens.sign(claims)
  const first = await tokens.verify(token)
  assert.deepEqual(first, { outcome: 'valid', claims })
  assert.equal(await tokens.verify(token), first)
})

test('an expired token is refused, remembered or not', async () => {
  const time = { now: startMs }
  const tokens = await tokensAt(time)
  const token = await tokens.sign(claims)
  await tokens.verify(token)
  time.now = startMs + 3_600_000 + 11_000
  const expired = { outcome: 'invalid', why: 'service account token has expired' }
  assert.deepEqual(await tokens.verify(token), expired)
  assert.deepEqual(await tokens.verify(token), expired)
})

test('tokens of others are foreign or invalid, never an exception', async () => {
  const time = { now: startMs }
  const [ours, theirs] = [await tokensAt(time), await tokensAt(time)]
  const stolen = await theirs.sign(claims)
  const [header = '', payload = '', signature = ''] = (await ours.sign(claims)).split('.')
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
  const table: [string, unknown][] = [
    ['', { outcome: 'foreign' }],
    ['abc', { outcome: 'foreign' }],
    ['a.b.c', { outcome: 'foreign' }],
    [stolen, { outcome: 'invalid', why: 'invalid signature' }],
    [`${header}.${payload}.${signature.slice(0, -4)}AAAA`, { outcome: 'invalid', why: 'invalid signature' }],
  ]
  for (const [token, expected] of table) assert.deepEqual(await ours.verify(token), expected, token)
  assert.equal((await ours.verify(unsigned)).outcome, 'invalid')
})

test('the key set is public and names the signing key', async () => {
  const tokens = await tokensAt({ now: startMs })
  const [key] = tokens.keySet.keys
  assert.deepEqual(Object.keys(key ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  const header = JSON.parse(Buffer.from((await tokens.sign(claims)).split('.')[0] ?? '', 'base64url').toString()) as { kid: string }
  assert.equal(header.kid, key?.['kid'])
})

test('more tokens than are remembered are verified too', async () => {
  const tokens = await tokensAt({ now: startMs })
  for (const tokenId of ['a', 'b', 'c', 'a']) {
    assert.equal((await tokens.verify(await tokens.sign({ ...claims, tokenId }))).outcome, 'valid')
  }
})

test('tokens for Secrets: without an end, of an issuer of their own, known again by the same claims object', async () => {
  const time = { now: startMs }
  const [tokens, others] = [await tokensAt(time), await tokensAt(time)]
  const wish = { namespace: 'default', serviceAccount: { name: 'web', uid: 'u1' }, secretName: 'web-token' }
  const token = tokens.signSecretToken(wish)
  time.now += 10 * 365 * 86_400_000
  const first = await tokens.verifySecretToken(token)
  assert.deepEqual(first, { outcome: 'valid', claims: wish })
  assert.equal(await tokens.verifySecretToken(token), first)
  assert.deepEqual(await tokens.verify(token), { outcome: 'foreign' })
  assert.deepEqual(await tokens.verifySecretToken(await tokens.sign(claims)), { outcome: 'foreign' })
  assert.deepEqual(await others.verifySecretToken(token), { outcome: 'invalid', why: 'invalid signature' })
})

test('after a rotation both keys are published, and what the old one signed still counts', async () => {
  const oldKey = generateTokenKey()
  const old = await tokensAt({ now: startMs }, oldKey)
  const retired = createPublicKey(oldKey).export({ type: 'spki', format: 'pem' }).toString()
  const tokens = await createServiceAccountTokens({
    issuer, privateKeyPem: generateTokenKey(), retiredPublicKeyPems: [retired], clock: clockAt({ now: startMs }), maxRememberedTokens: 2,
  })
  assert.equal((await tokens.verify(await old.sign(claims))).outcome, 'valid')
  assert.equal((await old.verify(await tokens.sign(claims))).outcome, 'invalid')
  assert.deepEqual([tokens.keySet.keys.length, tokens.keySet.keys[1]], [2, old.keySet.keys[0]])
  const extended = { ...claims, warnAfter: startMs + 1_000_000 }
  assert.deepEqual(await tokens.verify(await tokens.sign(extended)), { outcome: 'valid', claims: extended })
})
