import assert from 'node:assert/strict'
import { createDecipheriv, hkdfSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createMemoryStore } from '../../store/memory.ts'
import type { Store } from '../../store/store.ts'
import { textOf, utf8 } from '../../words/bytes.ts'
import { silentLog, type Log } from '../../words/ports.ts'
import { systemClock } from '../clock.ts'
import { decodeMessage } from '../cri/protobuf.ts'
import { createLog } from '../log.ts'
import { systemRandom } from '../random.ts'
import { encryptedObject } from './kms-messages.ts'
import { startKmsPlugin } from './kms-plugin.testing.ts'
import { KmsProvider } from './kms-provider.ts'
import { openEncryption } from './open-encryption.ts'
import { createValueSealer } from './value-sealer.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-kms-'))
const open: KmsProvider[] = []
after(() => {
  for (const provider of open) provider.close()
  rmSync(directory, { recursive: true })
})

const KEY = 'objects/core/secrets/shop/token'
const PLAIN = '{"data":{"password":"hunter2"}}'
const SECRETS = { start: 'objects/core/secrets/', end: 'objects/core/secrets0' }
let sockets = 0

function socket(): string {
  sockets++
  return join(directory, `kms${sockets}.sock`)
}

function providerAt(path: string, { log = silentLog, now = () => systemClock.now() }: { log?: Log; now?: () => number } = {}): KmsProvider {
  const config = { type: 'kms', name: 'vault', endpoint: `unix://${path}`, timeoutMs: 150 } as const
  const provider = new KmsProvider(config, { clock: { now, after: systemClock.after }, random: systemRandom, log, patienceMs: 100 })
  open.push(provider)
  return provider
}

const sealerOf = (provider: KmsProvider): ReturnType<typeof createValueSealer> => createValueSealer(
  [{ resources: ['secrets'], providers: [provider] }]
)

async function opened(provider: KmsProvider, key: string, stored: Uint8Array): Promise<string> {
  return textOf((await sealerOf(provider).opening(key, stored))())
}

test('the stored form; the plugin is asked once, not for each value', async () => {
  const path = socket()
  const plugin = await startKmsPlugin(path)
  const provider = providerAt(path)
  await provider.poll()
  const sealer = sealerOf(provider)
  const stored = sealer.seal(KEY, utf8(PLAIN))
  assert.ok(textOf(stored).startsWith('k8s:enc:kms:v2:vault:'))
  const object = decodeMessage(encryptedObject, stored.subarray(21))
  assert.deepEqual([object.keyId, object.sourceType, object.annotations[0]?.key], ['kek-1', 1, 'made.example.com'])
  for (let count = 0; count < 10; count++) assert.equal(await opened(provider, KEY, sealer.seal(KEY, utf8(PLAIN))), PLAIN)
  await assert.rejects(opened(provider, `${KEY}2`, stored), /does not open with kms "vault": the authentication failed/)
  assert.deepEqual(plugin.calls, ['Status', 'Encrypt'])
  await plugin.stop()
})

test('the key of a value is HKDF-Expand of the seed, as any reader of the layout derives it', async () => {
  const path = socket()
  const plugin = await startKmsPlugin(path)
  const seeds: Uint8Array[] = []
  const random = { bytes: (length: number): Uint8Array => (seeds.push(systemRandom.bytes(length)), seeds.at(-1) ?? new Uint8Array()) }
  const provider = new KmsProvider(
    { type: 'kms', name: 'v', endpoint: `unix://${path}`, timeoutMs: 500 }, { clock: systemClock, random, log: silentLog, patienceMs: 0 }
  )
  open.push(provider)
  await provider.poll()
  const [seed = new Uint8Array()] = seeds
  const { encryptedData } = decodeMessage(encryptedObject, provider.seal(KEY, utf8(PLAIN)).subarray(provider.prefix.length))
  // Expand alone: the same as the whole function only where Extract is undone, so it is written out here with one HMAC.
  const { createHmac } = await import('node:crypto')
  const key = createHmac('sha256', seed).update(Buffer.concat([encryptedData.subarray(0, 32), Buffer.from([1])])).digest()
  assert.notDeepEqual(
    key, Buffer.from(hkdfSync('sha256', seed, '', encryptedData.subarray(0, 32), 32)), 'the seed is the pseudo-random key itself'
  )
  const decipher = createDecipheriv('aes-256-gcm', key, encryptedData.subarray(32, 44))
  decipher.setAAD(Buffer.from(KEY))
  decipher.setAuthTag(encryptedData.subarray(-16))
  assert.equal(Buffer.concat([decipher.update(encryptedData.subarray(44, -16)), decipher.final()]).toString(), PLAIN)
  await plugin.stop()
})

