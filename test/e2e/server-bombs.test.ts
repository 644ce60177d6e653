/** Small requests that ask for much work or memory: each is refused or bounded, and meanwhile others are served. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorLines, failureOf, startServer, type Answer, type Api, type ServerBed } from './server-bed.testing.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const MIB = 1024 * 1024
/** How long one bomb may take, and how long anybody else may wait meanwhile. Generous: the machine may be busy. */
const SOON_MS = 4_000
const OTHERS_MS = 2_500

let bed: ServerBed
let api: Api
let other: Api
before(async () => {
  bed = await startServer('server-bombs')
  api = bed.connect()
  other = bed.connect()
})
after(async () => {
  api.close()
  other.close()
  await bed.remove()
})

/** Its answer; another client asks all the while. */
async function thrown(what: string, bomb: () => Promise<Answer>): Promise<Answer> {
  let over = false
  let longestMs = 0
  const asking = (async () => {
    while (!over) {
      const asked = performance.now()
      assert.equal((await other.call('GET', `${CONFIG_MAPS}?limit=1`)).status, 200)
      longestMs = Math.max(longestMs, performance.now() - asked)
      await sleep(5)
    }
  })()
  const start = performance.now()
  try {
    return await bomb()
  } finally {
    over = true
    await asking
    const tookMs = performance.now() - start
    assert(tookMs < SOON_MS, `${what} took ${Math.round(tookMs)} ms`)
    assert(longestMs < OTHERS_MS, `${what}: others waited for ${Math.round(longestMs)} ms`)
  }
}

type Row = readonly [what: string, expected: string | RegExp, bomb: () => Promise<Answer>]

async function check(rows: readonly Row[]): Promise<void> {
  const before = bed.residentBytes()
  for (const [what, expected, bomb] of rows) {
    const answer = await thrown(what, bomb)
    const told = answer.status < 300 ? String(answer.status) : failureOf(answer)
    if (typeof expected === 'string') assert(told.startsWith(expected), `${what}: ${told.slice(0, 600)}`)
    else assert.match(told.slice(0, 4_000), expected, what)
    assert(answer.text.length < 5 * MIB, `${what}: an answer of ${answer.text.length} characters`)
  }
  const grown = bed.residentBytes() - before
  assert(grown < 700 * MIB, `${Math.round(grown / MIB)} MiB more`)
  assert.deepEqual(errorLines(bed.log()), [])
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> => api.call('POST', path, { body, headers })
const configMap = (name: string, metadata: object = {}): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata } })

test('bodies that are packed', async () => {
  const zeros = gzipSync(Buffer.alloc(100 * MIB, ' '))
  await check([
    // Nobody's client packs its requests: what is packed is bytes, and they are no JSON.
    ['a hundred megabytes of blanks, packed', /^4(00|13|15) /, () => post(CONFIG_MAPS, zeros, { 'content-encoding': 'gzip' })],
    ['a small object, packed', /^4(00|15) /, () => post(CONFIG_MAPS, gzipSync(JSON.stringify(configMap('packed'))), { 'content-encoding': 'gzip' })],
  ])
})

