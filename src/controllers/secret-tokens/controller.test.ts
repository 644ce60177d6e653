import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Secret, ServiceAccount } from '../../resources/generated/types.ts'
import { toBase64, utf8 } from '../../words/bytes.ts'
import { planSecretToken, type SecretTokenParts } from './controller.ts'

const base64 = (text: string): string => toBase64(utf8(text))
const parts: SecretTokenParts = { sign: ({ namespace, serviceAccount, secretName }) => `${namespace}/${serviceAccount.name}/${serviceAccount.uid}/${secretName}`, rootCertificate: 'PEM' }
const account: ServiceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web', namespace: 'shop', uid: 'sa-1' } }
const full = { 'ca.crt': base64('PEM'), namespace: base64('shop'), token: base64('shop/web/sa-1/web-token') }

function secretOf(data: Secret['data'], uid?: string): Secret {
  const annotations = { 'kubernetes.io/service-account.name': 'web', ...(uid === undefined ? {} : { 'kubernetes.io/service-account.uid': uid }) }
  return { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token', metadata: { name: 'web-token', namespace: 'shop', uid: 's-1', annotations }, ...(data === undefined ? {} : { data }) }
}

test('what a secret for a token lacks', () => {
  const table: [string, Secret, ServiceAccount | undefined, object | string][] = [
    ['everything', secretOf(undefined), account, full],
    ['a certificate', secretOf({ ...full, 'ca.crt': base64('OLD') }, 'sa-1'), account, full],
    ['the uid', secretOf(full), account, full],
    ['nothing', secretOf(full, 'sa-1'), account, ''],
    ['its own data stays', secretOf({ ...full, more: 'eA==' }), account, { ...full, more: 'eA==' }],
    ['the account', secretOf(full, 'sa-1'), undefined, 'expect-absent delete'],
    ['the account of that uid', secretOf(full, 'sa-0'), account, 'delete'],
    ['life', { ...secretOf(full), metadata: { ...secretOf(full).metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }, undefined, ''],
  ]
  for (const [name, secret, found, expected] of table) {
    const { actions } = planSecretToken({ secret, account: found, parts })
    if (typeof expected === 'string') {
      assert.equal(actions.map(({ verb }) => verb).join(' '), expected, name)
      continue
    }
    const [action] = actions
    assert.ok(action?.verb === 'update', name)
    const { data, metadata } = action.object as Secret
    assert.deepEqual([data, metadata.annotations?.['kubernetes.io/service-account.uid']], [expected, 'sa-1'], name)
  }
})
