/** A real server that asks a webhook what users may do, and follows the files that say so. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/host/clock.ts'
import { createClusterPki } from '../../src/host/pki.ts'
import { silentLog } from '../../src/words/ports.ts'
import { startServer, type Answer, type ServerBed } from './server-bed.testing.ts'

interface Spec {
  readonly user: string
  readonly resourceAttributes?: { readonly verb: string; readonly resource: string; readonly fieldSelector?: { readonly requirements?: readonly object[] } }
}

let bed: ServerBed
let hook: Server
/** path user verb resource fieldSelector */
const asked: string[] = []

before(async () => {
  bed = await startServer('authorizers')
  const pki = createClusterPki(join(bed.directory, 'hook'), { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog })
  hook = createServer({ cert: pki.apiServer.certificatePem, key: pki.apiServer.keyPem }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString()) as { spec: Spec }
      const { user, resourceAttributes: { verb = '', resource = '', fieldSelector } = {} } = review.spec
      const line = [request.url, user, verb, resource, JSON.stringify(fieldSelector?.requirements)].join(' ').trimEnd()
      asked.push(line)
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...review, status: { allowed: user === 'anna' && !line.includes('secrets'), reason: request.url } }))
    })
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  kubeconfig('/first', pki.caPem)
  configuration('RBAC')
  await bed.lotse('down')
  const { code, output } = await bed.lotse('up', '--authorization-config', join(bed.directory, 'authorization.json'))
  assert.equal(code, 0, output)
})
after(async () => {
  await bed.remove()
  hook.close()
})

function kubeconfig(path: string, caPem?: string): void {
  const { port } = hook.address() as AddressInfo
  if (caPem !== undefined) writeFileSync(join(bed.directory, 'hook-ca.crt'), caPem)
  writeFileSync(join(bed.directory, 'hook.json'), JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'c', contexts: [{ name: 'c', context: { cluster: 'c' } }],
    clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}${path}`, 'certificate-authority': 'hook-ca.crt' } }],
  }))
}

/** Of the server's own parts nobody is asked. */
function configuration(...types: string[]): void {
  const webhook = {
    timeout: '2s', authorizedTTL: '1s', unauthorizedTTL: '1s', subjectAccessReviewVersion: 'v1', matchConditionSubjectAccessReviewVersion: 'v1', failurePolicy: 'NoOpinion',
    connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: join(bed.directory, 'hook.json') }, matchConditions: [{ expression: `!request.user.startsWith('system:')` }],
  }
  writeFileSync(join(bed.directory, 'authorization.json'), JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration',
    authorizers: [{ type: 'Webhook', name: 'hook', webhook }, ...types.map((type) => ({ type, name: type.toLowerCase() }))],
  }))
}

async function call(user: string, method: string, path: string, body?: object): Promise<Answer> {
  const api = bed.connect()
  try {
    return await api.call(method, path, { headers: user === '' ? {} : { 'impersonate-user': user }, ...(body === undefined ? {} : { body }) })
  } finally {
    api.close()
  }
}

test('a webhook decides, and hears of selectors', async () => {
  assert.equal((await call('anna', 'GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn1')).status, 200)
  assert.equal(asked.at(-1), '/first anna list pods [{"key":"spec.nodeName","operator":"In","values":["n1"]}]')
  const denied = await call('bob', 'GET', '/api/v1/pods')
  assert.deepEqual([denied.status, String(denied.json['message']).endsWith(': /first')], [403, true])
})

test('an admission policy waits for what the webhook says', async () => {
  const group = '/apis/admissionregistration.k8s.io/v1'
  const may = (resource: string): string => `authorizer.group('').resource('${resource}').namespace('default').check('get').allowed()`
  const policy = {
    metadata: { name: 'asks' }, spec: {
      matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }] },
      validations: [{ expression: `${may('pods')} && (has(object.data) ? ${may('secrets')} : true)`, message: 'not yours' }],
    },
  }
  assert.equal((await call('', 'POST', `${group}/validatingadmissionpolicies`, policy)).status, 201)
  const binding = { metadata: { name: 'asks' }, spec: { policyName: 'asks', validationActions: ['Deny'] } }
  assert.equal((await call('', 'POST', `${group}/validatingadmissionpolicybindings`, binding)).status, 201)
  const create = (name: string, data?: object): Promise<Answer> => call('anna', 'POST', '/api/v1/namespaces/default/configmaps', { metadata: { name }, ...(data === undefined ? {} : { data }) })
  assert.equal((await create('plain')).status, 201)
  const refused = await create('full', { a: 'b' })
  assert.deepEqual([refused.status, /denied request: not yours$/.test(String(refused.json['message']))], [422, true], refused.text)
  assert(asked.includes('/first anna get pods') && asked.includes('/first anna get secrets'), asked.join('\n'))
})

test('changed files are followed; a mistake changes nothing', async () => {
  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    for (let attempt = 0; attempt < 60 && !(await isSo()); attempt++) await sleep(250)
    assert(await isSo())
  }
  kubeconfig('/second')
  await until(async () => {
    await call('anna', 'GET', `/api/v1/nodes?labelSelector=n%3D${asked.length}`)
    return asked.at(-1)?.startsWith('/second') === true
  })
  configuration('Unheard')
  await until(async () => bed.log().includes('Unsupported value: \\"Unheard\\"'))
  assert.equal((await call('anna', 'GET', '/api/v1/pods')).status, 200)
  const { text } = await call('', 'GET', '/metrics')
  assert.match(text, /^apiserver_authorization_config_controller_automatic_reloads_total\{apiserver_id_hash="sha256:[0-9a-f]{64}",status="success"\} 1$/m)
  assert.match(text, /^apiserver_authorization_config_controller_automatic_reloads_total\{apiserver_id_hash="sha256:[0-9a-f]{64}",status="failure"\} [1-9]\d*$/m)
  configuration('RBAC', 'AlwaysAllow')
  await until(async () => (await call('bob', 'GET', '/api/v1/pods')).status === 200)
})
