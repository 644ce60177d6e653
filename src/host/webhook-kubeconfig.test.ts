import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readWebhookKubeconfig } from './webhook-kubeconfig.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-kubeconfig-'))
after(() => rmSync(directory, { recursive: true }))
const file = join(directory, 'config.yaml')
writeFileSync(join(directory, 'ca.pem'), 'CA')
writeFileSync(join(directory, 'token'), 'from-file\n')

function read(cluster: object, user: object | undefined): ReturnType<typeof readWebhookKubeconfig> {
  writeFileSync(file, JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'main', clusters: [{ name: 'c', cluster }], users: user === undefined ? [] : [
      { name: 'u', user }
    ],
    contexts: [{ name: 'main', context: { cluster: 'c', ...(user === undefined ? {} : { user: 'u' }) } }],
  }))
  return readWebhookKubeconfig(file)
}

test('where a webhook is, and what it is shown', () => {
  const target = read({ server: 'https://audit.example.com:8443/take?a=1', 'certificate-authority': 'ca.pem' }, {
    'client-certificate-data': btoa('CERT'), 'client-key-data': btoa('KEY')
  })
  assert.deepEqual(target, {
    host: 'audit.example.com', port: 8443, path: '/take?a=1', serverName: 'audit.example.com', authority: 'audit.example.com:8443', caPem: 'CA', credentials: {
      certificatePem: 'CERT', keyPem: 'KEY'
    },
  })
  const other = read({ server: 'https://[::1]', 'tls-server-name': 'audit' }, { tokenFile: 'token' })
  assert.deepEqual([other.host, other.port, other.path, other.serverName, other.caPem, other.credentials?.token?.()], [
    '::1', 443, '/', 'audit', undefined, 'from-file'
  ])
  assert.equal(read({ server: 'https://a' }, { token: 't' }).credentials?.token?.(), 't')
  assert.deepEqual(read({ server: 'https://a' }, undefined).credentials, {})
})

test('what cannot be used', () => {
  const table: readonly [object, object | undefined, RegExp][] = [
    [{ server: 'http://a' }, undefined, /config\.yaml cannot be used: cluster\.server must begin with https:\/\//],
    [{ server: 'a b' }, undefined, /cluster\.server is no URL/],
    [{ server: 'https://a', 'insecure-skip-tls-verify': true }, undefined, /insecure-skip-tls-verify is not supported/],
    [{ server: 'https://a', 'certificate-authority': 'none.pem' }, undefined, /ENOENT/],
    [{ server: 'https://a', 'certificate-authority-data': '!' }, undefined, /certificate-authority-data is not base64/],
    [{ server: 'https://a' }, { exec: {} }, /user\.exec is not supported/],
    [{ server: 'https://a' }, { username: 'u', password: 'TOPSECRET' }, /user\.username is not supported/],
    [{ server: 'https://a' }, { 'client-certificate-data': btoa('C') }, /go together/],
  ]
  for (const [cluster, user, expected] of table) {
    assert.throws(() => read(cluster, user), (error: Error) => {
      assert.match(error.message, expected)
      assert.doesNotMatch(error.message, /TOPSECRET/)
      return true
    })
  }
  writeFileSync(file, '{"current-context": "gone", "contexts": []}')
  assert.throws(() => readWebhookKubeconfig(file), /there is no context "gone" in contexts \(current-context\)/)
})
