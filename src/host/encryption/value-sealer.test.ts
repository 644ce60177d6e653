import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../store/memory.ts'
import { sealStore } from '../../store/sealed-store.ts'
import { storeConformance } from '../../store/store.conformance.testing.ts'
import { textOf, utf8 } from '../../words/bytes.ts'
import { systemRandom } from '../random.ts'
import { aesCbc } from './aes-cbc.ts'
import { aesGcm } from './aes-gcm.ts'
import { plainStore } from './open-encryption.ts'
import { identity, type Provider } from './provider.ts'
import { secretbox } from './secretbox.ts'
import { createValueSealer, sealedRanges } from './value-sealer.ts'

const KEY = 'objects/core/secrets/shop/token'
const KEY_A = Buffer.alloc(32, 'A')
const KEY_B = Buffer.alloc(32, 'B')
const gcmA = aesGcm('a', KEY_A, systemRandom)
const PLAIN = '{"kind":"Secret","data":{"password":"hunter2"}}'

const makers: readonly [string, (name: string, secret: Uint8Array) => Provider, boolean][] = [
  ['aesgcm', (name, secret) => aesGcm(name, secret, systemRandom), true],
  ['aescbc', (name, secret) => aesCbc(name, secret, systemRandom), false],
  ['secretbox', (name, secret) => secretbox(name, secret, systemRandom), false],
]

const only = (...providers: Provider[]): ReturnType<typeof createValueSealer> => createValueSealer([{ resources: ['secrets'], providers }])

async function opened(sealer: ReturnType<typeof createValueSealer>, key: string, stored: Uint8Array): Promise<string> {
  return textOf((await sealer.opening(key, stored))())
}

for (const [type, make, bindsKey] of makers) {
  test(`${type}: the stored form, its way back, and what does not open`, async () => {
    const sealer = only(make('key1', KEY_A))
    const stored = sealer.seal(KEY, utf8(PLAIN))
    assert.ok(textOf(stored).startsWith(`k8s:enc:${type}:v1:key1:`))
    assert.equal(textOf(stored).includes('hunter2'), false)
    assert.notDeepEqual(sealer.seal(KEY, utf8(PLAIN)), stored, 'a nonce is used once')
    assert.equal(await opened(sealer, KEY, stored), PLAIN)
    const says = /secrets "shop\/token": the stored value does not open with \w+ key "key1": .*\. Restore the key/
    await assert.rejects(opened(only(make('key1', KEY_B)), KEY, stored), says)
    await assert.rejects(opened(sealer, KEY, stored.subarray(0, 30)), says)
    if (bindsKey) await assert.rejects(opened(sealer, `${KEY}2`, stored), /does not open/)
    await assert.rejects(opened(only(make('key2', KEY_A)), KEY, stored),
      new RegExp(
        `was sealed by ${type} "key1", which the encryption configuration does not have for this resource \\(no matching prefix found\\)`
      ))
  })
}

test('a value of Kubernetes itself opens: the layout of each provider', async () => {
  // Made by hand with node:crypto after the layouts that upstream documents: nonce before the text, tag after it.
  const { createCipheriv } = await import('node:crypto')
  const cipher = createCipheriv('aes-256-gcm', KEY_A, Buffer.alloc(12, 1))
  cipher.setAAD(Buffer.from(KEY))
  const stored = Buffer.concat(
    [Buffer.from('k8s:enc:aesgcm:v1:a:'), Buffer.alloc(12, 1), cipher.update('hello'), cipher.final(), cipher.getAuthTag()]
  )
  assert.equal(await opened(only(gcmA), KEY, stored), 'hello')
})

