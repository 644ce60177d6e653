import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBase64, textOf, toBase64, utf8 } from '../../../words/bytes.ts'
import { present } from '../../../words/assert.ts'
import type { CertificateSigningRequest } from '../../generated/types.ts'
import { CERTIFICATE_PEM, REQUEST_PEM } from '../../sample-certificates.testing.ts'
import { sampleSigningRequest } from '../../sample-extension-objects.testing.ts'
import { cellsOf, changed, context, created, createChecks, messagesOf, updated } from '../checking.testing.ts'
import { formatTime } from '../../../words/instant.ts'
import { certificateEnd, parseCertificateRequest } from './certificate-request.ts'
import { certificateSigningRequests, requestApproval } from './certificate-signing-request.ts'

const pem = (base64: string): string => textOf(present(fromBase64(base64), 'base64'))

test('what a request asks for', () => {
  const { publicKey, subject, signedPart, signature, signatureParameters, ...asked } = parseCertificateRequest(pem(REQUEST_PEM))
  assert.deepEqual(asked, {
    commonName: 'system:node:worker', organizations: ['system:nodes'], dnsNames: ['worker'], emailAddresses: [], uris: [],
    ipAddresses: ['10.0.0.1', 'fd00::1'], signatureAlgorithm: '1.2.840.10045.4.3.2',
  })
  assert.deepEqual([publicKey, subject, signedPart, signature, signatureParameters].map(({ length }) => length), [91, 54, 213, 70, 0])
  assert.equal(formatTime(certificateEnd(pem(CERTIFICATE_PEM))), '2036-11-20T08:48:52Z')
  assert.throws(() => certificateEnd('rubbish'), { name: 'DerError' })
})

test('no cut of a request is a request, and none makes the reader fail otherwise', () => {
  const [, body = ''] = /-----\n([\s\S]*)\n-----END/.exec(pem(REQUEST_PEM)) ?? []
  const bytes = present(fromBase64(body.replaceAll('\n', '')), 'base64')
  for (let length = 0; length < bytes.length; length += 7) {
    const cut = `-----BEGIN CERTIFICATE REQUEST-----\n${toBase64(bytes.subarray(0, length))}\n-----END CERTIFICATE REQUEST-----\n`
    assert.throws(() => parseCertificateRequest(cut), { name: 'DerError' })
  }
})

const goBytes = (bytes: Uint8Array): string => [...bytes].map((byte) => `0x${byte.toString(16)}`).join(', ')

test('a CertificateSigningRequest', () => {
  const check = createChecks(certificateSigningRequests, sampleSigningRequest)
  check({})
  const other = pem(REQUEST_PEM).replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE')
  check({ 'spec.request': toBase64(utf8('hello')) }, 'spec.request: Invalid value: []byte{0x68, 0x65, 0x6c, 0x6c, 0x6f}: PEM block type must be CERTIFICATE REQUEST')
  check({ 'spec.request': toBase64(utf8(other)) }, `spec.request: Invalid value: []byte{${goBytes(utf8(other))}}: PEM block type must be CERTIFICATE REQUEST`)
  check({ 'spec.usages': [] }, 'spec.usages: Required value: usages must be provided')
  check({ 'spec.usages': ['client auth', 'client auth'] }, 'spec.usages[1]: Duplicate value: "client auth"')
  check({ 'spec.signerName': '' }, 'spec.signerName: Required value: signerName must be provided')
  check({ 'spec.signerName': 'signer' }, 'spec.signerName: Invalid value: "signer": must be a fully qualified domain and path of the form \'example.com/signer-name\'')
  check({ 'spec.signerName': 'localhost/a' }, 'spec.signerName: Invalid value: "localhost": should be a domain with at least two segments separated by dots')
  check({ 'spec.signerName': 'kubernetes.io/legacy-unknown' },
    'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version')
  check({ 'spec.expirationSeconds': 599 }, 'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)')
})

test('who asks is what authentication says, and nothing is approved at the start', () => {
  const given = { username: 'root', uid: '0', groups: ['system:masters'], extra: { a: ['b'] } }
  const made = created(certificateSigningRequests, {
    ...sampleSigningRequest(), spec: { ...sampleSigningRequest().spec, ...given },
    status: { conditions: [{ type: 'Approved', status: 'True' }], certificate: CERTIFICATE_PEM },
  })
  assert.deepEqual(made.status, {})
  assert.deepEqual(made.spec, { ...sampleSigningRequest().spec, username: 'alice', uid: 'u1', groups: ['system:authenticated'] })
  const later = updated(certificateSigningRequests, changed(made, { 'spec.signerName': 'example.com/x', 'status.certificate': CERTIFICATE_PEM }), made)
  assert.deepEqual([later.spec, later.status], [made.spec, made.status])
})

const STAMP = '2026-01-01T00:00:00Z'
const condition = (type: string): { type: string; status: string } => ({ type, status: 'True' })
const stamped = (type: string): object => ({ ...condition(type), lastUpdateTime: STAMP, lastTransitionTime: STAMP })

function through(door: typeof requestApproval, old: CertificateSigningRequest, status: CertificateSigningRequest['status']): [unknown, string[]] {
  const draft: CertificateSigningRequest = { ...old, spec: { request: '', signerName: '' }, ...(status === undefined ? {} : { status }) }
  door.prepareForUpdate(draft, old, context)
  assert.equal(draft.spec, old.spec)
  return [draft.status, messagesOf(door.validateUpdate(draft, old))]
}

test('approval takes conditions, status takes the certificate', () => {
  const pending = created(certificateSigningRequests, sampleSigningRequest())
  const status = present(certificateSigningRequests.status, 'status')
  assert.deepEqual(through(requestApproval, pending, { conditions: [condition('Approved')], certificate: CERTIFICATE_PEM }), [{ conditions: [stamped('Approved')] }, []])
  assert.deepEqual(through(requestApproval, pending, { conditions: [condition('Approved'), condition('Denied')] })[1],
    ['status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive'])
  assert.deepEqual(through(requestApproval, pending, { conditions: [{ type: 'Approved', status: 'False' }] })[1],
    ['status.conditions[0].status: Unsupported value: "False": supported values: "True"'])
  assert.deepEqual(through(status, pending, { conditions: [condition('Approved')] })[1],
    ['status.conditions: Forbidden: updates may not add a condition of type "Approved"'])
  assert.deepEqual(through(status, pending, { conditions: [condition('Failed')], certificate: CERTIFICATE_PEM }),
    [{ conditions: [stamped('Failed')], certificate: CERTIFICATE_PEM }, []])
  const approved = { ...pending, status: { conditions: [{ ...condition('Approved'), lastUpdateTime: STAMP, lastTransitionTime: STAMP }], certificate: CERTIFICATE_PEM } }
  assert.deepEqual(through(status, approved, { conditions: [], certificate: toBase64(utf8('x')) })[1], [
    'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
    'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
    'status.certificate: Forbidden: updates may not modify existing certificate content',
  ])
  assert.deepEqual(through(status, pending, { certificate: REQUEST_PEM })[1],
    ['status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"'])
  assert.deepEqual(cellsOf(certificateSigningRequests, approved), {
    Age: '<unknown>', SignerName: 'kubernetes.io/kube-apiserver-client', Requestor: 'alice', RequestedDuration: '<none>', Condition: 'Approved,Issued',
  })
  const brief = changed(pending, { 'spec.expirationSeconds': 86400 * 3 })
  assert.deepEqual([cellsOf(certificateSigningRequests, brief)['RequestedDuration'], cellsOf(certificateSigningRequests, brief)['Condition']], ['3d', 'Pending'])
})
