import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { settle, TestClock, testRandom } from '../apiserver/apiserver.testing.ts'
import { keepRenewed } from '../client/certificate-keeper.ts'
import { silentLog } from '../words/ports.ts'
import type { ServingCertificate } from './https-server.ts'
import { createClusterPki, type ClusterPki } from './pki.ts'
import { followServingCertificate, readServingCertificate, type ServingFiles } from './serving-certificate.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-serving-'))
after(() => rmSync(directory, { recursive: true }))

const clock = new TestClock()
const pkiIn = (name: string, addresses: readonly string[]): ClusterPki => createClusterPki(join(directory, name), { names: ['localhost'], addresses, clock, log: silentLog })

test('changed files are served with; what is wrong is told and changes nothing', async () => {
  const pki = pkiIn('own', ['127.0.0.1'])
  const other = pkiIn('other', ['127.0.0.1'])
  const files: ServingFiles = { ...pki.apiServer, caFile: pki.caFile, clientCaFile: pki.clientCaFile, frontProxyCaFile: pki.frontProxy.caFile }
  const used: ServingCertificate[] = []
  const errors: string[] = []
  const log = { ...silentLog, error: (_: string, fields?: object) => void errors.push(JSON.stringify(fields)) }
  const life = new AbortController()
  const inForce = readServingCertificate(files, clock.now())
  assert.equal(inForce.caPem, pki.caPem.trim())
  const following = followServingCertificate({
    files, inForce, use: (certificate) => void used.push(certificate),
  }, { clock, log }, life.signal)
  const look = async (): Promise<void> => {
    await clock.advance(5_000)
    await settle()
  }
  await look()
  assert.equal(used.length, 0)

  writeFileSync(pki.clientCaFile, other.caPem)
  await look()
  assert.deepEqual(used.map(({ caPem }) => caPem), [`${pki.caPem.trim()}\n${other.caPem.trim()}`])
  const moved = pkiIn('own', ['127.0.0.1', '192.0.2.7'])
  await look()
  assert.deepEqual(used.map(({ certificatePem }) => certificatePem), [pki.apiServer.certificatePem, moved.apiServer.certificatePem])

  const wrong: [string, string, RegExp][] = [
    [pki.clientCaFile, 'rubbish', /client-ca\.crt: there is no certificate in it/],
    [pki.clientCaFile, other.apiServer.certificatePem, /client-ca\.crt: \\"CN=kube-apiserver\\" is no authority/],
    [pki.clientCaFile, other.admin.keyPem, /client-ca\.crt: only certificates may be in it, not PRIVATE KEY/],
    [pki.frontProxy.caFile, '', /front-proxy-ca\.crt: there is no certificate in it/],
    [files.keyFile, other.apiServer.keyPem, /apiserver\.key: it is not the key of .*apiserver\.crt/],
  ]
  for (const [index, [file, text, why]] of wrong.entries()) {
    writeFileSync(file, text)
    await look()
    assert.match(errors[index] ?? '', why)
    writeFileSync(pki.clientCaFile, other.caPem)
    writeFileSync(pki.frontProxy.caFile, pki.frontProxy.caPem)
  }
  writeFileSync(files.keyFile, moved.apiServer.keyPem)
  rmSync(pki.clientCaFile)
  await look()
  assert.deepEqual([used.length, used.at(-1)?.caPem, errors.length], [3, pki.caPem.trim(), 5])
  writeFileSync(pki.frontProxy.caFile, other.frontProxy.caPem)
  await look()
  assert.deepEqual([used.length, used.at(-1)?.frontProxyCaPem], [4, other.frontProxy.caPem])
  assert.doesNotMatch(errors.join(''), /BEGIN/)
  life.abort()
  await following
})

test('a server that runs for a year gets another certificate in time', async () => {
  const start = clock.now()
  let passedMs = 0
  const older = { now: () => clock.now() + passedMs, after: clock.after.bind(clock) }
  const pki = createClusterPki(join(directory, 'old'), { names: ['localhost'], addresses: ['127.0.0.1'], clock: older, log: silentLog })
  const files: ServingFiles = { ...pki.apiServer, caFile: pki.caFile, clientCaFile: pki.clientCaFile, frontProxyCaFile: pki.frontProxy.caFile }
  const used: ServingCertificate[] = []
  const life = new AbortController()
  const following = followServingCertificate({
    files, inForce: readServingCertificate(files, start), use: (certificate) => void used.push(certificate),
  }, { clock: older, log: silentLog }, life.signal)
  const random = testRandom()
  for (const certificate of pki.kept) void keepRenewed(certificate, { clock: older, random, log: silentLog }, life.signal)
  await clock.advance(5_000)
  passedMs = 340 * 86_400_000
  await clock.advance(65_000)
  await settle()
  const [renewed] = used
  assert.ok(renewed !== undefined && Date.parse(new X509Certificate(renewed.certificatePem).validTo) > start + 600 * 86_400_000)
  life.abort()
  await following
})
