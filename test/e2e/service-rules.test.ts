/** The service rules in a real kernel: a node and three pods as network namespaces, nothing of it reaches the machine's own network. */
import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { after, before, test } from 'node:test'
import { ElementLedger } from '../../src/network/element-ledger.ts'
import { changeScript, createTableScript } from '../../src/network/nft-table.ts'
import { serviceElements } from '../../src/network/service-elements.ts'
import type { Backend, ServicePort, ServiceRoute } from '../../src/network/service-endpoints.ts'

const NODE = `lt-node-${process.pid}`
const PODS = [1, 2, 3].map((index) => ({ namespace: `lt-pod${index}-${process.pid}`, address: `10.244.0.${index + 1}` }))
const config = { table: 'lotse-test', podCidr: '10.244.0.0/16', serviceCidr: '10.96.0.0/16' }
const usable = process.getuid?.() === 0 && spawnSync('nft', ['--version']).status === 0 && spawnSync('ip', ['-V']).status === 0
const skip = usable ? false : 'needs root, nft and ip'
const servers: ChildProcess[] = []
const ledger = new ElementLedger()

function run(program: string, ...parameters: string[]): string {
  const result = spawnSync(program, parameters, { encoding: 'utf8', timeout: 10_000 })
  assert.equal(result.status, 0, `${program} ${parameters.join(' ')}: ${result.stderr}`)
  return result.stdout
}

function inside(namespace: string, program: string, ...parameters: string[]): [string, ...string[]] {
  return ['nsenter', `--net=/run/netns/${namespace}`, program, ...parameters]
}

function applyRules(script: string): void {
  const [program, ...parameters] = inside(NODE, 'nft', '-f', '-')
  const result = spawnSync(program, parameters, { input: script, encoding: 'utf8', timeout: 10_000 })
  assert.equal(result.status, 0, `${result.stderr}\n${script.slice(0, 2000)}`)
}

/** Who answers at that address: the server tells its own and its client's address. '' when the connection is refused. */
function ask(namespace: string, address: string, port: number): { server: string; client: string; milliseconds: number } {
  const code = `
    const s = require('node:net').connect(${port}, '${address}')
    s.setTimeout(2000, () => { console.log('timeout'); process.exit() })
    s.on('error', () => { console.log(''); process.exit() })
    s.on('data', (d) => { console.log(String(d)); process.exit() })`
  const start = performance.now()
  const output = run(...inside(namespace, process.execPath, '-e', code)).trim()
  const [server = '', client = ''] = output.split(' ')
  return { server, client, milliseconds: performance.now() - start }
}

function setRoute(...ports: Partial<ServicePort>[]): void {
  const route: ServiceRoute = {
    clusterAddresses: ['10.96.0.7'],
    externalAddresses: [],
    stickyByClient: false,
    ports: ports.map((port) => ({ name: '', protocol: 'tcp', port: 80, nodePort: 30080, internal: [], external: port.internal ?? [], ...port })),
  }
  applyRules(changeScript(config.table, ledger.set('web', serviceElements(route))) || '\n')
}

function backends(...indexes: number[]): Backend[] {
  return indexes.map((index) => ({ address: PODS[index - 1]?.address ?? '', port: 8080, isLocal: true }))
}

