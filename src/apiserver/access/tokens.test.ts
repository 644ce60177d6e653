import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObjectKey } from '../../objects/kube-object.ts'
import type { Secret } from '../../resources/generated/types.ts'
import { toBase64, utf8 } from '../../words/bytes.ts'
import { TestClock } from '../apiserver.testing.ts'
import { BootstrapTokens } from './bootstrap-tokens.ts'
import { readerOf } from './object-reader.testing.ts'
import { SecretTokens } from './secret-tokens.ts'
import type { SecretTokenClaims } from './token-claims.ts'

const clock = new TestClock(Date.parse('2026-01-01T00:00:00Z'))
const audiences = ['https://issuer']

function secretOf(name: string, type: string, texts: Readonly<Record<string, string>>, metadata: object = {}): Secret {
  const data = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, toBase64(utf8(text))]))
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'kube-system', ...metadata }, type, data }
}

test('bootstrap tokens', async () => {
  const token = 'abcdef.0123456789abcdef'
  const data = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' }
  const type = 'bootstrap.kubernetes.io/token'
  const secret = (change: Readonly<Record<string, string>>, metadata: object = {}): Secret => secretOf('bootstrap-token-abcdef', type, { ...data, ...change }, metadata)
  const groups = (...extra: string[]): readonly string[] => ['system:bootstrappers', ...extra, 'system:authenticated']
  const table: [string, string, Secret, readonly string[] | undefined][] = [
    ['good', token, secret({}), groups()],
    ['extra groups', token, secret({ 'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token' }), groups('system:bootstrappers:kubeadm:default-node-token')],
    ['a group of others', token, secret({ 'auth-extra-groups': 'system:masters' }), undefined],
    ['not yet expired', token, secret({ expiration: '2026-01-01T00:00:01Z' }), groups()],
    ['expired', token, secret({ expiration: '2026-01-01T00:00:00Z' }), undefined],
    ['expires at no time', token, secret({ expiration: 'tomorrow' }), undefined],
    ['of no use for this', token, secret({ 'usage-bootstrap-authentication': 'false' }), undefined],
    ['another secret', token, secret({ 'token-secret': '0123456789abcdeg' }), undefined],
    ['no secret', token, secret({ 'token-secret': '' }), undefined],
    ['another id inside', token, secret({ 'token-id': 'abcdeg' }), undefined],
    ['another id', 'abcdeg.0123456789abcdef', secret({}), undefined],
    ['another form', 'ABCDEF.0123456789abcdef', secret({}), undefined],
    ['being deleted', token, secret({}, { deletionTimestamp: '2026-01-01T00:00:00Z' }), undefined],
    ['another type', token, secretOf('bootstrap-token-abcdef', 'Opaque', data), undefined],
    ['another namespace', token, secret({}, { namespace: 'default' }), undefined],
  ]
  for (const [name, asked, stored, expected] of table) {
    const found = await new BootstrapTokens(readerOf([stored]), clock, audiences).review(asked, [])
    assert.deepEqual(found, expected === undefined ? { outcome: 'foreign' } : {
      outcome: 'user', user: { name: 'system:bootstrap:abcdef', uid: '', groups: expected, extra: {} }, audiences,
    }, name)
  }
  assert.deepEqual(await new BootstrapTokens(readerOf([secret({})]), clock, audiences).review(token, ['vault']), { outcome: 'foreign' })
})

test('tokens that stand in Secrets', async () => {
  const claims: SecretTokenClaims = { namespace: 'kube-system', serviceAccount: { name: 'web', uid: 'sa-1' }, secretName: 'web-token' }
  const verifySecretToken = (token: string) => Promise.resolve(token === 'good' ? { outcome: 'valid' as const, claims } : { outcome: 'foreign' as const })
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web', namespace: 'kube-system', uid: 'sa-1' } }
  const secret = (token: string, metadata: object = {}): Secret => secretOf('web-token', 'kubernetes.io/service-account-token', { token }, metadata)
  const invalid = { labels: { 'kubernetes.io/legacy-token-invalid-since': '2025-12-01' } }
  const table: [string, Parameters<typeof readerOf>[0], string | undefined][] = [
    ['all there', [account, secret('good')], undefined],
    ['used today', [account, secret('good', { labels: { 'kubernetes.io/legacy-token-last-used': '2026-01-01' } })], undefined],
    ['no secret', [account], 'service account token has been invalidated'],
    ['a secret that goes', [account, secret('good', { deletionTimestamp: '2026-01-01T00:00:00Z' })], 'service account token has been invalidated'],
    ['another token in it', [account, secret('else')], "service account token does not match server's copy"],
    ['no account', [secret('good')], 'serviceaccounts "web" not found'],
    ['another account', [{ ...account, metadata: { ...account.metadata, uid: 'sa-2' } }, secret('good')], 'service account UID (sa-2) does not match claim (sa-1)'],
    ['marked', [account, secret('good', invalid)], 'the token in secret kube-system/web-token for service account kube-system/web has been marked invalid'],
  ]
  for (const [name, objects, why] of table) {
    const marked: string[] = []
    const markUsed = async (key: ObjectKey, day: string): Promise<void> => void marked.push(`${key.namespace}/${key.name} ${day}`)
    const tokens = new SecretTokens({ verifier: { verifySecretToken }, reader: readerOf(objects), clock, audiences, markUsed })
    const found = await tokens.review('good', [])
    if (why !== undefined) {
      assert.ok(found.outcome === 'invalid' && found.why.startsWith(why), `${name}: ${JSON.stringify(found)}`)
      continue
    }
    assert.ok(found.outcome === 'user', name)
    assert.deepEqual(marked, name === 'used today' ? [] : ['kube-system/web-token 2026-01-01'])
    assert.deepEqual([found.user.name, found.user.uid, found.audiences], ['system:serviceaccount:kube-system:web', 'sa-1', audiences])
    assert.equal((await tokens.review('good', ['vault'])).outcome, 'invalid')
    assert.deepEqual(await tokens.review('other', []), { outcome: 'foreign' })
  }
})