test('metadata of great numbers', async () => {
  const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
  const labels = Object.fromEntries(many(20_000, (index) => [`label-${index}`, 'v']))
  const wrongLabels = Object.fromEntries(many(20_000, (index) => [`-${index}`, '-']))
  const fields = Object.fromEntries(many(20_000, (index) => [`f:key-${index}`, {}]))
  const entry = (index: number, fieldsV1: object): object => ({ manager: `m${index}`, operation: 'Update', apiVersion: 'v1', time: '2026-01-01T00:00:00Z', fieldsType: 'FieldsV1', fieldsV1 })
  const data = Object.fromEntries(many(20_000, (index) => [`key-${index}`, '']))
  const apply = (manager: string, body: object): Promise<Answer> => api.call('PATCH', `${CONFIG_MAPS}/applied?fieldManager=${manager}&force=true`, { body, type: 'application/apply-patch+yaml' })
  const variables = (count: number, prefix: string): object => ({ spec: { template: { spec: { containers: [{ name: 'c', env: many(count, (index) => ({ name: `${prefix}${index}`, value: 'v' })) }] } } } })
  const strategic = (body: object): Promise<Answer> => api.call('PATCH', '/apis/apps/v1/namespaces/default/deployments/large', { body, type: 'application/strategic-merge-patch+json' })
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  assert.equal((await post('/apis/apps/v1/namespaces/default/deployments', { metadata: { name: 'large' }, spec: { replicas: 0, selector: { matchLabels: { a: 'b' } }, template } })).status, 201)
  await check([
    ['20,000 labels', /^(201|422 Invalid|413 )/, () => post(CONFIG_MAPS, configMap('labels', { labels }))],
    ['20,000 wrong labels', '422 Invalid: ConfigMap "wrong" is invalid: ', () => post(CONFIG_MAPS, configMap('wrong', { labels: wrongLabels }))],
    ['30,000 owners', '422 Invalid: ', () => post(CONFIG_MAPS, configMap('owners', { ownerReferences: many(30_000, (index) => ({ apiVersion: 'v1', kind: 'Pod', name: `p${index}`, uid: '', controller: true })) }))],
    ['40,000 finalizers', /^(201|422 Invalid)/, () => post(CONFIG_MAPS, configMap('finalizers', { finalizers: many(40_000, (index) => `x${index}`) }))],
    ['10,000 managers', /^(201|422 |413 )/, () => post(CONFIG_MAPS, configMap('managers', { managedFields: many(10_000, (index) => entry(index, { 'f:data': { 'f:a': {} } })) }))],
    ['a manager of 20,000 fields', /^(201|422 |413 )/, () => post(CONFIG_MAPS, configMap('fields', { managedFields: [entry(0, { 'f:data': fields })] }))],
    ['managed fields 900 levels deep', /^(201|4\d\d )/, () => post(CONFIG_MAPS, configMap('deep', { managedFields: [entry(0, many(900, (index) => index).reduce<object>((inner) => ({ 'f:a': inner }), {}))] }))],
    ['an apply of 20,000 keys', /^(201|422 |413 )/, () => apply('a', { ...configMap('applied'), data })],
    ['a strategic patch of 20,000 elements', /^(200|201|422 |413 )/, () => strategic(variables(20_000, 'a'))],
    ['another one of as many others', /^(200|201|422 |413 )/, () => strategic(variables(20_000, 'b'))],
    ['a pod of 3,000 containers with the same name', '422 Invalid: ', () => post('/api/v1/namespaces/default/pods', { metadata: { name: 'p' }, spec: { containers: many(3_000, () => ({ name: 'same', image: 'i', ports: many(10, () => ({ containerPort: 1, hostPort: 1 })) })) } })],
    ['a service of 30,000 ports', '422 Invalid: ', () => post('/api/v1/namespaces/default/services', { metadata: { name: 's' }, spec: { ports: many(30_000, () => ({ port: 80 })) } })],
    ['a network policy of 20,000 rules', /^(201|422 Invalid|413 )/, () => post('/apis/networking.k8s.io/v1/namespaces/default/networkpolicies', { metadata: { name: 'n' }, spec: { podSelector: {}, ingress: many(20_000, () => ({ from: [{ ipBlock: { cidr: 'x' } }] })) } })],
    ['again by another', /^(200|201|422 |413 )/, () => apply('b', { ...configMap('applied'), data })],
  ])
})