test('another start opens what the last one sealed; many values at once ask once', async () => {
  const path = socket()
  const plugin = await startKmsPlugin(path)
  const first = providerAt(path)
  await first.poll()
  const stored = Array.from({ length: 50 }, () => sealerOf(first).seal(KEY, utf8(PLAIN)))
  const second = providerAt(path)
  await second.poll()
  const sealer = sealerOf(second)
  const values = await Promise.all(stored.map(async (bytes) => textOf((await sealer.opening(KEY, bytes))())))
  assert.deepEqual(new Set(values), new Set([PLAIN]))
  assert.equal(plugin.calls.filter((call) => call === 'Decrypt').length, 1)
  assert.equal(second.isCurrent((stored[0] ?? new Uint8Array()).subarray(second.prefix.length)), true, 'a restart makes nothing stale')
  await plugin.stop()
})

test('a new key of the KMS: a new seed, the old values are not current and still open', async () => {
  const path = socket()
  const plugin = await startKmsPlugin(path)
  const provider = providerAt(path)
  await provider.poll()
  const sealer = sealerOf(provider)
  const stored = sealer.seal(KEY, utf8(PLAIN))
  await provider.poll()
  assert.equal(provider.epoch, 1)
  plugin.behaviour.keyId = 'kek-2'
  await provider.poll()
  assert.equal(provider.epoch, 2)
  assert.deepEqual([sealer.isCurrent(KEY, stored), sealer.isCurrent(KEY, sealer.seal(KEY, utf8(PLAIN)))], [false, true])
  assert.equal(await opened(provider, KEY, stored), PLAIN)
  await plugin.stop()
})

test('a plugin that goes: reading goes on, writing for three minutes; a plugin that comes back is found', async () => {
  const path = socket()
  let plugin = await startKmsPlugin(path)
  let now = 1_000_000
  const provider = providerAt(path, { now: () => now })
  await provider.poll()
  const sealer = sealerOf(provider)
  const stored = sealer.seal(KEY, utf8(PLAIN))
  await plugin.stop()
  await assert.rejects(provider.poll(), /kmsv2 Provider vault is not healthy, error: .*unix:/)
  assert.match(provider.problem ?? '', /not healthy/)
  sealer.seal(KEY, utf8(PLAIN))
  now += 3 * 60_000 + 1
  assert.throws(
    () => sealer.seal(KEY, utf8(PLAIN)), { name: 'StoreUnavailable', message: /nothing can be sealed now: .*Start the KMS plugin/ }
  )
  assert.equal(await opened(provider, KEY, stored), PLAIN)
  plugin = await startKmsPlugin(path)
  await provider.poll()
  assert.equal(provider.problem, undefined)
  sealer.seal(KEY, utf8(PLAIN))
  await plugin.stop()
})

const wrong: readonly [string, Parameters<typeof startKmsPlugin>[1], RegExp][] = [
  ['it is not well', { healthz: 'no connection to the HSM' }, /got unexpected healthz status: no connection to the HSM/],
  ['it speaks another version', { version: 'v1' }, /expected KMSv2 API version v2, got v1/],
  ['it names no key', { keyId: '' }, /keyID is empty/],
  ['its key has too long a name', { keyId: 'k'.repeat(1025) }, /exceeds the max size of 1024/],
  ['it never answers', { answer: 'never' }, /did not answer within 150 ms/],
  ['it answers rubbish', { answer: 'with rubbish' }, /a protobuf message ends too early/],
  ['it answers nothing', { answer: 'empty' }, /got unexpected healthz status/],
  ['it does not encrypt', { answer: 'with the plain text' }, /answer to Encrypt cannot be used: it is not encrypted/],
]

for (const [what, behaviour, expected] of wrong) {
  test(`a wrong plugin: ${what}`, async () => {
    const path = socket()
    const plugin = await startKmsPlugin(path, behaviour)
    const lines: string[] = []
    const provider = providerAt(
      path, { log: createLog({ stream: { write: (line) => lines.push(line) }, clock: systemClock, level: 'debug', format: 'json' }) }
    )
    await assert.rejects(provider.poll(), expected)
    await assert.rejects(provider.poll(), expected)
    assert.equal(lines.length, 1, 'said once')
    assert.throws(() => provider.seal(KEY, utf8(PLAIN)), { name: 'StoreUnavailable' })
    await plugin.stop()
  })
}

