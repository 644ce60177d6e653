import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEncryptionConfig } from './encryption-config.ts'
import { parseGoDuration } from './go-duration.ts'

const HEAD = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration' }
const KEY_32 = Buffer.alloc(32, 'TOPSECRET').toString('base64')
const KEY_16 = Buffer.alloc(16, 'TOPSECRET').toString('base64')

function parse(content: unknown): ReturnType<typeof parseEncryptionConfig> {
  return parseEncryptionConfig('/etc/enc.yaml', Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)))
}

/** With one rule for secrets and these providers. */
const providers = (...list: unknown[]): unknown => ({ ...HEAD, resources: [{ resources: ['secrets'], providers: list }] })
const resources = (...list: unknown[]): unknown => ({ ...HEAD, resources: [{ resources: list, providers: [{ identity: {} }] }] })
const keys = (...list: unknown[]): unknown => providers({ aesgcm: { keys: list } })
const kms = (fields: object): unknown => providers({ kms: { apiVersion: 'v2', name: 'a', endpoint: 'unix:///s', ...fields } })

test('a configuration in YAML, with all providers', () => {
  const config = parse(`
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets, "*.apps"]
  providers:
  - aesgcm: {keys: [{name: key1, secret: ${KEY_16}}]}
  - secretbox: {keys: [{name: key1, secret: ${KEY_32}}]}
  - kms: {apiVersion: v2, name: vault, endpoint: unix:///run/kms.sock, timeout: 1m0.5s}
  - identity: {}
`)
  const [rule] = config.resources
  assert.deepEqual(rule?.resources, ['secrets', '*.apps'])
  assert.deepEqual(rule?.providers.map(({ type }) => type), ['aesgcm', 'secretbox', 'kms', 'identity'])
  assert.deepEqual(rule?.providers[2], { type: 'kms', name: 'vault', endpoint: 'unix:///run/kms.sock', timeoutMs: 60_500 })
})

const P = 'resources[0].providers[0]'
const R = 'resources[0].resources'
const refusals: readonly [string, unknown, string | RegExp][] = [
  ['another kind', { ...HEAD, kind: 'Pod' }, /no kind "Pod" is registered for version "apiserver.config.k8s.io\/v1"/],
  ['no rules', HEAD, 'resources: Required value: at least one resources is required'],
  ['a typing error', { ...HEAD, resources: [], resourcs: [] }, 'strict decoding error: unknown field "resourcs"'],
  ['no resources', resources(), `${R}: Required value: at least one ${R} is required`],
  ['no providers', providers(), 'resources[0].providers: Required value: at least one resources[0].providers is required'],
  ['twice the same', resources('secrets', 'secrets'), /the same resource cannot be specified multiple times/],
  ['hidden by its group', resources('secrets', '*.'), /using overlapping resources such as 'secrets' and '\*\.'/],
  ['hidden by all', resources('secrets', '*.*'), /using overlapping resources/],
  ['capitals', resources('Secrets'), `${R}[0]: Invalid value: "Secrets": resource name should not contain capital letters`],
  ['a bare star', resources('*'), /use '\*\.' to encrypt all the resources from core API group or \*\.\* to encrypt all resources/],
  ['across groups', resources('secrets.*'), /encrypting the same resource across groups is not supported/],
  ['events', resources('events.events.k8s.io'), /Use 'events' instead in the config file/],
  ['extensions', resources('ingresses.extensions'), /'extensions' group has been removed/],
  ['not served', resources('apiserveripinfo'), /resources which do not have REST API\/s cannot be encrypted/],
  [
    'an empty provider', providers({}),
    `${P}: Invalid value: {}: provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity`
  ],
  ['an identity of nothing', providers({ identity: null }), /provider does not contain any/],
  ['two in one', providers(
    { identity: {}, aesgcm: { keys: [{ name: 'a', secret: KEY_32 }] } }
  ), /more than one provider specified in a single element/],
  ['no keys', keys(), `${P}.aesgcm.keys: Required value: at least one keys is required`],
  ['no name', keys({ secret: KEY_32 }), `${P}.aesgcm.keys[0].name: Required value: name is a mandatory field for a key`],
  ['no secret', keys({ name: 'a' }), `${P}.aesgcm.keys[0].secret: Required value: secret is a mandatory field for a key`],
  ['no base64', keys(
    { name: 'a', secret: 'TOPSECRET!' }
  ), `${P}.aesgcm.keys[0].secret: Invalid value: "REDACTED": secrets must be base64 encoded`],
  ['a short key', keys({ name: 'a', secret: 'VE9QU0VDUkVU' }),
    `${P}.aesgcm.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 9, expected one of [16 24 32]`],
  ['a short key for secretbox', providers({ secretbox: { keys: [{ name: 'a', secret: KEY_16 }] } }), /got 16, expected one of \[32\]/],
  ['KMS of old', kms({ apiVersion: 'v1' }), /KMSv1 is deprecated and not supported here/],
  ['KMS of the future', kms({ apiVersion: 'v3' }), /only v1 and v2 are supported/],
  ['KMS without a name', kms({ name: '' }), `${P}.kms.name: Required value: name is a mandatory field for a provider`],
  ['KMS with a colon', kms({ name: 'a:b' }), `${P}.kms.name: Invalid value: "a:b": invalid KMS provider name a:b, must not contain ':'`],
  ['KMS over TCP', kms({ endpoint: 'tcp://localhost' }), /unsupported scheme "tcp" for KMS provider, only unix is supported/],
  ['KMS without a socket', kms({ endpoint: '' }), /endpoint is a mandatory field for a kms/],
  ['KMS with no time', kms({ timeout: '0s' }), /timeout should be a positive value/],
  ['KMS with a wrong time', kms({ timeout: '3 seconds' }), /time: invalid duration "3 seconds"/],
  ['KMS with a cache', kms({ cachesize: 5 }), /cachesize is not supported in v2/],
  ['two KMS of one name', providers(
    { kms: { apiVersion: 'v2', name: 'a', endpoint: 'unix:///s' } }, { kms: { apiVersion: 'v2', name: 'a', endpoint: 'unix:///t' } }
  ),
    'resources[0].providers[1].kms.name: Invalid value: "a": duplicate KMS provider name a, names must be unique'],
  ['broken YAML', 'a: [', /error decoding encryption provider configuration file "\/etc\/enc.yaml": yaml:/],
  ['nothing', '', 'encryption provider configuration file "/etc/enc.yaml" is empty'],
]

for (const [what, content, expected] of refusals) {
  test(`refused: ${what}`, () => {
    assert.throws(() => parse(content), (error: Error) => {
      if (typeof expected === 'string') assert.equal(
        error.message.replace('error decoding encryption provider configuration file "/etc/enc.yaml": ', ''), expected
      )
      else assert.match(error.message, expected)
      assert.doesNotMatch(error.message, /TOPSECRET|VE9QU0VDUkVU/)
      return true
    })
  })
}

test("Go's durations", () => {
  const table: readonly [string, number | undefined][] = [
    ['3s', 3_000], ['1h2m', 3_720_000], ['1.5s', 1_500], ['250ms', 250],
    ['0', 0], ['-1s', -1_000], ['', undefined], ['3', undefined], ['s', undefined], ['3s ', undefined],
  ]
  for (const [text, expected] of table) assert.equal(parseGoDuration(text), expected, text)
})
