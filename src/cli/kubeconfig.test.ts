import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync, lstatSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { load } from 'js-yaml'
import { knownPlaces, notePlace } from './kubeconfig-places.ts'
import { kubeconfigPath, merge, remove, renewCertificate, standalone, type Access } from './kubeconfig.ts'

interface Parsed {
  readonly 'current-context': string
  readonly clusters: readonly { name: string; cluster: { server: string } }[]
  readonly users: readonly { name: string }[]
  readonly contexts: readonly { name: string }[]
  readonly preferences?: unknown
}

const FOREIGN = `apiVersion: v1
kind: Config
preferences: { colors: true }
clusters: [{ name: work, cluster: { server: "https://work.example" } }]
users: [{ name: me, user: { token: secret } }]
contexts: [{ name: work, context: { cluster: work, user: me } }]
current-context: work
`

let directory = ''
let path = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lotse-kubeconfig-'))
  path = join(directory, 'kube/config')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function access(name: string, port = 6443): Access {
  return { contextName: `lotse-${name}`, server: `https://127.0.0.1:${port}`, certificateAuthority: 'CA', clientCertificate: 'CERT', clientKey: 'KEY' }
}

function parsed(): Parsed {
  return load(readFileSync(path, 'utf8')) as Parsed
}

function names(list: readonly { name: string }[]): string {
  return list.map(({ name }) => name).join(' ')
}

function writeForeign(text = FOREIGN): void {
  mkdirSync(join(directory, 'kube'), { recursive: true })
  writeFileSync(path, text, { mode: 0o644 })
}

test('a missing file is made, for its user alone', async () => {
  await merge(path, access('a'))
  assert.equal(parsed()['current-context'], 'lotse-a')
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('what others wrote is kept, and comes back as the rest when the cluster goes', async () => {
  writeForeign()
  await merge(path, access('a'))
  assert.equal(names(parsed().contexts), 'work lotse-a')
  assert.equal(parsed()['current-context'], 'lotse-a')
  assert.deepEqual(parsed().preferences, { colors: true })
  assert.equal(await remove(path, 'lotse-a'), true)
  assert.equal(names(parsed().contexts), 'work')
  assert.equal(names(parsed().users), 'me')
  assert.equal(parsed()['current-context'], '')
})

test('merging again replaces; two clusters stand beside each other', async () => {
  await merge(path, access('a', 6443))
  await merge(path, access('b', 6444))
  await merge(path, access('a', 7000))
  assert.equal(names(parsed().clusters), 'lotse-b lotse-a')
  assert.equal(parsed().clusters[1]?.cluster.server, 'https://127.0.0.1:7000')
})

test('the current context of somebody else stays current', async () => {
  await merge(path, access('a'))
  writeFileSync(path, readFileSync(path, 'utf8').replace('current-context: lotse-a', 'current-context: work'))
  await remove(path, 'lotse-a')
  assert.equal(parsed()['current-context'], 'work')
})

test('many at once lose nothing', async () => {
  await Promise.all(Array.from({ length: 10 }, (_, index) => merge(path, access(`c${index}`))))
  assert.equal(parsed().contexts.length, 10)
})

test('a link stays a link', async () => {
  mkdirSync(join(directory, 'kube'), { recursive: true })
  writeFileSync(join(directory, 'real'), FOREIGN)
  symlinkSync(join(directory, 'real'), path)
  await merge(path, access('a'))
  assert.ok(lstatSync(path).isSymbolicLink())
  assert.equal(names(parsed().contexts), 'work lotse-a')
})

test('a file that cannot be read is left as it is, and the error says what to do', async () => {
  for (const broken of ['{ not: [yaml', '- a list']) {
    writeForeign(broken)
    await assert.rejects(merge(path, access('a')), /left as it is.*KUBECONFIG/s)
    assert.equal(readFileSync(path, 'utf8'), broken)
  }
})

test('removing from what is not there is nothing', async () => {
  assert.equal(await remove(path, 'lotse-a'), false)
  writeForeign()
  assert.equal(await remove(path, 'lotse-a'), false)
})

test('where kubectl itself would write', () => {
  assert.equal(kubeconfigPath({ KUBECONFIG: '/a:/b', HOME: '/home/u' }), '/a')
  assert.equal(kubeconfigPath({ KUBECONFIG: '', HOME: '/home/u' }), '/home/u/.kube/config')
  assert.equal(kubeconfigPath({ HOME: '/home/u' }), '/home/u/.kube/config')
})

test('standalone', () => {
  assert.equal(names((load(standalone(access('a'))) as Parsed).contexts), 'lotse-a')
})

test('a renewed certificate takes the place of a former one, and of nothing else', async () => {
  writeForeign()
  await merge(path, access('a'))
  writeFileSync(path, readFileSync(path, 'utf8').replace('current-context: lotse-a', 'current-context: work'))
  const before = readFileSync(path, 'utf8')
  const renewed = { ...access('a'), clientCertificate: 'NEXT', clientKey: 'NEXT KEY' }
  assert.equal(await renewCertificate(path, renewed, (certificatePem) => certificatePem === 'other'), false)
  assert.equal(readFileSync(path, 'utf8'), before)
  assert.equal(await renewCertificate(path, renewed, (certificatePem) => certificatePem === 'CERT'), true)
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const expected = before.replace(base64('CERT'), base64('NEXT')).replace(base64('KEY'), base64('NEXT KEY'))
  assert.equal(readFileSync(path, 'utf8'), expected)
  assert.equal(await renewCertificate(path, access('b'), () => true), false)
  assert.equal(await renewCertificate(join(directory, 'none'), renewed, () => true), false)
})

test('the kubeconfigs that have got the entries are remembered, the newest first, and not without end', () => {
  assert.deepEqual(knownPlaces(directory), [])
  for (let index = 0; index < 20; index += 1) notePlace(directory, `/home/u${index}/config`)
  notePlace(directory, '/home/u10/config')
  assert.deepEqual([knownPlaces(directory).length, ...knownPlaces(directory).slice(0, 3)], [16, '/home/u10/config', '/home/u19/config', '/home/u18/config'])
  writeFileSync(join(directory, 'kubeconfigs.json'), '{"half')
  assert.deepEqual(knownPlaces(directory), [])
})
