import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { settle, TestClock } from '../apiserver/apiserver.testing.ts'
import { parseCertificateRequest } from '../resources/kinds/certificate-signing-request/certificate-request.ts'
import { KUBELET_CLIENT, KUBELET_SERVING, signerProblem } from '../resources/kinds/certificate-signing-request/signer-rules.ts'
import { silentLog } from '../words/ports.ts'
import { followPairs, readPairs, type CertificatePairs } from './certificate-pairs.ts'
import { certificateSignatures } from './certificate-signatures.ts'
import { keptNodeCertificate } from './kept-node-certificate.ts'
import { createClusterPki, nodeFiles, type ClusterPki } from './pki.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-node-certificates-'))
after(() => rmSync(directory, { recursive: true }))

const clock = new TestClock(Date.now())
const signal = new AbortController().signal
const pki = createClusterPki(directory, { names: ['localhost'], addresses: [], clock, log: silentLog })
const files = { client: nodeFiles(directory, 'n1', 'client'), serving: nodeFiles(directory, 'n1', 'serving') }
const node = (): void => void pki.node('n1', { names: ['n1'], addresses: [] })

/** As the cluster signs what it has approved. */
function signWith({ issue }: ClusterPki, signer: string, usages: readonly string[]): (requestPem: string) => Promise<string> {
  return (requestPem) => {
    const request = parseCertificateRequest(requestPem)
    assert.equal(certificateSignatures.problemOf(request), undefined)
    assert.equal(signerProblem(signer, request, usages), undefined)
    const issued = issue({ request, usages, notBefore: clock.now() - 60_000, notAfter: clock.now() + 86_400_000 })
    return issued.ok ? Promise.resolve(issued.certificatePem) : Promise.reject(new Error(issued.problem))
  }
}

const wish = { nodeName: 'n1', authorityPem: pki.caPem }
const client = keptNodeCertificate({ ...wish, files: files.client, names: [], sign: signWith(pki, KUBELET_CLIENT, ['digital signature', 'client auth']) })
const serving = keptNodeCertificate({
  ...wish, files: files.serving, names: ['n1'], sign: signWith(pki, KUBELET_SERVING, ['digital signature', 'server auth']),
})

test('a node has its certificates signed anew, with new keys, in files that nobody else may read', async () => {
  node()
  const before = readPairs(files, clock.now())
  const used: CertificatePairs<'client' | 'serving'>[] = []
  const life = new AbortController()
  const following = followPairs({
    what: "the node's certificates", files, inForce: before, use: (certificates) => void used.push(certificates),
  }, { clock, log: silentLog }, life.signal)
  for (const certificate of [client, serving]) await certificate.renew(signal)
  const renewed = readPairs(files, clock.now())
  for (const use of ['client', 'serving'] as const) {
    assert.notEqual(renewed[use].keyPem, before[use].keyPem)
    assert.doesNotMatch(renewed[use].certificatePem, /PRIVATE/)
    assert.equal(statSync(files[use].keyFile).mode & 0o777, 0o600)
  }
  const described = Object.values(renewed).map(({ certificatePem }) => {
    const { subject, subjectAltName, keyUsage } = new X509Certificate(certificatePem)
    return `${subject.replace('\n', ' ')} ${subjectAltName ?? ''} ${keyUsage.join()}`
  })
  assert.deepEqual(described, ['O=system:nodes CN=system:node:n1  1.3.6.1.5.5.7.3.2', 'O=system:nodes CN=system:node:n1 DNS:n1 1.3.6.1.5.5.7.3.1'])
  await clock.advance(5_000)
  await settle()
  assert.deepEqual(used, [renewed])
  life.abort()
  await following
  node()
  assert.deepEqual(readPairs(files, clock.now()), renewed, 'a start of the control plane leaves them alone')
})

test('what another has signed, or for another key, is not taken', async () => {
  const other = createClusterPki(join(directory, 'other'), { names: ['localhost'], addresses: [], clock, log: silentLog })
  const before = readFileSync(files.client.keyFile, 'utf8')
  const foreign = keptNodeCertificate({ ...wish, files: files.client, names: [], sign: signWith(other, KUBELET_CLIENT, ['digital signature', 'client auth']) })
  await assert.rejects(async () => foreign.renew(signal), /another authority/)
  const stale = keptNodeCertificate({ ...wish, files: files.client, names: [], sign: () => Promise.resolve(pki.admin.certificatePem) })
  await assert.rejects(async () => stale.renew(signal), /for another key/)
  assert.equal(readFileSync(files.client.keyFile, 'utf8'), before)
})

test('what has expired or cannot be read is said with its remedy, and a start makes it anew', () => {
  const expired = /client\.pem: it expired on .*\. Start the cluster again \(lotse down, then lotse up\)/
  assert.throws(() => readPairs(files, clock.now() + 2 * 86_400_000), expired)
  writeFileSync(files.serving.certificateFile, 'rubbish')
  assert.throws(() => readPairs(files, clock.now()), /serving\.pem: .*Start the cluster again/)
  rmSync(files.client.certificateFile)
  assert.throws(() => readPairs(files, clock.now()), /client\.pem.*Start the cluster again/)
  node()
  readPairs(files, clock.now())
})

test('the control plane makes those of a node anew once they have ended, and not before', () => {
  const kept = pki.kept.filter(({ file }) => file === files.client.certificateFile)
  const [own] = kept
  assert(own !== undefined)
  const validity = own.validity()
  assert.equal(own.plan?.(validity, { bytes: () => new Uint8Array(4) }), validity.until)
})
