/** Clients that write at the same time: one wins, nothing is lost, nothing is given out twice, nothing is left behind. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isObject, type JsonObject } from '../../src/objects/json.ts'
import { errorLines, startServer, type Answer, type Api, type ServerBed } from './server-bed.testing.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const SERVICES = '/api/v1/namespaces/default/services'
const CLIENTS = 4

let bed: ServerBed
let apis: Api[]
before(async () => {
  bed = await startServer('server-races')
  apis = Array.from({ length: CLIENTS }, () => bed.connect())
})
after(async () => {
  for (const api of apis) api.close()
  await bed.remove()
})

function api(index: number): Api {
  return apis[index % CLIENTS] ?? assert.fail('a client')
}

function atOnce(count: number, one: (api: Api, index: number) => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => one(api(index), index)))
}

/** { 201: 1, 409: 49 } */
function codes(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((inner, field) => (isObject(inner) ? inner[field] : undefined), value)
}

function items(answer: Answer): JsonObject[] {
  const list = answer.json['items']
  return Array.isArray(list) ? list.filter(isObject) : []
}

test('of many creates of one name exactly one wins', async () => {
  for (const name of ['one', 'two', 'three']) {
    const answers = await atOnce(100, (client, index) => client.call('POST', CONFIG_MAPS, { body: { metadata: { name }, data: { from: String(index) } } }))
    assert.deepEqual(codes(answers), { 201: 1, 409: 99 })
    const winner = answers.findIndex(({ status }) => status === 201)
    assert.equal(at((await api(0).call('GET', `${CONFIG_MAPS}/${name}`)).json, 'data', 'from'), String(winner))
    assert.deepEqual(new Set(answers.map(({ json }) => json['reason'])), new Set([undefined, 'AlreadyExists']))
  }
})

test('generated names never collide', async () => {
  const answers = await atOnce(500, async (client) => {
    for (;;) {
      const answer = await client.call('POST', `${CONFIG_MAPS}`, { body: { metadata: { generateName: 'g-' } } })
      if (answer.status !== 429) return answer
      await sleep(100)
    }
  })
  assert.deepEqual(codes(answers), { 201: 500 })
  assert.equal(new Set(answers.map(({ json }) => at(json, 'metadata', 'name'))).size, 500)
})

test('no update is lost: of updates from one revision one wins, and patches all count', async () => {
  await api(0).call('POST', CONFIG_MAPS, { body: { metadata: { name: 'counter' }, data: { count: '0' } } })
  const increment = async (client: Api): Promise<Answer> => {
    for (;;) {
      const { json } = await client.call('GET', `${CONFIG_MAPS}/counter`)
      const answer = await client.call('PUT', `${CONFIG_MAPS}/counter`, { body: { ...json, data: { count: String(Number(at(json, 'data', 'count')) + 1) } } })
      if (answer.status !== 409) return answer
    }
  }
  assert.deepEqual(codes(await atOnce(40, increment)), { 200: 40 })
  assert.equal(at((await api(0).call('GET', `${CONFIG_MAPS}/counter`)).json, 'data', 'count'), '40')

  const { json } = await api(0).call('GET', `${CONFIG_MAPS}/counter`)
  assert.deepEqual(codes(await atOnce(50, (client, index) => client.call('PUT', `${CONFIG_MAPS}/counter`, { body: { ...json, data: { from: String(index) } } }))), { 200: 1, 409: 49 })

  const patches = await atOnce(100, (client, index) => client.call('PATCH', `${CONFIG_MAPS}/counter`, { body: { data: { [`p${index}`]: 'x' } }, type: 'application/merge-patch+json' }))
  assert.deepEqual(codes(patches), { 200: 100 })
  const data = at((await api(0).call('GET', `${CONFIG_MAPS}/counter`)).json, 'data')
  assert(isObject(data))
  assert.equal(Object.keys(data).filter((key) => /^p\d+$/.test(key)).length, 100)
  const applied = await atOnce(30, (client, index) => client.call('PATCH', `${CONFIG_MAPS}/applied?fieldManager=m${index}`, {
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { [`k${index}`]: 'x' } }, type: 'application/apply-patch+yaml',
  }))
  assert.deepEqual(Object.keys(codes(applied)).filter((code) => code !== '200' && code !== '201'), [])
  assert.equal(Object.keys(Object(at((await api(0).call('GET', `${CONFIG_MAPS}/applied`)).json, 'data'))).length, 30)
})