test('schemas, patterns and rules that would take for ever', async () => {
  const definition = (plural: string, schema: object): object => ({
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.bombs.example.com` },
    spec: { group: 'bombs.example.com', scope: 'Namespaced', names: { plural, kind: plural[0]?.toUpperCase() + plural.slice(1) }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }] },
  })
  const spec = (properties: object): object => ({ type: 'object', properties: { spec: { type: 'object', properties } } })
  const rule = (expression: string, more: object = {}): object => ({ type: 'string', 'x-kubernetes-validations': [{ rule: expression }], ...more })
  const nested = (depth: number): object => (depth === 0 ? { type: 'string' } : { type: 'object', properties: { a: nested(depth - 1) } })
  const invalid = '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "'
  await check([
    ['a rule whose cost has no bound', new RegExp(`^${invalid}.*cost`), () => post(CRDS, definition('costs', spec({ list: { type: 'array', items: { type: 'array', items: rule('self.matches("(a+)+$")') } } })))],
    ['a rule of 100,000 characters', new RegExp(`^${invalid}`), () => post(CRDS, definition('longs', spec({ a: rule(`self == '${'x'.repeat(120_000)}'`) })))],
    ['a rule 2,000 levels deep', new RegExp(`^${invalid}`), () => post(CRDS, definition('deeps', spec({ a: rule(`${'('.repeat(2_000)}true${')'.repeat(2_000)}`) })))],
    ['a schema 300 levels deep', /^(201|422 |400 )/, () => post(CRDS, definition('nests', nested(300)))],
    ['a pattern that is none', new RegExp(`^${invalid}`), () => post(CRDS, definition('patterns', spec({ a: { type: 'string', pattern: '(' } })))],
    ['a pattern that backtracks', '201', () => post(CRDS, definition('backtracks', spec({ a: { type: 'string', pattern: '^(a+)+$' }, b: rule('self.matches("^(a+)+$")', { maxLength: 10_000 }) })))],
  ])
  const objects = '/apis/bombs.example.com/v1/namespaces/default/backtracks'
  for (let attempt = 0; attempt < 100 && (await api.call('GET', objects)).status !== 200; attempt++) await sleep(50)
  const backtrack = (name: string, value: object): object => ({ apiVersion: 'bombs.example.com/v1', kind: 'Backtracks', metadata: { name }, spec: value })
  await check([
    ['a text for the pattern', /^422 Invalid: .*spec\.a in body should match/, () => post(objects, backtrack('a', { a: `${'a'.repeat(100_000)}!` }))],
    ['a text for the rule', /^422 Invalid: .*spec\.b/, () => post(objects, backtrack('b', { b: `${'a'.repeat(9_999)}!` }))],
  ])
})

test('policies whose expressions would take for ever', async () => {
  const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies'
  const name = 'bomb'
  const expression = '[1,2,3,4,5,6,7,8,9,10]'
  const folds = Array.from({ length: 9 }, (_, depth) => `${expression}.all(x${depth}, `).join('')
  const policy = {
    metadata: { name },
    spec: { matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }] }, validations: [{ expression: `${folds}true${')'.repeat(9)}` }] },
  }
  const binding = { metadata: { name }, spec: { policyName: name, validationActions: ['Deny'], matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } } } }
  assert.equal((await post(policies, policy)).status, 201)
  assert.equal((await post('/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings', binding)).status, 201)
  await sleep(500)
  await check([['a validation with a thousand million steps', /^4(03|22) .*cost/s, () => post(CONFIG_MAPS, configMap('judged'))]])
  assert.equal((await api.call('DELETE', `${policies}/${name}`)).status, 200)
})

test('headers that grow when they are unpacked, or are many', async () => {
  const options = { ca: bed.readKey('ca.crt'), cert: bed.readKey('admin.crt'), key: bed.readKey('admin.key') }
  const before = bed.residentBytes()
  for (const headers of [
    { 'x-large': 'x'.repeat(200_000) },
    Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`x-${index}`, 'y'])),
    // Each repetition costs one byte on the wire: the table of the connection knows it (RFC 7541).
    { 'x-many': Array.from({ length: 10_000 }, () => 'z'.repeat(100)) },
  ]) {
    const session = connectHttp2(`https://127.0.0.1:${bed.port}`, { ...options, maxSendHeaderBlockLength: 4 * MIB })
    session.on('error', () => undefined)
    const stream = session.request({ ':path': '/version', ...headers })
    stream.on('error', () => undefined)
    const answered = await Promise.race([once(stream, 'response').then(([head]) => Number(head[':status'])), once(stream, 'close').then(() => 0), sleep(3_000).then(() => -1)]).catch(() => 0)
    assert([0, 431].includes(answered), `answered with ${answered}`)
    session.destroy()
  }
  assert(bed.residentBytes() - before < 200 * MIB)
  assert.equal((await api.call('GET', '/readyz')).status, 200)
})

test('more requests at once than a connection may have, each for a watch that begins with megabytes', { timeout: 60_000 }, async () => {
  const session = connectHttp2(`https://127.0.0.1:${bed.port}`, { ca: bed.readKey('ca.crt'), cert: bed.readKey('admin.crt'), key: bed.readKey('admin.key') })
  session.on('error', () => undefined)
  await once(session, 'remoteSettings')
  assert.equal(session.remoteSettings.maxConcurrentStreams, 250)
  assert.equal((await api.call('DELETE', CONFIG_MAPS)).status, 200)
  for (let index = 0; index < 30; index++) assert.equal((await post(CONFIG_MAPS, { ...configMap(`large-${index}`), data: { text: 'x'.repeat(300_000) } })).status, 201)
  const before = bed.residentBytes()
  const opened = Array.from({ length: 400 }, () => {
    const stream = session.request({ ':path': `${CONFIG_MAPS}?watch=true` })
    let begun = false
    // Nothing is read: the server must not hold it all for this client.
    stream.on('response', () => (begun = true)).on('error', () => undefined).pause()
    return () => begun
  })
  const count = (): number => opened.filter((begun) => begun()).length
  await thrown('400 watches', async () => {
    for (let attempt = 0; attempt < 60 && count() < 250; attempt++) await sleep(50)
    return other.call('GET', '/readyz')
  })
  assert(count() <= 250, `${count()} watches at once on one connection`)
  assert(bed.residentBytes() - before < 600 * MIB, `${Math.round((bed.residentBytes() - before) / MIB)} MiB more`)
  session.destroy()
  assert.equal((await other.call('GET', '/readyz')).status, 200)
  assert.deepEqual(errorLines(bed.log()), [])
})
