/** Clients without rights: who they are taken for, what they are told, and what they must not learn. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/host/clock.ts'
import { createClusterPki } from '../../src/host/pki.ts'
import { createCertificate } from '../../src/host/pki-certificate.ts'
import { isObject } from '../../src/objects/json.ts'
import { silentLog } from '../../src/words/ports.ts'
import { errorLines, failureOf, startServer, type Api, type CallOptions, type Identity, type ServerBed } from './server-bed.testing.ts'

const SECRETS = '/api/v1/namespaces/default/secrets'
const PROTECTED = 'a-value-that-nobody-else-may-see'

let bed: ServerBed
let admin: Api
before(async () => {
  bed = await startServer('server-access')
  admin = bed.connect()
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hidden' }, stringData: { password: PROTECTED } }
  assert.equal((await admin.call('POST', SECRETS, { body: secret })).status, 201)
})
after(async () => {
  admin.close()
  await bed.remove()
})

async function as(identity: Identity, method: string, path: string, headers: Record<string, string> = {}, body?: object): Promise<string> {
  const api = bed.connect(identity)
  try {
    const answer = await api.call(method, path, { headers, ...(body === undefined ? {} : { body }) })
    assert(!answer.text.includes(PROTECTED), 'the secret is not told')
    return answer.status < 300 ? String(answer.status) : failureOf(answer)
  } finally {
    api.close()
  }
}

async function tokenOf(name: string): Promise<string> {
  await admin.call('POST', '/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name } } })
  const answer = await admin.call('POST', `/api/v1/namespaces/default/serviceaccounts/${name}/token`, { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} } })
  assert.equal(answer.status, 201, answer.text)
  return isObject(answer.json['status']) ? String(answer.json['status']['token']) : ''
}

/** Signed by an authority that this cluster does not know, for a user of every right. */
function foreignAdmin(): Identity & { readonly authorityPem: string } {
  const directory = mkdtempSync(join(tmpdir(), 'lotse-foreign-'))
  try {
    const pki = createClusterPki(directory, { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog })
    return { as: 'certificate', certificatePem: pki.admin.certificatePem, keyPem: pki.admin.keyPem, authorityPem: pki.caPem }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('who is not known is anonymous; a wrong token is refused', async () => {
  const anonymous = (what: string): string => `403 Forbidden: ${what}`
  const user = 'User "system:anonymous" cannot'
  assert.equal(await as({ as: 'nobody' }, 'GET', `${SECRETS}/hidden`), anonymous(`secrets "hidden" is forbidden: ${user} get resource "secrets" in API group "" in the namespace "default"`))
  assert.equal(await as({ as: 'nobody' }, 'GET', `${SECRETS}/missing`), anonymous(`secrets "missing" is forbidden: ${user} get resource "secrets" in API group "" in the namespace "default"`))
  assert.equal(await as(foreignAdmin(), 'GET', '/api/v1/nodes'), '401 Unauthorized: Unauthorized')
  assert.equal(await as({ as: 'nobody' }, 'GET', '/apis/no.such/v1/things'), anonymous(`things.no.such is forbidden: ${user} list resource "things" in API group "no.such" at the cluster scope`))
  assert.match(await as({ as: 'nobody' }, 'GET', '/metrics'), /^403 Forbidden: forbidden: User "system:anonymous" cannot get path "\/metrics"/)
  assert.equal(await as({ as: 'nobody' }, 'GET', '/version'), '200')
  const sound = await tokenOf('known')
  const [head = '', claims = '', signature = ''] = sound.split('.')
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`
  for (const token of ['wrong', `${sound}x`, `${head}.${claims}.`, none, `${head}.${Buffer.from('{"sub":"system:admin"}').toString('base64url')}.${signature}`, 'a.b.c', 'x'.repeat(50_000)]) {
    assert.equal(await as({ as: 'token', token }, 'GET', '/version'), '401 Unauthorized: Unauthorized', token.slice(0, 80))
  }
  for (const authorization of ['Basic YTpi', 'Bearer', 'Bearer ', 'bearer  ', 'Negotiate x']) {
    assert.match(await as({ as: 'nobody' }, 'GET', '/api/v1/nodes', { authorization }), /^(401|403) /, authorization)
  }
})

test('rights are asked for before anything is read, and a denial tells nothing', async () => {
  const poor: Identity = { as: 'token', token: await tokenOf('poor') }
  const denied = (verb: string, name = ''): string =>
    `403 Forbidden: secrets${name} is forbidden: User "system:serviceaccount:default:poor" cannot ${verb} resource "secrets" in API group "" in the namespace "default"`
  assert.equal(await as(poor, 'GET', `${SECRETS}/hidden`), denied('get', ' "hidden"'))
  assert.equal(await as(poor, 'GET', `${SECRETS}?watch=true`), denied('watch'))
  assert.equal(await as(poor, 'POST', SECRETS, {}, { metadata: { name: 'hidden' } }), denied('create'))
  assert.equal(await as(poor, 'DELETE', SECRETS), denied('deletecollection'))
  assert.equal(await as(poor, 'PATCH', `${SECRETS}/hidden`, {}, [{ op: 'test', path: '/data/password', value: 'x' }]), denied('patch', ' "hidden"'))
  // An object that is not there looks like one that is.
  assert.equal((await as(poor, 'GET', `${SECRETS}/missing`)).replace('missing', 'hidden'), await as(poor, 'GET', `${SECRETS}/hidden`))
  // Neither the method's case, the selector's name nor an encoded path leads around the question.
  for (const path of [`${SECRETS}?fieldSelector=metadata.name%3Dhidden`, '/api/v1/watch/namespaces/default/secrets', '/%61pi/v1/namespaces/default/%73ecrets/hidden', `${SECRETS}/hidden/`]) {
    assert.match(await as(poor, 'GET', path), /^403 Forbidden: secrets/, path)
  }
  assert.match(await as(poor, 'get', `${SECRETS}/hidden`), /^(403|405) /)
  assert.match(await as(poor, 'GET', `${SECRETS}/../secrets/hidden`), /^404 /)
})

test('whether something is there cannot be told from a refusal, its headers or its body', async () => {
  const api = bed.connect({ as: 'token', token: await tokenOf('curious') })
  const told = async (name: string, method: string, path: string, options: CallOptions): Promise<unknown> => {
    const named = JSON.parse(JSON.stringify({ path, options }).replaceAll('NAME', name)) as { path: string; options: CallOptions }
    const { status, headers, text } = await api.call(method, named.path, named.options)
    const { 'audit-id': _audit, date: _date, ...rest } = headers
    return { status, headers: rest, text: text.replaceAll(name, 'NAME') }
  }
  const pods = '/api/v1/namespaces/default/pods'
  const table: [string, string, CallOptions][] = [
    ['GET', `${SECRETS}/NAME`, {}], ['HEAD', `${SECRETS}/NAME`, {}], ['GET', `${SECRETS}?fieldSelector=metadata.name%3DNAME`, {}],
    ['GET', `${SECRETS}?watch=1&fieldSelector=metadata.name%3DNAME`, {}], ['GET', '/api/v1/watch/namespaces/default/secrets/NAME', {}],
    ['PATCH', `${SECRETS}/NAME`, { body: {}, type: 'application/merge-patch+json' }], ['PATCH', `${SECRETS}/NAME?fieldManager=m`, { body: {}, type: 'application/apply-patch+yaml' }],
    ['PUT', `${SECRETS}/NAME`, { body: { metadata: { name: 'NAME' } } }], ['POST', SECRETS, { body: { metadata: { name: 'NAME' } } }], ['DELETE', `${SECRETS}/NAME`, {}],
    ['GET', `${pods}/NAME/log`, {}], ['POST', `${pods}/NAME/eviction`, { body: {} }], ['POST', '/api/v1/namespaces/default/serviceaccounts/NAME/token', { body: {} }],
    ['GET', '/api/v1/namespaces/NAME', {}], ['GET', '/version', { headers: { 'impersonate-user': 'system:serviceaccount:default:NAME' } }],
    ['POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { body: { spec: { user: 'NAME' } } }],
  ]
  await admin.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'hidden' } } })
  await admin.call('POST', '/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'hidden' } } })
  await admin.call('POST', pods, { body: { metadata: { name: 'hidden' }, spec: { containers: [{ name: 'c', image: 'i' }] } } })
  for (const [method, path, options] of table) {
    const [there, absent] = [await told('hidden', method, path, options), await told('absent', method, path, options)]
    assert.deepEqual(absent, there, `${method} ${path}`)
    assert.equal((there as { status: number }).status, 403, `${method} ${path}`)
  }
  api.close()
})

test('clients of another authority are let in as soon as its certificate is put there', async () => {
  const identity = foreignAdmin()
  assert(identity.as === 'certificate')
  assert.match(await as(identity, 'GET', '/api/v1/nodes'), /^401 /)
  const file = join(bed.dataDirectory, 'pki/client-ca.crt')
  const until = async (expected: RegExp): Promise<void> => {
    for (let attempt = 0; attempt < 100 && !expected.test(await as(identity, 'GET', '/api/v1/nodes')); attempt++) await sleep(100)
    assert.match(await as(identity, 'GET', '/api/v1/nodes'), expected)
  }
  writeFileSync(file, identity.authorityPem)
  await until(/^200$/)
  const judged = bed.connect(identity)
  assert.equal((await judged.call('GET', '/api/v1/nodes')).status, 200)
  rmSync(file)
  await until(/^401 /)
  assert.equal((await judged.call('GET', '/api/v1/nodes')).status, 401, 'a connection that was there before')
  judged.close()
})

test('a certificate that ends while its connection lives counts no longer; a watch that it began goes on', async () => {
  const authority = { commonName: 'lotse-ca', certificatePem: bed.readKey('ca.crt'), keyPem: bed.readKey('ca.key') }
  const wish = { commonName: 'passing', organizations: ['system:masters'], use: 'client', names: [], addresses: [] } as const
  const { certificatePem, keyPem } = createCertificate(wish, authority, { now: systemClock.now(), lifetimeMs: 3000 })
  const api = bed.connect({ as: 'certificate', certificatePem, keyPem })
  const seen = async (): Promise<string> => String((await api.call('GET', '/api/v1/namespaces/default')).status)
  assert.equal(await seen(), '200')
  const watch = api.session.request({ ':path': '/api/v1/namespaces/default/configmaps?watch=true' })
  let told = ''
  watch.on('data', (chunk) => (told += String(chunk)))
  for (let attempt = 0; attempt < 100 && await seen() === '200'; attempt++) await sleep(100)
  assert.equal(await seen(), '401')
  const token: Identity = { as: 'token', token: await tokenOf('known') }
  assert.equal((await api.call('GET', '/version', { headers: { authorization: `Bearer ${token.token}` } })).status, 200, 'a token counts for itself')
  await admin.call('POST', '/api/v1/namespaces/default/configmaps', { body: { metadata: { name: 'after-the-end' } } })
  for (let attempt = 0; attempt < 100 && !told.includes('after-the-end'); attempt++) await sleep(20)
  assert.match(told, /after-the-end/)
  api.close()
})

test('another authority of front proxies is believed, told of and signs for this server, without a restart', async () => {
  const pki = join(bed.dataDirectory, 'pki')
  const file = (name: string): string => readFileSync(join(pki, name), 'utf8')
  const proxyOf = (certificatePem: string, keyPem: string): Identity => ({ as: 'certificate', certificatePem, keyPem })
  const asAlice = (proxy: Identity): Promise<string> => as(proxy, 'GET', SECRETS, { 'x-remote-user': 'alice' })
  const before = proxyOf(file('front-proxy-client.crt'), file('front-proxy-client.key'))
  assert.match(await asAlice(before), /^403 .*"alice"/)
  const directory = mkdtempSync(join(tmpdir(), 'lotse-successor-'))
  try {
    const { frontProxy } = createClusterPki(directory, { names: [], addresses: [], clock: systemClock, log: silentLog })
    const successor = proxyOf(frontProxy.certificatePem, frontProxy.keyPem)
    assert.match(await asAlice(successor), /^401 /)
    for (const ending of ['key', 'crt']) copyFileSync(join(directory, `front-proxy-ca.${ending}`), join(pki, `front-proxy-ca.${ending}`))
    for (let attempt = 0; attempt < 100 && !/"alice"/.test(await asAlice(successor)); attempt++) await sleep(100)
    assert.match(await asAlice(successor), /^403 .*"alice"/)
    assert.match(await asAlice(before), /^401 /)
    assert.match(await asAlice(proxyOf(file('front-proxy-client.crt'), file('front-proxy-client.key'))), /^403 .*"alice"/)
    const told = await admin.call('GET', '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication')
    assert.equal(isObject(told.json['data']) && told.json['data']['requestheader-client-ca-file'], frontProxy.caPem)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('impersonation and escalation need rights of their own', async () => {
  const poor: Identity = { as: 'token', token: await tokenOf('poor') }
  const impersonating = (headers: Record<string, string>): Promise<string> => as(poor, 'GET', `${SECRETS}/hidden`, headers)
  const cannot = 'is forbidden: User "system:serviceaccount:default:poor" cannot impersonate resource'
  assert.equal(await impersonating({ 'impersonate-user': 'admin' }), `403 Forbidden: users "admin" ${cannot} "users" in API group "" at the cluster scope`)
  assert.match(await impersonating({ 'impersonate-user': 'system:serviceaccount:kube-system:x' }), /^403 Forbidden: serviceaccounts "x" is forbidden/)
  assert.match(await impersonating({ 'impersonate-user': 'a', 'impersonate-group': 'system:masters' }), /^403 Forbidden: /)
  assert.match(await impersonating({ 'impersonate-group': 'system:masters' }), /^(400|403|500) /)
  assert.equal(await as({ as: 'admin' }, 'GET', '/version', { 'impersonate-user': 'someone' }), '200')
  const role = { metadata: { name: 'edit-roles' }, rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: ['create', 'update', 'patch'] }] }
  const binding = { metadata: { name: 'edit-roles' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'edit-roles' }, subjects: [{ kind: 'ServiceAccount', name: 'poor', namespace: 'default' }] }
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default'
  assert.deepEqual([(await admin.call('POST', `${rbac}/roles`, { body: role })).status, (await admin.call('POST', `${rbac}/rolebindings`, { body: binding })).status], [201, 201])
  const more = { metadata: { name: 'more' }, rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] }
  const bindMore = { ...binding, metadata: { name: 'bind-more' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' } }
  assert.match(await as(poor, 'POST', `${rbac}/roles`, {}, more), /^403 Forbidden: .*attempting to grant RBAC permissions not currently held/)
  assert.match(await as(poor, 'POST', `${rbac}/rolebindings`, {}, bindMore), /^403 Forbidden: /)
})

test('the log has no errors and no secrets', async () => {
  const token = await tokenOf('poor')
  await as({ as: 'token', token }, 'GET', `${SECRETS}?token=${token}`)
  const log = bed.log()
  assert.deepEqual(errorLines(log), [])
  assert(!log.includes(token) && !log.includes(PROTECTED) && !log.includes('PRIVATE KEY'))
})
