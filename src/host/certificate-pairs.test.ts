import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { settle, TestClock, testRandom } from '../apiserver/apiserver.testing.ts'
import { keepRenewed } from '../client/certificate-keeper.ts'
import { silentLog, type Clock } from '../words/ports.ts'
import { followPairs, readPairs, type CertificatePairs } from './certificate-pairs.ts'
import { createClusterPki, type ClusterPki } from './pki.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-clients-'))
after(() => rmSync(directory, { recursive: true }))

/** By what a server is known to nodes and to the API servers behind it. */
type ClientPairs = CertificatePairs<'toNodes' | 'frontProxy'>

interface Followed {
  readonly pki: ClusterPki
  readonly used: ClientPairs[]
  readonly errors: string[]
  /** Lets so much time pass at once. */
  age(ms: number): void
  look(): Promise<void>
  stop(): Promise<void>
}

function pkiIn(name: string, clock: Clock): ClusterPki {
  return createClusterPki(join(directory, name), { names: ['localhost'], addresses: [], clock, log: silentLog })
}

function follow(name: string): Followed {
  const timers = new TestClock()
  let passedMs = 0
  const clock: Clock = { now: () => timers.now() + passedMs, after: timers.after.bind(timers) }
  const pki = pkiIn(name, clock)
  const files = { toNodes: pki.apiServerToNode, frontProxy: pki.frontProxy }
  const [used, errors]: [ClientPairs[], string[]] = [[], []]
  const log = { ...silentLog, error: (_: string, fields?: object) => void errors.push(JSON.stringify(fields)) }
  const life = new AbortController()
  for (const certificate of pki.kept) void keepRenewed(certificate, { clock, random: testRandom(), log: silentLog }, life.signal)
  const following = followPairs({
    what: 'client certificates', files, inForce: readPairs(files, clock.now()), use: (pairs) => void used.push(pairs),
  }, { clock, log }, life.signal)
  return {
    pki, used, errors,
    age(ms) {
      passedMs += ms
    },
    async look() {
      await timers.advance(5_000)
      await settle()
    },
    async stop() {
      life.abort()
      await following
    },
  }
}

test('changed client certificates are used; what is wrong is told and changes nothing', async () => {
  const { pki, used, errors, look, stop } = follow('own')
  const other = pkiIn('other', new TestClock())
  await look()
  assert.equal(used.length, 0)
  writeFileSync(pki.apiServerToNode.keyFile, other.apiServerToNode.keyPem)
  await look()
  assert.match(errors[0] ?? '', /apiserver-node-client\.key: it is not the key of .*apiserver-node-client\.crt/)
  writeFileSync(pki.apiServerToNode.certificateFile, other.apiServerToNode.certificatePem)
  await look()
  assert.deepEqual(used.map(({ toNodes, frontProxy }) => [toNodes.certificatePem, frontProxy.certificatePem]),
    [[other.apiServerToNode.certificatePem, pki.frontProxy.certificatePem]])
  writeFileSync(pki.frontProxy.certificateFile, 'rubbish')
  await look()
  assert.deepEqual([used.length, errors.length], [1, 2])
  assert.doesNotMatch(errors.join(''), /BEGIN/)
  await stop()
})

test('a server that runs for a year gets other client certificates in time', async () => {
  const { pki, age, used, look, stop } = follow('aged')
  age(340 * 86_400_000)
  for (let minute = 0; minute < 60; minute += 5) await look()
  const [renewed] = used
  assert.ok(renewed !== undefined)
  for (const [pair, before] of [[renewed.toNodes, pki.apiServerToNode], [renewed.frontProxy, pki.frontProxy]] as const) {
    assert.ok(Date.parse(new X509Certificate(pair.certificatePem).validTo) > Date.parse(new X509Certificate(before.certificatePem).validTo))
  }
  await stop()
})

test('another authority of front proxies signs another certificate; without its key nothing changes', async () => {
  const { pki, used, look, stop } = follow('replaced')
  const other = pkiIn('successor', new TestClock())
  const [place, from] = [join(directory, 'replaced'), join(directory, 'successor')]
  copyFileSync(join(from, 'front-proxy-ca.crt'), pki.frontProxy.caFile)
  assert.throws(() => pki.renewClients(), { name: 'PkiError', message: /front-proxy-ca\.crt cannot be used: the key beside it is not its key/ })
  await look()
  assert.equal(used.length, 0)
  copyFileSync(join(from, 'front-proxy-ca.key'), join(place, 'front-proxy-ca.key'))
  pki.renewClients()
  await look()
  const [renewed] = used
  assert.ok(renewed !== undefined)
  assert.equal(new X509Certificate(renewed.frontProxy.certificatePem).verify(new X509Certificate(other.frontProxy.caPem).publicKey), true)
  assert.equal(renewed.toNodes.certificatePem, pki.apiServerToNode.certificatePem)
  await stop()
})