test('one delete wins, and a precondition is checked against the newest state', async () => {
  for (let round = 0; round < 5; round++) {
    const created = await api(0).call('POST', CONFIG_MAPS, { body: { metadata: { name: 'short-lived' } } })
    const preconditions = { resourceVersion: String(at(created.json, 'metadata', 'resourceVersion')) }
    const [updated, deleted] = await Promise.all([
      api(0).call('PATCH', `${CONFIG_MAPS}/short-lived`, { body: { data: { a: 'b' } }, type: 'application/merge-patch+json' }),
      api(1).call('DELETE', `${CONFIG_MAPS}/short-lived`, { body: { preconditions } }),
    ])
    assert.match(`${updated.status} ${deleted.status}`, /^(200 409|404 200)$/)
    const deletes = await atOnce(20, (client) => client.call('DELETE', `${CONFIG_MAPS}/short-lived`))
    assert.deepEqual(codes(deletes), deleted.status === 200 ? { 404: 20 } : { 200: 1, 404: 19 })
  }
})

test('Services never share an address or a node port, also when they come and go and one asks for what another has', async () => {
  const create = (client: Api, name: string, spec: object = {}): Promise<Answer> =>
    client.call('POST', SERVICES, { body: { metadata: { name }, spec: { type: 'NodePort', ports: [{ port: 80 }], ...spec } } })
  const created = await atOnce(200, (client, index) => create(client, `s-${index}`))
  assert.deepEqual(codes(created), { 201: 200 })
  const churn = await atOnce(200, (client, index) => index % 2 === 0 ? client.call('DELETE', `${SERVICES}/s-${index}`) : create(client, `t-${index}`))
  assert.deepEqual(codes(churn), { 200: 100, 201: 100 })
  const services = items(await api(0).call('GET', '/api/v1/services'))
  const addresses = services.map((service) => at(service, 'spec', 'clusterIP')).filter((address) => address !== 'None')
  const ports = services.flatMap((service) => [at(service, 'spec', 'ports')].flat().map((port) => at(port, 'nodePort')).filter((port) => port !== undefined))
  assert.deepEqual([addresses.length, new Set(addresses).size, ports.length, new Set(ports).size], [services.length, services.length, 200, 200])

  const [taken] = addresses.slice(-1)
  const [takenPort] = ports.slice(-1)
  const same = await create(api(0), 'same', { clusterIP: taken })
  const samePort = await create(api(0), 'same-port', { ports: [{ port: 80, nodePort: takenPort }] })
  assert.match(String(same.json['message']), /^Service "same" is invalid: spec\.clusterIPs?(\[0\])?: Invalid value: .*provided IP is already allocated/)
  assert.match(String(samePort.json['message']), /^Service "same-port" is invalid: spec\.ports\[0\]\.nodePort: Invalid value: \d+: provided port is already allocated/)
  const fixed = await atOnce(20, (client, index) => create(client, `fixed-${index}`, { clusterIP: String(taken).replace(/\.\d+$/, '.250') }))
  assert.deepEqual(codes(fixed), { 201: 1, 422: 19 })
  // What was refused or only tried gives back what it had reserved.
  for (let round = 0; round < 3; round++) assert.equal((await api(round).call('POST', `${SERVICES}?dryRun=All`, { body: { metadata: { name: 'dry' }, spec: { ports: [{ port: 80 }] } } })).status, 201)
})

test('nothing is left behind in a namespace that is deleted while others create in it', { timeout: 40_000 }, async () => {
  const names = ['doomed-a', 'doomed-b', 'doomed-c']
  await Promise.all(names.map((name) => api(0).call('POST', '/api/v1/namespaces', { body: { metadata: { name } } })))
  let stop = false
  const refusals = new Set<string>()
  const creating = names.map(async (name, client) => {
    for (let index = 0; !stop; index++) {
      const kind = index % 2 === 0 ? 'configmaps' : 'secrets'
      const answer = await api(client).call('POST', `/api/v1/namespaces/${name}/${kind}`, { body: { metadata: { name: `x-${index}` } } })
      if (answer.status !== 201) refusals.add(String(answer.json['message']).replaceAll(/x-\d+|doomed-./g, '*').replace('secrets', 'configmaps'))
      if (answer.status === 404) return
    }
  })
  await sleep(100)
  await Promise.all(names.map((name, index) => api(index).call('DELETE', `/api/v1/namespaces/${name}`)))
  await Promise.race([Promise.all(creating), sleep(20_000)])
  stop = true
  await Promise.all(creating)
  assert.deepEqual([...refusals].sort(), ['configmaps "*" is forbidden: unable to create new content in namespace * because it is being terminated', 'namespaces "*" not found'])
  for (const resource of ['/api/v1/configmaps', '/api/v1/secrets', '/api/v1/serviceaccounts', '/api/v1/namespaces']) {
    const left = items(await api(0).call('GET', resource)).filter((object) => /doomed/.test(`${String(at(object, 'metadata', 'namespace'))}${String(at(object, 'metadata', 'name'))}`))
    assert.deepEqual(left, [], resource)
  }
  assert.deepEqual(errorLines(bed.log()), [])
})