test('values that the plugin does not open: its word, the object, and no seed', async () => {
  const path = socket()
  const plugin = await startKmsPlugin(path)
  const first = providerAt(path)
  await first.poll()
  const stored = sealerOf(first).seal(KEY, utf8(PLAIN))
  const broken = Buffer.from(stored)
  broken.set([broken.at(-40) === 1 ? 2 : 1], broken.length - 40)
  const second = providerAt(path)
  await second.poll()
  await assert.rejects(opened(
    second, KEY, broken
  ), /secrets "shop\/token": the stored value (cannot be opened|does not open) with kms "vault": .*\. (See|Restore)/)
  await plugin.stop()
  await assert.rejects(opened(providerAt(path), KEY, stored), /failed to decrypt DEK, error: .*See that the provider works/)
})

function configFile(content: unknown): string {
  sockets++
  const file = join(directory, `encryption${sockets}.json`)
  writeFileSync(file, JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources: [{ resources: ['secrets'], providers: content }]
  }))
  return file
}

async function rawValues(inner: Store): Promise<string[]> {
  const result = await inner.read(SECRETS, { at: 'latest', limit: 100 })
  return result.outcome === 'page' ? result.page.entries.map(({ value }) => textOf(value).slice(0, 23)) : []
}

test('a whole store: from plain values to a key, to a KMS, each time sealed anew in the background', async () => {
  const inner = createMemoryStore({})
  for (let count = 0; count < 30; count++) await inner.commit({ expect: [], writes: [{ key: `${KEY}${count}`, value: utf8(PLAIN) }] })
  const path = socket()
  const plugin = await startKmsPlugin(path)
  const aes = { aesgcm: { keys: [{ name: 'a', secret: Buffer.alloc(32, 'A').toString('base64') }] } }
  const vault = { kms: { apiVersion: 'v2', name: 'vault', endpoint: `unix://${path}` } }
  const steps: readonly [readonly unknown[], string][] = [
    [[aes, { identity: {} }], 'k8s:enc:aesgcm:v1:a:'], [[vault, aes], 'k8s:enc:kms:v2:vault:'], [[{ identity: {} }, vault], '{"data"'],
  ]
  for (const [providers, prefix] of steps) {
    const stop = new AbortController()
    const lines: string[] = []
    const log = createLog({ stream: { write: (line) => lines.push(line) }, clock: systemClock, level: 'info', format: 'json' })
    const encryption = await openEncryption(configFile(providers), inner, { clock: systemClock, random: systemRandom, log, serverIdHash: 'sha256:x' })
    encryption.run(stop.signal)
    while (!lines.some((line) => line.includes('All values are sealed'))) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.ok((await rawValues(inner)).every((text) => text.startsWith(prefix)), prefix)
    const result = await encryption.store.read(SECRETS, { at: 'latest', limit: 100 })
    assert.deepEqual(
      result.outcome === 'page' ? result.page.entries.map(({ value }) => textOf(value)) : [], Array.from({ length: 30 }, () => PLAIN)
    )
    assert.doesNotMatch(lines.join(''), /hunter2|QUFBQ/)
    assert.deepEqual(
      encryption.healthChecks().map(({ name, check }) => [name, check()]),
      ['kms-providers', ...(prefix.includes('aesgcm') ? [] : ['kms-provider-0'])].map((name) => [name, undefined])
    )
    stop.abort()
    encryption.close()
  }
  await plugin.stop()
})

test('a start without its plugin says what to do', async () => {
  const file = configFile([{ kms: { apiVersion: 'v2', name: 'vault', endpoint: `unix://${socket()}`, timeout: '100ms' } }])
  await assert.rejects(openEncryption(
    file, createMemoryStore({}), { clock: systemClock, random: systemRandom, log: silentLog, serverIdHash: 'sha256:x', patienceMs: 0 }
  ),
    /kmsv2 Provider vault is not healthy, error: .*ENOENT.*\. Start the KMS plugin first, then the cluster/)
  await assert.rejects(openEncryption(
    '/nowhere/enc.yaml', createMemoryStore({}), { clock: systemClock, random: systemRandom, log: silentLog, serverIdHash: 'sha256:x' }
  ),
    /error opening encryption provider configuration file "\/nowhere\/enc.yaml": ENOENT/)
})
