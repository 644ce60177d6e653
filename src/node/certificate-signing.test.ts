import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '../client/client.ts'
import type { CertificateSigningRequest } from '../resources/generated/types.ts'
import { textOf, toBase64, utf8, fromBase64 } from '../words/bytes.ts'
import { ManualClock } from '../words/manual-clock.testing.ts'
import { serviceUnavailable, StatusError } from '../words/status-error.ts'
import { signedByCluster } from './certificate-signing.ts'

type Status = NonNullable<CertificateSigningRequest['status']>
type Answer = Status | StatusError

/** Answers one after the other, the last one from then on. */
async function ask(answers: readonly Answer[], passMs = 20 * 60_000): Promise<{ readonly result: string; readonly created: unknown; readonly looks: number }> {
  const clock = new ManualClock()
  let created: CertificateSigningRequest | undefined
  let looks = 0
  const client = {
    create(_: unknown, object: CertificateSigningRequest) {
      created = object
      return Promise.resolve({ ...object, metadata: { name: 'csr-x' } })
    },
    get() {
      const answer = answers[Math.min(looks++, answers.length - 1)] ?? {}
      return answer instanceof StatusError ? Promise.reject(answer) : Promise.resolve({ ...created, status: answer })
    },
  }
  // Of the client only these two are used.
  const asked = signedByCluster('client', 'REQUEST', { client: client as object as Client, clock }, new AbortController().signal)
  const result = asked.then((text) => text, (error: unknown) => (error instanceof Error ? error.message : 'no error'))
  await clock.pass(passMs)
  const spec = created?.spec
  return { result: await result, created: spec && { ...spec, request: textOf(fromBase64(spec.request) ?? new Uint8Array()) }, looks }
}

const signed: Status = { certificate: toBase64(utf8('CERTIFICATE')), conditions: [{ type: 'Approved', status: 'True' }] }

test('a node asks as itself, and waits for its certificate', async () => {
  const { result, created, looks } = await ask([{}, serviceUnavailable('gone for a moment'), { conditions: [{ type: 'Approved', status: 'True' }] }, signed])
  assert.deepEqual([result, looks], ['CERTIFICATE', 4])
  assert.deepEqual(created, {
    request: 'REQUEST', signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages: ['digital signature', 'client auth'],
  })
})

test('what will not be signed is said', async () => {
  const table: [readonly Answer[], RegExp][] = [
    [[{ conditions: [{ type: 'Denied', status: 'True', message: 'not today' }] }], /^the CertificateSigningRequest csr-x was not signed \(Denied\): not today$/],
    [[{ conditions: [{ type: 'Approved', status: 'True' }, { type: 'Failed', status: 'True', reason: 'SignerValidationFailure' }] }], /\(Failed\): SignerValidationFailure$/],
    [[new StatusError(404, 'NotFound', 'it is gone')], /^it is gone$/],
    [[{}], /^the CertificateSigningRequest csr-x was not signed within 15 minutes: approve it \(kubectl certificate approve\)$/],
  ]
  for (const [answers, expected] of table) assert.match((await ask(answers)).result, expected)
  assert((await ask([{}])).looks < 110)
})
