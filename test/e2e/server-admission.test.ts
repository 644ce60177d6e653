/** Webhooks and policies on a real server process: who is asked when, what the audit and the metrics have of it, and webhooks that hang or lie. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isObject, type JsonObject } from '../../src/objects/json.ts'
import { startServer, type Api, type ServerBed } from './server-bed.testing.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const REGISTRATION = '/apis/admissionregistration.k8s.io'

let bed: ServerBed
let hooks: Server
let api: Api
let auditLog = ''
/** Paths in the order in which webhooks were asked. */
const asked: string[] = []

before(async () => {
  bed = await startServer('admission')
  const policy = join(bed.directory, 'policy.json')
  auditLog = join(bed.directory, 'audit', 'audit.log')
  const rules = [{ level: 'Request', users: ['kubernetes-admin'], verbs: ['create'], resources: [{ group: '', resources: ['configmaps'] }] }]
  writeFileSync(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules }))
  await bed.lotse('down')
  const { code, output } = await bed.lotse('up', '--audit-policy', policy, '--audit-log', auditLog)
  assert.equal(code, 0, output)
  hooks = createServer({ cert: bed.readKey('apiserver.crt'), key: bed.readKey('apiserver.key') }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const path = (request.url ?? '').split('?')[0] ?? ''
      asked.push(request.url ?? '')
      if (path === '/hangs') return
      const review = JSON.parse(Buffer.concat(chunks).toString()) as { request: JsonObject }
      response.setHeader('content-type', 'application/json').end(path === '/lies' ? '[]' : JSON.stringify(answerTo(path, review.request)))
    })
  })
  await new Promise<void>((resolve) => void hooks.listen(0, '127.0.0.1', resolve))
  api = bed.connect()
})

after(async () => {
  api.close()
  hooks.closeAllConnections()
  hooks.close()
  await bed.remove()
})

/** /adds puts its name into the data; /allows only looks. */
function answerTo(path: string, { uid, object }: JsonObject): object {
  const data = isObject(object) && isObject(object['data']) ? object['data'] : {}
  const patch = [{ op: 'add', path: '/data/hook', value: Object.keys(data).sort().join(',') }]
  const change = path === '/adds' && data['hook'] === undefined ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') } : {}
  const response = { uid, allowed: true, auditAnnotations: { saw: Object.keys(data).sort().join(',') }, ...change }
  return { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response }
}

const RULE = { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }
/** Nothing but what this test makes is asked about. */
const MINE = { matchLabels: { mine: 'yes' } }

async function configure(of: 'mutating' | 'validating', name: string, path: string, more: object = {}): Promise<void> {
  const { port } = hooks.address() as AddressInfo
  const webhook = {
    name: `${name}.example.com`, admissionReviewVersions: ['v1'], sideEffects: 'None', timeoutSeconds: 1, rules: [RULE], objectSelector: MINE,
    clientConfig: { url: `https://localhost:${port}${path}`, caBundle: Buffer.from(bed.readKey('ca.crt')).toString('base64') }, ...more,
  }
  const made = await api.call('POST', `${REGISTRATION}/v1/${of}webhookconfigurations`, { body: { metadata: { name }, webhooks: [webhook] } })
  assert.equal(made.status, 201, made.text)
}

async function create(name: string): ReturnType<Api['call']> {
  return api.call('POST', CONFIG_MAPS, { body: { metadata: { name, labels: { mine: 'yes' } }, data: { own: '1' } } })
}

/** Annotations of the events of a create, by the names of their objects. */
async function annotationsOf(name: string): Promise<Record<string, string>> {
  for (let waited = 0; waited < 50; waited++) {
    const lines = readFileSync(auditLog, 'utf8').split('\n').filter((line) => line.includes(`"name":"${name}"`))
    const [line] = lines
    if (line !== undefined) return (JSON.parse(line) as { annotations: Record<string, string> }).annotations
    await sleep(100)
  }
  return assert.fail(`no event of ${name}`)
}

