import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { silentLog, type Clock } from '../words/ports.ts'
import { createClusterPki, type PkiOptions } from './pki.ts'
import { systemClock } from './clock.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-pki-'))
after(() => rmSync(directory, { recursive: true }))

const YEAR_MS = 365 * 24 * 3600 * 1000
const options: PkiOptions = { names: ['localhost', 'kubernetes.default.svc'], addresses: ['127.0.0.1', '::1', '10.96.0.1'], clock: systemClock, log: silentLog }
const later = (passedMs: number): Clock => ({ ...systemClock, now: () => systemClock.now() + passedMs })

function describeCertificate(pem: string): string {
  const { subject, subjectAltName = 'none', keyUsage = [] } = new X509Certificate(pem)
  return `${subject.replaceAll('\n', ' ')} for ${subjectAltName} (${keyUsage.join()})`
}

test('the certificates say who and what they are for', () => {
  const pki = createClusterPki(directory, options)
  const node = pki.node('one', { names: ['one'], addresses: ['10.0.0.7'] })
  const pairs = [pki.apiServer, pki.apiServerToNode, pki.admin, pki.scheduler, pki.controllerManager, node.client, node.serving]
  assert.deepEqual(pairs.map((pair) => describeCertificate(pair.certificatePem)), [
    'CN=kube-apiserver for DNS:localhost, DNS:kubernetes.default.svc, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:10.96.0.1 (1.3.6.1.5.5.7.3.1)',
    'O=lotse:node-admins CN=kube-apiserver-kubelet-client for none (1.3.6.1.5.5.7.3.2)',
    'O=system:masters CN=kubernetes-admin for none (1.3.6.1.5.5.7.3.2)',
    'CN=system:kube-scheduler for none (1.3.6.1.5.5.7.3.2)',
    'CN=system:kube-controller-manager for none (1.3.6.1.5.5.7.3.2)',
    'O=system:nodes CN=system:node:one for none (1.3.6.1.5.5.7.3.2)',
    'O=system:nodes CN=system:node:one for DNS:one, IP Address:10.0.0.7 (1.3.6.1.5.5.7.3.1)',
  ])
  const ca = new X509Certificate(pki.caPem)
  for (const pair of pairs) assert(new X509Certificate(pair.certificatePem).checkIssued(ca) && new X509Certificate(pair.certificatePem).verify(ca.publicKey))
})

test('nobody but the owner can read the files', () => {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
  assert.deepEqual([...new Set(files.map((file) => `${file.isDirectory() ? 'd' : 'f'}${(statSync(join(file.parentPath, file.name)).mode & 0o777).toString(8)}`))].sort(), ['d700', 'f600'])
})

test('what is good is kept; what expires or is for other names is renewed', () => {
  const first = createClusterPki(directory, options)
  assert.equal((createClusterPki(directory, options)).apiServer.certificatePem, first.apiServer.certificatePem)
  const moved = createClusterPki(directory, { ...options, addresses: ['127.0.0.1', '192.0.2.1', '10.96.0.1'] })
  assert.notEqual(moved.apiServer.certificatePem, first.apiServer.certificatePem)
  assert.equal(moved.admin.certificatePem, first.admin.certificatePem)
  const aged = createClusterPki(directory, { ...options, clock: later(YEAR_MS - 20 * 24 * 3600 * 1000) })
  assert.notEqual(aged.admin.certificatePem, first.admin.certificatePem)
  assert.deepEqual([aged.caPem, aged.tokenKeyPem], [first.caPem, first.tokenKeyPem])
})

test('a lost, foreign or expired authority is said, never replaced', () => {
  const ca = readFileSync(join(directory, 'ca.crt'), 'utf8')
  assert.throws(() => createClusterPki(directory, { ...options, clock: later(11 * YEAR_MS) }), { name: 'PkiError', message: /expired on/ })
  rmSync(join(directory, 'ca.key'))
  assert.throws(() => createClusterPki(directory, options), { name: 'PkiError', message: /ca\.key is missing/ })
  assert.equal(readFileSync(join(directory, 'ca.crt'), 'utf8'), ca)
})

test('a token key that was put aside still vouches for its tokens', () => {
  const place = mkdtempSync(join(tmpdir(), 'lotse-retired-'))
  try {
    const before = createClusterPki(place, options)
    assert.deepEqual(before.retiredTokenKeyPems, [])
    mkdirSync(join(place, 'service-account-retired'))
    renameSync(join(place, 'service-account.key'), join(place, 'service-account-retired', 'first.pem'))
    const now = createClusterPki(place, options)
    assert.notEqual(now.tokenPublicKeyPem, before.tokenPublicKeyPem)
    assert.deepEqual(now.retiredTokenKeyPems, [before.tokenPublicKeyPem])
    writeFileSync(join(place, 'service-account-retired', 'second.pem'), 'rubbish')
    assert.throws(() => createClusterPki(place, options), /second\.pem is no key in PEM form/)
  } finally {
    rmSync(place, { recursive: true })
  }
})
