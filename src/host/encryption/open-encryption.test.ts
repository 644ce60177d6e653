import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { settle, TestClock } from '../../apiserver/apiserver.testing.ts'
import { entriesOf } from '../../store/follow.testing.ts'
import { prefixRange } from '../../store/key-range.ts'
import { createMemoryStore } from '../../store/memory.ts'
import { textOf, utf8 } from '../../words/bytes.ts'
import { silentLog } from '../../words/ports.ts'
import { systemRandom } from '../random.ts'
import { startKmsPlugin } from './kms-plugin.testing.ts'
import { openEncryption, type Encryption } from './open-encryption.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-encryption-'))
after(() => rmSync(directory, { recursive: true }))

const provider = (name: string): object => ({ aesgcm: { keys: [{ name, secret: Buffer.alloc(32, name).toString('base64') }] } })

function write(file: string, providers: readonly object[], resources = ['secrets']): void {
  writeFileSync(file, JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources: [{ resources, providers }] }))
}

function figures(encryption: Encryption): Record<string, number> {
  return Object.fromEntries(encryption.metrics().filter(({ name }) => !name.endsWith('_timestamp_seconds')).flatMap(({ name, samples }) => samples.map(({ labels, value }) => (
    [[name.replace(/^apiserver_|^lotse_/, ''), labels['status']].filter(Boolean).join(' '), value]))))
}

test('a changed file takes the place of the one before, unless something would not open any more', async () => {
  const file = join(directory, 'config.json')
  write(file, [provider('one'), { identity: {} }])
  const inner = createMemoryStore({})
  const clock = new TestClock()
  const errors: string[] = []
  const log = { ...silentLog, error: (_: string, fields?: object) => void errors.push(JSON.stringify(fields)) }
  const encryption = await openEncryption(file, inner, { clock, random: systemRandom, log, serverIdHash: 'sha256:x' })
  const life = new AbortController()
  const put = (name: string): Promise<unknown> => encryption.store.commit({ expect: [], writes: [{ key: `objects/core/secrets/shop/${name}`, value: utf8(name) }] })
  const stored = async (): Promise<string[]> => entriesOf(await inner.read(prefixRange('objects/'), { at: 'latest', limit: 9 })).map(({ value }) => textOf(value).slice(0, 'k8s:enc:aesgcm:v1:one:'.length))
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      await clock.advance(1_000)
      await settle()
    }
  }
  encryption.run(life.signal)
  await put('a')
  assert.deepEqual(figures(encryption), { 'encryption_values_to_reseal': 0, 'encryption_values_resealed_total': 0 })

  write(file, [provider('two'), provider('one')])
  await pass(10_000)
  await put('b')
  assert.deepEqual(await stored(), ['k8s:enc:aesgcm:v1:two:', 'k8s:enc:aesgcm:v1:two:'])
  assert.deepEqual(figures(encryption), {
    'encryption_config_controller_automatic_reloads_total success': 1, 'encryption_values_to_reseal': 0, 'encryption_values_resealed_total': 1,
  })

  const wrong: [readonly object[], string[] | undefined, RegExp][] = [
    [[provider('one')], undefined, /secrets \\"shop\/a\\": the stored value was sealed by aesgcm \\"two\\"/],
    [[{ aesgcm: { keys: [] } }], undefined, /resources\[0\]\.providers\[0\]\.aesgcm\.keys: Required value/],
    [[provider('two')], ['configmaps'], /shop\/a/],
    [[{ kms: { apiVersion: 'v2', name: 'vault', endpoint: 'unix:///nowhere', timeout: '50ms' } }, provider('two')], undefined, /kmsv2 Provider vault is not healthy/],
  ]
  for (const [index, [providers, resources, why]] of wrong.entries()) {
    write(file, providers, resources)
    await pass(5_000)
    for (let waited = 0; waited < 100 && errors.length === index; waited++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      await pass(1_000)
    }
    assert.match(errors[index] ?? '', why)
    await put(`later-${index}`)
    assert.equal((await stored()).every((text) => text === 'k8s:enc:aesgcm:v1:two:' || text === '{}'), true)
  }
  assert.doesNotMatch(errors.join(''), /dHdvd|b25lb/, 'no key is told')
  life.abort()
  encryption.close()
})

test('a key that is about to seal must stay, also where nothing is stored yet', async () => {
  const file = join(directory, 'empty.json')
  write(file, [provider('one')])
  const clock = new TestClock()
  const errors: string[] = []
  const log = { ...silentLog, error: (_: string, fields?: object) => void errors.push(JSON.stringify(fields)) }
  const encryption = await openEncryption(file, createMemoryStore({}), { clock, random: systemRandom, log, serverIdHash: 'sha256:x' })
  const life = new AbortController()
  encryption.run(life.signal)
  write(file, [provider('two')])
  for (let step = 0; step < 6; step++) {
    await clock.advance(1_000)
    await settle()
  }
  assert.match(errors[0] ?? '', /it does not open what is being sealed now: keep the present first provider, below the new one/)
  life.abort()
  encryption.close()
})

test('readiness is asked of the plugins of the configuration in force', async () => {
  const file = join(directory, 'plugins.json')
  const vault = (name: string): object => ({ kms: { apiVersion: 'v2', name, endpoint: `unix://${join(directory, name)}` } })
  const [stays, goes] = [await startKmsPlugin(join(directory, 'stays')), await startKmsPlugin(join(directory, 'goes'))]
  write(file, [vault('stays'), { identity: {} }])
  const clock = new TestClock()
  const encryption = await openEncryption(file, createMemoryStore({}), { clock, random: systemRandom, log: silentLog, serverIdHash: 'sha256:x' })
  const life = new AbortController()
  encryption.run(life.signal)
  const checks = (): unknown[] => encryption.healthChecks().map(({ name, check }) => `${name}: ${check() ?? 'ok'}`)
  const settled = async (isDone: () => boolean): Promise<void> => {
    for (let waited = 0; waited < 200 && !isDone(); waited++) {
      await clock.advance(1_000)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  assert.deepEqual(checks(), ['kms-providers: ok', 'kms-provider-0: ok'])
  write(file, [vault('goes'), vault('stays'), { identity: {} }])
  await settled(() => checks().length === 3)
  assert.deepEqual(checks(), ['kms-providers: ok', 'kms-provider-0: ok', 'kms-provider-1: ok'])
  await goes.stop()
  await settled(() => checks()[1] !== 'kms-provider-0: ok')
  const [all, sealing, other] = checks()
  assert.match(String(all), /^kms-providers: kms-provider-0: kmsv2 Provider goes is not healthy/)
  assert.match(String(sealing), /^kms-provider-0: kmsv2 Provider goes is not healthy/)
  assert.equal(other, 'kms-provider-1: ok')
  write(file, [{ identity: {} }])
  await settled(() => checks().length === 1)
  assert.deepEqual(checks(), ['kms-providers: ok'])
  life.abort()
  encryption.close()
  await stays.stop()
})
