import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { AdmissionRequest, Authorizer, Validator } from '../access.ts'
import { readerOf, userNamed } from '../access/object-reader.testing.ts'
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts'

/** O=dev, O=system:masters, CN=mallory: nobody has the key. */
const MASTERS =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIek1JR2JBZ0VBTURreEREQUtCZ05WQkFvTUEyUmxkakVYTUJVR0ExVUVDZ3dPYzNsemRH'
  + 'VnRPbTFoYzNSbApjbk14RURBT0JnTlZCQU1NQjIxaGJHeHZjbmt3V1RBVEJnY3Foa2pPUFFJQkJnZ3Foa2pPUFFNQkJ3TkNBQVNlCndDdXA0NnQzM1ZQWmZM'
  + 'NGZRYXJQYkpmL01CRXBvVjNNQXIvcHlLWU9lRjF4QmxSN01jQUlPSXl0SWZPb1pJMFMKSWVmbmc3OFUwa1lxUUtBL1lqdi9vQUF3Q2dZSUtvWkl6ajBFQXdJ'
  + 'RFJ3QXdSQUlnSzJKck5COVVOemhxMDNhVQpaQVJhZkVqcCtQdmdJWnlPaGxBVkVCREkzNGdDSUhqeWxORTRlYlUzNENEWWM5a3hXSUxpMXRpK2ExN3RITXo5'
  + 'CnVtcFZoamdWCi0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo='
/** O=dev, CN=mallory */
const PLAIN =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIYU1JR0NBZ0VBTUNBeEREQUtCZ05WQkFvTUEyUmxkakVRTUE0R0ExVUVBd3dIYldGc2JH'
  + 'OXllVEJaTUJNRwpCeXFHU000OUFnRUdDQ3FHU000OUF3RUhBMElBQkpJcU1ObzYzN0hxeUhWOVVOYytSQmU1V0xjNDlFbGk4RGZBClVuWHZLc24vL2crVnhL'
  + 'eDNpK3dvWitBQ0QrWlBRYWFPVjdVdXFORUVERm5jbUJ6bnd6dWdBREFLQmdncWhrak8KUFFRREFnTkhBREJFQWlCbGJ0cm5oMVQ1SlZ1MzA4eVlsSGFaeUdD'
  + 'N1RkNU9ybjVqb3E4YWtsWHNXQUlnSzdhWApPK1VOVXd2RHQvbUlSb09EZEozc0w3MzlXZ1c4R0ZRMVNVQVc4dFU9Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJF'
  + 'UVVFU1QtLS0tLQo='
const CLIENT = 'kubernetes.io/kube-apiserver-client'

const csr = (signerName: string, request = '', status: object = {}): KubeObject =>
  ({ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'c' }, spec: { signerName, request, usages: [] }, status } as KubeObject)

async function say(plugin: Validator, given: Partial<AdmissionRequest>): Promise<string> {
  const request: AdmissionRequest = {
    operation: 'CREATE', kind: kinds.CertificateSigningRequest, user: userNamed('u'), subresource: '', key: { namespace: '', name: 'c' },
    object: undefined, old: undefined, dryRun: false, ...given,
  }
  if (!plugin.matches(request)) return 'passed by'
  const verdict = await plugin.review(request, readerOf([]))
  return verdict.allowed ? 'yes' : verdict.message
}

test('nobody asks for a certificate of those who may do everything', async () => {
  const refused = 'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed'
  const table: [signer: string, request: string, expected: string][] = [
    [CLIENT, MASTERS, refused], [CLIENT, PLAIN, 'yes'], ['example.com/own', MASTERS, 'yes'], ['kubernetes.io/legacy-unknown', MASTERS, 'yes'],
  ]
  for (const [signer, request, expected] of table) {
    assert.equal(await say(certificateSubjectRestriction, { operation: 'CREATE', object: csr(signer, request) }), expected, signer)
  }
})

test('the question that is asked before a verdict or a certificate is put in', async () => {
  const asked: string[] = []
  const answering = (yes: string): Authorizer => ({
    authorize: (_user, { isResource, group, resource, verb, name }) => {
      asked.push(`${isResource ? '' : 'path '}${verb} ${resource}.${group} ${name}`)
      return { allowed: name === yes, reason: '' }
    },
  })
  const change = (status: object): Partial<AdmissionRequest> => ({ operation: 'UPDATE', old: csr('a.example/b/c'), object: csr('mine.example/x', '', status) })
  const conditions = [{ type: 'Approved', status: 'True' }]
  const table: [plugin: (authorizer: Authorizer) => Validator, subresource: string, status: object, mayUse: string, expected: string, questions: string][] = [
    [certificateApproval, 'approval', { conditions }, 'a.example/b/c', 'yes', 'approve signers.certificates.k8s.io a.example/b/c'],
    [
      certificateApproval, 'approval', { conditions }, 'a.example/*', 'yes',
      'approve signers.certificates.k8s.io a.example/b/c; approve signers.certificates.k8s.io a.example/*',
    ],
    [certificateSigning, 'status', { certificate: 'x' }, 'a.example/b/c', 'yes', 'sign signers.certificates.k8s.io a.example/b/c'],
    [
      certificateSigning, 'status', { conditions }, 'mine.example/x', 'user not permitted to sign requests with signerName "a.example/b/c"',
      'sign signers.certificates.k8s.io a.example/b/c; sign signers.certificates.k8s.io a.example/*',
    ],
    [certificateSigning, 'status', {}, '', 'yes', ''], [certificateSigning, 'approval', { certificate: 'x' }, '', 'passed by', ''],
    [certificateApproval, '', {}, '', 'passed by', ''],
  ]
  for (const [plugin, subresource, status, mayUse, expected, questions] of table) {
    asked.length = 0
    assert.equal(await say(plugin(answering(mayUse)), { ...change(status), subresource }), expected, `${subresource} ${mayUse}`)
    assert.equal(asked.join('; '), questions)
  }
})
