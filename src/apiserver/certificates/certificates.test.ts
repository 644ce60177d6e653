import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../resources/generated/kinds.ts'
import type { CertificateSigningRequest } from '../../resources/generated/types.ts'
import { NODE_CLIENT_REQUEST_PEM, NODE_SERVING_REQUEST_PEM, REQUEST_PEM } from '../../resources/sample-certificates.testing.ts'
import { settle, startTestServer, type TestServer } from '../apiserver.testing.ts'
import type { RequestInfo, User } from '../access.ts'
import { facetRoutes } from '../subresources/facet-routes.ts'
import { NodeApprover } from './node-approver.ts'
import { certificateSignatureCheck } from './signature-check.ts'

const PATH = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet'

const request = (name: string, more: object = {}): CertificateSigningRequest => ({
  kind: 'CertificateSigningRequest', apiVersion: 'certificates.k8s.io/v1', metadata: { name },
  spec: { request: NODE_CLIENT_REQUEST_PEM, signerName: CLIENT, usages: ['digital signature', 'client auth'], ...more },
})

async function serverWhere(mayCreate: (user: User, subresource: string) => boolean | undefined): Promise<TestServer & { readonly asked: string[] }> {
  const asked: string[] = []
  const authorizer = {
    authorize: (user: User, { verb, resource, subresource }: RequestInfo) => {
      asked.push(`${user.name} ${verb} ${resource}/${subresource}`)
      const allowed = mayCreate(user, subresource)
      return Promise.resolve(allowed === undefined ? { allowed: false, reason: '', error: 'nobody there' } : { allowed, reason: '' })
    },
  }
  let approver: NodeApprover | undefined
  const life = new AbortController()
  const at = await startTestServer({
    extensions: (core) => {
      approver = new NodeApprover({ ...core, authorizer, client: core.client({ name: 'controller', uid: '', groups: [], extra: {} }) })
      return {
        validators: [certificateSignatureCheck({ problemOf: ({ commonName }) => (commonName === 'system:node:worker' ? undefined : 'it is another') })],
        observers: [approver], routes: facetRoutes(), tasks: [(signal) => approver?.run(signal) ?? Promise.resolve()],
      }
    },
  })
  return { ...at, asked, stop: () => [life.abort(), at.stop()] }
}

async function conditionOf(at: TestServer, name: string): Promise<string> {
  await at.clock.advance(10)
  await settle()
  const { status } = await at.client.get(kinds.CertificateSigningRequest, { namespace: '', name })
  return (status?.conditions ?? []).map(({ type, reason, message }) => `${type} ${reason}: ${message}`).join()
}

test('a request that another key has signed is refused as an invalid one', async () => {
  const at = await startTestServer({ extensions: { validators: [certificateSignatureCheck({ problemOf: () => 'x509: ECDSA verification failure' })] } })
  const answer = await at.request('POST', PATH, request('a'))
  assert.deepEqual([answer.status, answer.get('reason')], [422, 'Invalid'])
  assert.match(String(answer.get('message')), /^CertificateSigningRequest\.certificates\.k8s\.io "a" is invalid: spec\.request: Invalid value: \[\]byte\{0x2d, 0x2d, .*\}: x509: ECDSA verification failure$/)
  at.stop()
})

test('who may have a node certificate gets it approved at once', async () => {
  const at = await serverWhere((_user, subresource) => subresource === 'nodeclient')
  assert.equal((await at.request('POST', PATH, request('a'))).status, 201)
  assert.equal(await conditionOf(at, 'a'), 'Approved AutoApproved: Auto approving kubelet client certificate after SubjectAccessReview.')
  assert.deepEqual(at.asked, ['alice create certificatesigningrequests/nodeclient'])
  const others = [{ signerName: 'kubernetes.io/kube-apiserver-client' }, { usages: ['client auth'] }, { request: REQUEST_PEM }]
  for (const [index, more] of others.entries()) {
    await at.request('POST', PATH, request(`other-${index}`, more))
    assert.equal(await conditionOf(at, `other-${index}`), '', JSON.stringify(more))
  }
  assert.equal(at.asked.length, 1)
  at.stop()
})

test('a node renews its own; what is not granted waits for a grant', async () => {
  let right = ''
  const at = await serverWhere((_user, subresource) => (right === 'broken' ? undefined : subresource === right))
  const node = at.server.client({ name: 'system:node:worker', uid: '', groups: ['system:nodes'], extra: {} })
  await node.create(kinds.CertificateSigningRequest, request('b'))
  assert.equal(await conditionOf(at, 'b'), '')
  right = 'broken'
  await at.clock.advance(60_000)
  assert.equal(await conditionOf(at, 'b'), '')
  right = 'selfnodeclient'
  await at.clock.advance(60_000)
  assert.equal(await conditionOf(at, 'b'), 'Approved AutoApproved: Auto approving self kubelet client certificate after SubjectAccessReview.')
  at.stop()
})

test('a node is called by its name: with that alone it need wait for nobody', async () => {
  const at = await serverWhere((_user, subresource) => subresource === 'selfnodeserver')
  const serving = { signerName: 'kubernetes.io/kubelet-serving', usages: ['digital signature', 'server auth'] }
  const as = async (user: string, name: string, pem: string): Promise<string> => {
    const node = at.server.client({ name: user, uid: '', groups: ['system:nodes'], extra: {} })
    await node.create(kinds.CertificateSigningRequest, request(name, { ...serving, request: pem }))
    return conditionOf(at, name)
  }
  const approved = 'Approved AutoApproved: Auto approving self kubelet serving certificate after SubjectAccessReview.'
  assert.equal(await as('system:node:worker', 'own', NODE_SERVING_REQUEST_PEM), approved)
  assert.equal(await as('system:node:worker', 'with-addresses', REQUEST_PEM), '')
  assert.equal(await as('system:node:other', 'not-own', NODE_SERVING_REQUEST_PEM), '')
  assert.deepEqual(at.asked, ['system:node:worker create certificatesigningrequests/selfnodeserver'])
  at.stop()
})
