import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../resources/generated/kinds.ts'
import type { CertificateSigningRequest } from '../resources/generated/types.ts'
import { CERTIFICATE_PEM, REQUEST_PEM } from '../resources/sample-certificates.testing.ts'
import { fromBase64, textOf } from '../words/bytes.ts'
import { parseTime } from '../words/instant.ts'
import { planCleaning } from './certificate-cleaner/controller.ts'
import type { IssueWish } from '../resources/kinds/certificate-signing-request/certificate-issuer.ts'
import { planSigning } from './certificate-signing/plan.ts'

const NOW = parseTime('2026-01-01T12:00:00Z') ?? 0
const MINUTE_MS = 60_000
const SERVING = 'kubernetes.io/kubelet-serving'

type Spec = CertificateSigningRequest['spec']
type Conditions = NonNullable<NonNullable<CertificateSigningRequest['status']>['conditions']>

function requestWith(spec: Partial<Spec>, conditions: Conditions, certificate?: string): CertificateSigningRequest {
  return {
    apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'r', uid: 'u', creationTimestamp: '2026-01-01T11:00:00Z' },
    spec: { request: REQUEST_PEM, signerName: SERVING, usages: ['digital signature', 'server auth'], ...spec },
    status: { conditions, ...(certificate === undefined ? {} : { certificate }) },
  }
}

const approved: Conditions = [{ type: 'Approved', status: 'True', lastUpdateTime: '2026-01-01T11:30:00Z' }]

test('what is approved is signed', () => {
  const sign = (spec: Partial<Spec>, conditions = approved): [string, IssueWish | undefined, unknown] => {
    let asked: IssueWish | undefined
    const plan = planSigning({
      request: requestWith(spec, conditions), issue: (wish) => {
        asked = wish
        return { ok: true, certificatePem: textOf(fromBase64(CERTIFICATE_PEM) ?? new Uint8Array()) }
      },
    }, NOW)
    const [action] = plan.actions
    if (action === undefined) return [plan.why, asked, undefined]
    assert(action.verb === 'update' && action.subresource === 'status' && action.kind === kinds.CertificateSigningRequest)
    return [plan.why, asked, (action.object as CertificateSigningRequest).status]
  }
  assert.deepEqual(sign({})[2], { conditions: approved, certificate: CERTIFICATE_PEM })
  const failing: [Partial<Spec>, string][] = [
    [{ usages: ['server auth'] }, 'usages did not match [digital signature key encipherment server auth]'],
    [{ usages: ['client auth', 'digital signature'], signerName: `${SERVING.replace('kubelet-serving', 'kube-apiserver-client-kubelet')}` }, 'DNS subjectAltNames are not allowed'],
    [{ signerName: 'kubernetes.io/kube-apiserver-client' }, 'invalid usage for client certificate: server auth'],
    [{ signerName: 'kubernetes.io/kube-apiserver-client', usages: ['digital signature'] }, 'missing required usage for client certificate: client auth'],
  ]
  for (const [spec, message] of failing) {
    const status = { conditions: [...approved, { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message }] }
    assert.deepEqual(sign(spec), [`The signer refuses it: ${message}`, undefined, status])
  }
  assert.deepEqual(sign({}, []), ['It waits for its approval.', undefined, undefined])
  assert.deepEqual(sign({}, [...approved, { type: 'Failed', status: 'True' }]), ['It has failed.', undefined, undefined])
  assert.deepEqual(sign({ signerName: 'example.com/x' })[0], "The signer example.com/x is none of the cluster's own.")
  const spans: [number | undefined, number][] = [[undefined, 365 * 24 * 60 - 5], [600, 10], [3600, 60], [10 * 3600, 595], [10 ** 9, 365 * 24 * 60 - 5]]
  for (const [expirationSeconds, minutes] of spans) {
    const [, wish] = sign(expirationSeconds === undefined ? {} : { expirationSeconds })
    assert.deepEqual([wish?.notBefore, wish?.notAfter], [NOW - 5 * MINUTE_MS, NOW + minutes * MINUTE_MS], String(expirationSeconds))
  }
})

test('no certificate counts for longer than the cluster says', () => {
  const spanOf = (longestMs: number, spec: Partial<Spec> = {}): [number, number] => {
    let asked: IssueWish | undefined
    planSigning({
      request: requestWith(spec, approved), longestMs, issue: (wish) => {
        asked = wish
        return { ok: false, problem: '' }
      },
    }, NOW)
    return [(asked?.notBefore ?? 0) - NOW, (asked?.notAfter ?? 0) - NOW]
  }
  assert.deepEqual(spanOf(60 * MINUTE_MS), [-5 * MINUTE_MS, 60 * MINUTE_MS])
  assert.deepEqual(spanOf(60 * MINUTE_MS, { expirationSeconds: 36_000 }), [-5 * MINUTE_MS, 60 * MINUTE_MS])
  assert.deepEqual(spanOf(20_000, { expirationSeconds: 600 }), [-2_000, 20_000])
})

test('what is done with is removed', () => {
  const condition = (type: string, lastUpdateTime: string): Conditions => [{ type, status: 'True', lastUpdateTime }]
  const table: [Conditions, string | undefined, string, string | undefined][] = [
    [[], undefined, '2026-01-02T11:00:00Z', 'wait'], [[], undefined, '2026-01-02T11:00:01Z', 'delete'],
    [condition('Denied', '2026-01-01T11:30:00Z'), undefined, '2026-01-01T12:30:00Z', 'wait'], [condition('Denied', '2026-01-01T11:30:00Z'), undefined, '2026-01-01T12:30:01Z', 'delete'],
    [condition('Failed', '2026-01-01T11:30:00Z'), undefined, '2026-01-01T12:30:01Z', 'delete'],
    [approved, undefined, '2027-01-01T12:30:01Z', undefined],
    [approved, CERTIFICATE_PEM, '2026-01-01T12:30:00Z', 'wait'], [approved, CERTIFICATE_PEM, '2026-01-01T12:30:01Z', 'delete'],
    [condition('Approved', '2040-01-01T00:00:00Z'), CERTIFICATE_PEM, '2036-11-20T08:48:53Z', 'delete'],
    [condition('Approved', '2040-01-01T00:00:00Z'), CERTIFICATE_PEM, '2036-11-20T08:48:52Z', 'wait'],
  ]
  for (const [conditions, certificate, time, expected] of table) {
    const plan = planCleaning(requestWith({}, conditions, certificate), parseTime(time) ?? 0)
    const found = plan.actions[0]?.verb ?? (plan.wakeAt === undefined ? undefined : 'wait')
    assert.equal(found, expected, `${JSON.stringify(conditions)} ${time}`)
  }
})
