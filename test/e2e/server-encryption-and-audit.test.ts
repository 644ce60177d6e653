/** A real server process: what is on its disk, how it is started with other keys, and what it writes down of requests. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startServer, type ServerBed } from './server-bed.testing.ts'

const SECRETS = '/api/v1/namespaces/default/secrets'
const PASSWORD = 'hunter2-is-no-secret'
let bed: ServerBed

before(async () => {
  bed = await startServer('encryption')
})
after(() => bed.remove())

function encryptionFile(...keys: string[]): string {
  const file = join(bed.directory, 'encryption.json')
  const provider = (name: string): object => ({ aesgcm: { keys: [{ name, secret: Buffer.alloc(32, name).toString('base64') }] } })
  const providers = [...keys.map(provider), { identity: {} }]
  const resources = [{ resources: ['secrets'], providers }]
  const config = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources }
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  return file
}

async function restart(...options: string[]): Promise<string> {
  await bed.lotse('down')
  const { code, output } = await bed.lotse('up', ...options)
  return code === 0 ? '' : output
}

async function untilSealed(times: number): Promise<void> {
  for (let waited = 0; waited < 100; waited++) {
    if (bed.log().split('All values are sealed').length > times) return
    await sleep(100)
  }
  assert.fail('the values were not sealed anew')
}

async function password(name: string): Promise<unknown> {
  const api = bed.connect()
  const { json } = await api.call('GET', `${SECRETS}/${name}`)
  api.close()
  return json['data']
}

test('plain, sealed, rotated: old values stay readable, and what is new is not on the disk', async () => {
  const api = bed.connect()
  const secret = (name: string): object => ({ metadata: { name }, data: { password: btoa(`${PASSWORD}-${name}`) } })
  assert.equal((await api.call('POST', SECRETS, { body: secret('old') })).status, 201)
  api.close()
  assert.equal(await restart('--encryption-config', encryptionFile('one')), '')
  await untilSealed(1)
  const later = bed.connect()
  assert.equal((await later.call('POST', SECRETS, { body: secret('new') })).status, 201)
  later.close()
  assert.equal(await restart('--encryption-config', encryptionFile('two', 'one')), '')
  await untilSealed(2)
  assert.equal(await restart('--encryption-config', encryptionFile('two')), '')
  assert.deepEqual(await password('old'), { password: btoa(`${PASSWORD}-old`) })
  assert.deepEqual(await password('new'), { password: btoa(`${PASSWORD}-new`) })
  const store = join(bed.dataDirectory, 'store')
  const written = readdirSync(store).map((file) => readFileSync(join(store, file)).toString('latin1')).join('')
  assert.equal(written.includes(btoa(`${PASSWORD}-new`)), false)
  assert.equal(written.includes('k8s:enc:aesgcm:v1:two:'), true)
})

test('a changed file is in force without a restart; one that is wrong changes nothing', async () => {
  const pid = bed.pid()
  const status = async (): Promise<string> => /^encryption: (.*values.*)$/m.exec((await bed.lotse('status')).output)?.[1] ?? ''
  const logged = async (text: string): Promise<void> => {
    for (let waited = 0; waited < 150 && !bed.log().includes(text); waited++) await sleep(100)
    assert(bed.log().includes(text), text)
  }
  assert.equal(await status(), 'all values are sealed with the first provider')
  encryptionFile('four', 'two')
  await untilSealed(3)
  encryptionFile('five')
  await logged('the stored value was sealed by aesgcm \\"four\\"')
  assert.equal(await status(), 'all values are sealed with the first provider')
  assert.deepEqual(await password('old'), { password: btoa(`${PASSWORD}-old`) })
  encryptionFile('two', 'four')
  await untilSealed(4)
  encryptionFile('two')
  const api = bed.connect()
  const { text } = await api.call('GET', '/metrics')
  api.close()
  assert.match(text, /^apiserver_encryption_config_controller_automatic_reloads_total\{apiserver_id_hash="sha256:[0-9a-f]{64}",status="failure"\} \d+$/m)
  assert.equal(bed.pid(), pid)
})

test('a key that is gone is said with the object, and the files that worked are kept', async () => {
  const why = await restart('--encryption-config', encryptionFile('three'))
  assert.match(why, /secrets "default\/\w+": the stored value was sealed by aesgcm "two", which the encryption configuration does not have/)
  const none = await restart('--encryption-config', '')
  assert.match(none, /was sealed by aesgcm "two", and this cluster is started without an encryption configuration/)
  assert.equal(await restart('--encryption-config', encryptionFile('two')), '')
  assert.doesNotMatch(bed.log(), new RegExp(`${PASSWORD}|${Buffer.alloc(32, 'two').toString('base64').slice(0, 20)}`))
})

test('requests are written down as the policy says, in the log and to a webhook', async () => {
  const received: string[] = []
  const pki = join(bed.dataDirectory, 'pki')
  const certificate = { cert: readFileSync(join(pki, 'apiserver.crt')), key: readFileSync(join(pki, 'apiserver.key')) }
  const hook = createServer(certificate, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push(Buffer.concat(chunks).toString())
      response.end()
    })
  })
  await new Promise<void>((resolve) => void hook.listen(0, '127.0.0.1', resolve))
  const kubeconfig = join(bed.directory, 'audit-kubeconfig.json')
  writeFileSync(kubeconfig, JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'audit', contexts: [{ name: 'audit', context: { cluster: 'audit' } }],
    clusters: [{
      name: 'audit',
      cluster: { server: `https://localhost:${(hook.address() as AddressInfo).port}/`, 'certificate-authority': join(pki, 'ca.crt') },
    }],
  }))
  const policy = join(bed.directory, 'policy.json')
  const users = ['kubernetes-admin']
  const rules = [
    { level: 'Metadata', users, resources: [{ group: '', resources: ['secrets'] }] },
    { level: 'RequestResponse', users, resources: [{ group: '', resources: ['configmaps'] }] },
  ]
  writeFileSync(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules }))
  const log = join(bed.directory, 'audit', 'audit.log')
  assert.equal(await restart('--audit-policy', policy, '--audit-log', log, '--audit-webhook-config', kubeconfig), '')
  const api = bed.connect()
  const read = await api.call('GET', `${SECRETS}/new`)
  await api.call('POST', '/api/v1/namespaces/default/configmaps', { body: { metadata: { name: 'told' }, data: { a: 'b' } } })
  api.close()
  assert.equal(await restart(), '')
  assert.equal(existsSync(log), true)
  assert.equal(statSync(log).mode & 0o777, 0o600)
  const events = readFileSync(log, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  const seen = events.map(({ level, verb, objectRef, requestObject }) => [level, verb, (objectRef as { name: string }).name, requestObject])
  assert.deepEqual(seen, [
    ['Metadata', 'get', 'new', undefined], ['RequestResponse', 'create', 'told', { metadata: { name: 'told' }, data: { a: 'b' } }],
  ])
  assert.equal(events[0]?.['auditID'], read.headers['audit-id'])
  assert.doesNotMatch(readFileSync(log, 'utf8'), new RegExp(btoa(PASSWORD).slice(0, 20)))
  const posted = received.flatMap((text) => (JSON.parse(text) as { items: unknown[] }).items)
  assert.deepEqual(posted, events)
  hook.close()
  hook.closeAllConnections()
})