test('rotation: the first provider seals, all open, and what is not of the first is not current', async () => {
  const old = only(gcmA)
  const rotated = only(aesGcm('b', KEY_B, systemRandom), gcmA, identity)
  const stored = old.seal(KEY, utf8(PLAIN))
  assert.equal(await opened(rotated, KEY, stored), PLAIN)
  assert.equal(await opened(rotated, KEY, utf8(PLAIN)), PLAIN)
  assert.deepEqual([
    rotated.isCurrent(KEY, stored), rotated.isCurrent(KEY, utf8(PLAIN)), rotated.isCurrent(KEY, rotated.seal(KEY, utf8(PLAIN)))
  ], [false, false, true])
  const back = only(identity, gcmA)
  assert.deepEqual(back.seal(KEY, utf8(PLAIN)), utf8(PLAIN))
  assert.deepEqual([back.isCurrent(KEY, stored), back.isCurrent(KEY, utf8(PLAIN))], [false, true])
  assert.equal(await opened(back, KEY, stored), PLAIN)
})

test('two keys of one name: the one that fits opens', async () => {
  const stored = only(aesGcm('a', KEY_B, systemRandom)).seal(KEY, utf8(PLAIN))
  assert.equal(await opened(only(gcmA, aesGcm('a', KEY_B, systemRandom)), KEY, stored), PLAIN)
})

test('a plain value where no identity is allowed is refused; without a configuration a sealed one is', async () => {
  await assert.rejects(
    opened(only(gcmA), KEY, utf8(PLAIN)), /the stored value is not sealed \(no matching prefix found\)\. Add the provider "identity"/
  )
  const inner = createMemoryStore({})
  await sealStore(inner, only(gcmA)).commit({ expect: [], writes: [{ key: KEY, value: utf8(PLAIN) }] })
  await assert.rejects(plainStore(inner).read({ start: 'objects/', end: 'objects0' }, { at: 'latest', limit: 9 }),
    /secrets "shop\/token": the stored value was sealed by aesgcm "a", .* lotse up --encryption-config FILE/)
})

test('which rule is for which resource', () => {
  const named = (name: string): Provider => aesGcm(name, KEY_A, systemRandom)
  const sealer = createValueSealer([
    { resources: ['secrets', 'configmaps'], providers: [named('one'), named('more')] },
    { resources: ['*.apps'], providers: [named('two')] },
    { resources: ['deployments.apps', 'events'], providers: [named('hidden')] },
    { resources: ['*.'], providers: [named('core')] },
    { resources: ['*.*'], providers: [named('rest')] },
  ])
  const table: readonly [string, string][] = [
    ['objects/core/secrets/a/b', 'one'], ['objects/core/configmaps/a/b', 'one'], ['objects/apps/deployments/a/b', 'two'],
    ['objects/core/events/a/b', 'hidden'], ['objects/core/pods/a/b', 'core'], ['objects/example.com/widgets/a/b', 'rest'], [
      'objects/core/namespaces/a', 'core'
    ],
  ]
  for (const [key, expected] of table) assert.match(textOf(sealer.seal(key, utf8('x'))), new RegExp(`^k8s:enc:aesgcm:v1:${expected}:`), key)
  const some = createValueSealer([{ resources: ['secrets'], providers: [gcmA] }])
  assert.equal(textOf(some.seal('objects/example.com/secrets/a/b', utf8('x'))), 'x')
})

test('where sealed values may lie', () => {
  const ranges = (...resources: string[]): string[] => sealedRanges([{ resources, providers: [] }]).map(
    ({ start, end }) => `${start} ${end}`
  )
  assert.deepEqual(ranges('secrets', 'deployments.apps'), [
    'objects/core/secrets/ objects/core/secrets0', 'objects/apps/deployments/ objects/apps/deployments0'
  ])
  assert.deepEqual(ranges('secrets', '*.*'), ['objects/ objects0'])
  assert.deepEqual(ranges('*.'), ['objects/core/ objects/core0'])
})

storeConformance('sealed with AES-GCM', async (limits) => {
  // The suite's keys are no objects; every one of them belongs to the last rule.
  const sealer = createValueSealer([{ resources: ['*.*'], providers: [gcmA, identity] }])
  const store = sealStore(createMemoryStore(limits), sealer)
  return { store, dispose: () => store.close() }
})