test('policies change objects, webhooks after them, and those who want to see the end of it do', async () => {
  const spec = {
    matchConstraints: { resourceRules: [RULE], objectSelector: MINE }, reinvocationPolicy: 'IfNeeded',
    mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: `Object{data: {"policy": has(object.data.hook) ? "second" : "first"}}` } }],
  }
  const policies = `${REGISTRATION}/v1alpha1/mutatingadmissionpolic`
  assert.equal((await api.call('POST', `${policies}ies`, { body: { metadata: { name: 'p' }, spec } })).status, 201)
  assert.equal((await api.call('POST', `${policies}ybindings`, { body: { metadata: { name: 'p' }, spec: { policyName: 'p' } } })).status, 201)
  await configure('mutating', 'adds', '/adds')
  await configure('mutating', 'looks', '/allows', { reinvocationPolicy: 'IfNeeded' })
  await configure('validating', 'checks', '/allows')
  asked.length = 0
  const made = await create('rounds')
  assert.deepEqual([made.status, made.json['data']], [201, { own: '1', hook: 'own,policy', policy: 'second' }], made.text)
  assert.deepEqual(asked, ['/adds?timeout=1s', '/allows?timeout=1s', '/allows?timeout=1s', '/allows?timeout=1s'])
  const notes = await annotationsOf('rounds')
  assert.equal(notes['adds.example.com/saw'], 'own,policy')
  assert.equal(notes['mutation.webhook.admission.k8s.io/round_0_index_0'], '{"configuration":"adds","webhook":"adds.example.com","mutated":true}')
  assert.equal(notes['mutation.webhook.admission.k8s.io/round_1_index_1'], '{"configuration":"looks","webhook":"looks.example.com","mutated":false}')
  assert.match(notes['patch.webhook.admission.k8s.io/round_0_index_0'] ?? '', /"patch":\[\{"op":"add","path":"\/data\/hook","value":"own,policy"\}\]/)
})

test('a webhook that hangs or lies is waited for as long as it says, and no longer', async () => {
  await configure('validating', 'hangs', '/hangs', { failurePolicy: 'Ignore' })
  await configure('validating', 'lies', '/lies', { failurePolicy: 'Ignore' })
  const began = Date.now()
  assert.equal((await create('ignored')).status, 201)
  assert.ok(Date.now() - began < 3_000)
  const notes = await annotationsOf('ignored')
  assert.deepEqual(Object.entries(notes).filter(([key]) => key.startsWith('failed-open.')).map(([, value]) => value).sort(), ['hangs.example.com', 'lies.example.com'])
  await configure('validating', 'must', '/lies')
  const refused = await create('refused')
  assert.deepEqual([refused.status, refused.json['reason']], [500, 'InternalError'])
  assert.match(String(refused.json['message']), /^Internal error occurred: failed calling webhook "must\.example\.com": /)
  for (const name of ['hangs', 'lies', 'must']) await api.call('DELETE', `${REGISTRATION}/v1/validatingwebhookconfigurations/${name}`)
  assert.equal((await create('after')).status, 201)
})

test('what admission did is counted', async () => {
  const { text } = await api.call('GET', '/metrics')
  const lines = text.split('\n').map((line) => line.replace(/ \S+$/, ''))
  const expected = [
    'apiserver_admission_step_admission_duration_seconds_count{type="admit",operation="CREATE",rejected="false"}',
    'apiserver_admission_controller_admission_duration_seconds_count{name="MutatingAdmissionPolicy",type="admit",operation="CREATE",rejected="false"}',
    'apiserver_admission_controller_admission_duration_seconds_count{name="NamespaceLifecycle",type="admit",operation="CREATE",rejected="false"}',
    'apiserver_admission_controller_admission_duration_seconds_count{name="ValidatingAdmissionWebhook",type="validate",operation="CREATE",rejected="true"}',
    'apiserver_admission_webhook_admission_duration_seconds_count{name="adds.example.com",operation="CREATE",rejected="false",type="admit"}',
    'apiserver_admission_webhook_fail_open_count{name="hangs.example.com",type="validating"}',
    'apiserver_admission_webhook_rejection_count{error_type="calling_webhook_error",name="must.example.com",operation="CREATE",rejection_code="503",type="validating"}',
    'apiserver_mutating_admission_policy_check_total{error_type="no_error",policy="p",policy_binding="p"}',
  ]
  for (const line of expected) assert.ok(lines.includes(line), line)
})