before(async () => {
  if (!usable) return
  run('ip', 'netns', 'add', NODE)
  run(...inside(NODE, 'ip', 'link', 'set', 'lo', 'up'))
  for (const [index, pod] of PODS.entries()) {
    run('ip', 'netns', 'add', pod.namespace)
    run(...inside(NODE, 'ip', 'link', 'add', `pod${index}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pod.namespace))
    run(...inside(NODE, 'ip', 'addr', 'add', '10.244.0.1/32', 'dev', `pod${index}`))
    run(...inside(NODE, 'ip', 'link', 'set', `pod${index}`, 'up'))
    run(...inside(NODE, 'ip', 'route', 'add', `${pod.address}/32`, 'dev', `pod${index}`))
    run(...inside(pod.namespace, 'ip', 'link', 'set', 'lo', 'up'))
    run(...inside(pod.namespace, 'ip', 'addr', 'add', `${pod.address}/32`, 'dev', 'eth0'))
    run(...inside(pod.namespace, 'ip', 'link', 'set', 'eth0', 'up'))
    run(...inside(pod.namespace, 'ip', 'route', 'add', '10.244.0.1', 'dev', 'eth0'))
    run(...inside(pod.namespace, 'ip', 'route', 'add', 'default', 'via', '10.244.0.1'))
    const code = `require('node:net').createServer((s) => { s.end('${pod.address} ' + s.remoteAddress.replace('::ffff:', '')); s.on('error', () => 0) }).listen(8080, () => console.log('up'))`
    const [program, ...parameters] = inside(pod.namespace, process.execPath, '-e', code)
    const server = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'inherit'] })
    servers.push(server)
    await new Promise((resolve) => server.stdout?.once('data', resolve))
  }
  run(...inside(NODE, 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.route_localnet=1'))
  // The node needs a way for the service range, as a machine with a default route has.
  run(...inside(NODE, 'ip', 'route', 'add', 'default', 'dev', 'pod0'))
  applyRules(createTableScript(config))
})

after(() => {
  for (const server of servers) server.kill('SIGKILL')
  if (!usable) return
  for (const namespace of [NODE, ...PODS.map((pod) => pod.namespace)]) spawnSync('ip', ['netns', 'delete', namespace])
})

const [pod1 = '', pod2 = '', pod3 = ''] = PODS.map((pod) => pod.namespace)

test('a Service without endpoints refuses at once', { skip }, () => {
  const answer = ask(pod1, '10.96.0.7', 80)
  assert.equal(answer.server, '')
  assert.ok(answer.milliseconds < 1000, `${answer.milliseconds} ms`)
})

test('one endpoint; the client keeps its address', { skip }, () => {
  setRoute({ internal: backends(2) })
  const { server, client } = ask(pod1, '10.96.0.7', 80)
  assert.deepEqual([server, client], ['10.244.0.3', '10.244.0.2'])
})

test('a pod reaches itself through its Service', { skip }, () => {
  assert.equal(ask(pod2, '10.96.0.7', 80).server, '10.244.0.3')
})

test('two endpoints both get connections', { skip }, () => {
  setRoute({ internal: backends(1, 2) })
  const seen = new Set(Array.from({ length: 12 }, () => ask(pod3, '10.96.0.7', 80).server))
  assert.deepEqual(seen, new Set(['10.244.0.2', '10.244.0.3']))
})

test('from the node itself: the cluster address, the node port on loopback and on its own address', { skip }, () => {
  for (const [address, port] of [['10.96.0.7', 80], ['127.0.0.1', 30080], ['10.244.0.1', 30080]] as const) {
    assert.match(ask(NODE, address, port).server, /^10\.244\.0\.[23]$/, `${address}:${port}`)
  }
})

test('a node port from a pod', { skip }, () => {
  assert.match(ask(pod3, '10.244.0.1', 30080).server, /^10\.244\.0\.[23]$/)
})

test('client affinity sends a client to the same endpoint each time', { skip }, () => {
  const sticky = { clusterAddresses: ['10.96.0.8'], externalAddresses: [], stickyByClient: true, ports: [{ name: '', protocol: 'tcp', port: 80, nodePort: 0, internal: backends(1, 2, 3), external: [] }] } satisfies ServiceRoute
  applyRules(changeScript(config.table, ledger.set('sticky', serviceElements(sticky))))
  assert.equal(new Set(Array.from({ length: 8 }, () => ask(pod3, '10.96.0.8', 80).server)).size, 1)
})

test('when the last endpoint goes, connections are refused again', { skip }, () => {
  setRoute({ internal: [] })
  assert.equal(ask(pod1, '10.96.0.7', 80).server, '')
})
