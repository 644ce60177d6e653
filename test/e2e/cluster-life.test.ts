import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { load } from 'js-yaml'
import { BUSYBOX_IMAGE, importBusybox } from './busybox-image.testing.ts'
import { clientPath, clusterIn, installClients, noContainers, type TestCluster } from './cluster.testing.ts'
import { NO_TRACES, processes, traceFinder, type Traces } from './cluster-traces.testing.ts'

const ROOT = join(import.meta.dirname, '../..')
const skip = noContainers() ?? false
const READY_TIMEOUT_MS = 30_000
const FOREIGN = { apiVersion: 'v1', kind: 'Config', clusters: [{ name: 'other', cluster: { server: 'https://192.0.2.1' } }], contexts: [{ name: 'other', context: { cluster: 'other', user: 'other' } }], users: [{ name: 'other', user: { token: 'x' } }], 'current-context': 'other', preferences: { colors: true } }

interface Kubeconfig {
  readonly clusters: readonly { readonly name: string }[]
  readonly 'current-context': string
  readonly preferences?: unknown
}

/** A pod that answers its own name, and a service before it. */
function shop(name: string): string {
  const pod = {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } },
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'web', image: BUSYBOX_IMAGE, command: ['sh', '-c', `echo ${name} > /tmp/index.html; exec httpd -f -p 80 -h /tmp`] }] },
  }
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { type: 'NodePort', selector: { app: name }, ports: [{ port: 80 }] } }
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [pod, service] })
}

function openShop(cluster: TestCluster, name: string): void {
  const applied = cluster.runKubectl(['apply', '-f', '-'], { input: shop(name) })
  assert.equal(applied.code, 0, applied.stderr)
  cluster.kubectl('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=30s')
}

/** Through the service's address, as a program on the node would; retried for as long as rules take to change. */
async function ask(cluster: TestCluster, name: string): Promise<string> {
  const address = cluster.kubectl('get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}')
  return await eventually(async () => {
    const answer = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(2000) })
    return (await answer.text()).trim()
  }, (text) => text !== '')
}

async function eventually<T>(get: () => T | Promise<T>, isRight: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  for (;;) {
    const value = await Promise.resolve().then(get).catch((error: unknown) => error)
    if (!(value instanceof Error) && isRight(value as T)) return value as T
    if (Date.now() > deadline) assert.fail(`not so after ${READY_TIMEOUT_MS / 1000} s: ${JSON.stringify(value)} ${value instanceof Error ? value.message : ''}`)
    await sleep(100)
  }
}

/** Ids and restart counts of all containers: equal before and after, where nothing was restarted needlessly. */
function containers(cluster: TestCluster): string {
  return cluster.kubectl('get', 'pods', '-A', '-o', 'jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[*].containerID} {.status.containerStatuses[*].restartCount}{"\\n"}{end}')
}

function readKubeconfig(cluster: TestCluster): Kubeconfig {
  return load(readFileSync(cluster.kubeconfig, 'utf8')) as Kubeconfig
}

function kill(pid: number | undefined): void {
  assert.ok(pid !== undefined)
  process.kill(pid, 'SIGKILL')
}

function containerdPid(cluster: TestCluster): number {
  const found = processes().filter((line) => / \S*containerd --config /.test(line) && line.includes(cluster.dataDirectory))
  assert.equal(found.length, 1, found.join('\n'))
  return Number(found[0]?.split(' ')[0])
}

describe('the life of clusters', { skip }, () => {
  const directories = ['a', 'b'].map((name) => mkdtempSync(join(tmpdir(), `lotse-life-${name}-`)))
  const [a, b] = directories.map((directory, index) => clusterIn(directory, `e2e-life-${index === 0 ? 'a' : 'b'}`)) as [TestCluster, TestCluster]
  let tracesOfA: () => Traces = () => NO_TRACES
  let tracesOfB: () => Traces = () => NO_TRACES

  before(() => assert.ok(existsSync(clientPath('kubectl-1.32')) || installClients(), 'kubectl could not be brought here'))
  after(() => {
    for (const cluster of [a, b]) cluster.lotse('down', '--purge')
    for (const directory of directories) rmSync(directory, { recursive: true, force: true })
  })

  test('up makes a cluster, and keeps what others have in the kubeconfig', () => {
    writeFileSync(a.kubeconfig, JSON.stringify(FOREIGN), { mode: 0o644 })
    const up = a.lotse('up')
    assert.equal(up.code, 0, up.stderr)
    assert.equal(up.stdout, '')
    // Not a terminal: no colours, nothing drawn twice.
    assert.doesNotMatch(up.stderr, /[\x1b\r]/)
    assert.match(up.stderr, /^✓ +\d+\.\d s {2}packages: all present\n✓ +\d+\.\d s {2}API server: https:\/\/127\.0\.0\.1:\d+\n✓ +\d+\.\d s {2}node: \S+\n✓ +\d+\.\d s {2}cluster DNS: 10\.\d+\.0\.10\n/)
    assert.match(up.stderr, /The context lotse-e2e-life-a is the current one in \S+\. Next:\n\n {2}kubectl get pods --all-namespaces\n$/)
    const config = readKubeconfig(a)
    assert.deepEqual([config.clusters.map(({ name }) => name), config['current-context'], config.preferences], [['other', 'lotse-e2e-life-a'], 'lotse-e2e-life-a', { colors: true }])
    assert.equal(statSync(a.kubeconfig).mode & 0o777, 0o600)
    tracesOfA = traceFinder(a.dataDirectory)
  })

  test('up again changes nothing and says so', () => {
    const before = a.status()
    const again = a.lotse('up')
    assert.deepEqual([again.code, again.stdout], [0, ''])
    assert.match(again.stderr, /^The cluster "e2e-life-a" runs already; nothing was changed\.\n/)
    const pids = ({ server, nodes }: typeof before): unknown => [server?.pid, nodes.map(({ pid }) => pid)]
    assert.deepEqual(pids(a.status()), pids(before))
    assert.equal((JSON.parse(a.lotse('up', '--output', 'json').stdout) as { alreadyRunning: boolean }).alreadyRunning, true)
  })

  test('status tells what runs', () => {
    const status = a.status()
    assert.deepEqual([status.name, status.state, status.dataDirectory, status.context], ['e2e-life-a', 'running', a.dataDirectory, 'lotse-e2e-life-a'])
    const parts = [status.server, ...status.nodes]
    assert.equal(parts.length, 2)
    for (const part of parts) {
      assert.ok(part !== undefined && processes().some((line) => line.startsWith(`${part.pid} `)))
      assert.match(part.address, /^\S+:\d+$/)
      assert.ok(part.memoryBytes > 10e6 && part.memoryBytes < 500e6, String(part.memoryBytes))
    }
    assert.match(a.lotse('status').stdout, /^e2e-life-a: running\ncontext lotse-e2e-life-a, data in \S+\n\nPART +PID +ADDRESS +MEMORY +VERSION\nserver +\d+ +\S+ +\d+ MB +\S+\nnode \S+ +\d+ +\S+ +\d+ MB +\S+\n$/)
  })

  test('a kubeconfig for this cluster alone', () => {
    const file = join(a.dataDirectory, '../alone')
    writeFileSync(file, a.lotse('kubeconfig').stdout, { mode: 0o600 })
    assert.equal(spawnSync(clientPath('kubectl-1.35'), ['--kubeconfig', file, 'get', 'namespace', 'default', '-o', 'name'], { encoding: 'utf8' }).stdout, 'namespace/default\n')
  })

  test('a data directory that is in use is left alone', () => {
    const second = spawnSync('sh', [join(ROOT, 'tools/node.sh'), join(ROOT, 'src/programs/server-main.ts'), '--data-dir', a.dataDirectory], { encoding: 'utf8', timeout: 30_000 })
    assert.equal(second.status, 1, second.stdout + second.stderr)
    assert.match(second.stdout + second.stderr, /in use/)
    assert.equal(a.status().state, 'running')
  })

  test('two clusters side by side; one goes, the other stays', async () => {
    const up = b.lotse('up')
    assert.equal(up.code, 0, up.stderr)
    tracesOfB = traceFinder(b.dataDirectory)
    for (const cluster of [a, b]) await importBusybox(cluster.dataDirectory)
    openShop(a, 'apples')
    openShop(b, 'berries')
    assert.deepEqual([await ask(a, 'apples'), await ask(b, 'berries')], ['apples', 'berries'])
    assert.equal(a.runKubectl(['get', 'pod', 'berries']).code, 1)
    const traces = tracesOfB()
    for (const kind of ['processes', 'mounts', 'cgroups', 'tables', 'routes', 'files'] as const) assert.notDeepEqual(traces[kind], [], kind)
    const before = containers(a)
    const purge = b.lotse('down', '--purge')
    assert.equal(purge.code, 0, purge.stderr)
    assert.deepEqual(tracesOfB(), NO_TRACES)
    assert.equal(containers(a), before)
    assert.equal(await ask(a, 'apples'), 'apples')
  })

  test('the node agent is killed: containers run on, up brings it back', async () => {
    const before = containers(a)
    kill(a.status().nodes[0]?.pid)
    await eventually(() => a.status(), ({ state }) => state === 'partly running')
    assert.equal(await ask(a, 'apples'), 'apples')
    assert.equal(a.lotse('up').code, 0)
    assert.equal(a.status().state, 'running')
    assert.equal(containers(a), before)
  })

  test('containerd is killed: containers run on, and it comes back by itself', async () => {
    const before = containers(a)
    const pid = containerdPid(a)
    kill(pid)
    assert.equal(await ask(a, 'apples'), 'apples')
    await eventually(() => containerdPid(a), (found) => found !== pid)
    openShop(a, 'cherries')
    a.kubectl('delete', 'pod', 'cherries')
    assert.equal(containers(a), before)
  })

  test('the server is killed: up brings it back with all it knew', async () => {
    const before = containers(a)
    a.kubectl('create', 'configmap', 'kept')
    kill(a.status().server?.pid)
    assert.equal(await eventually(() => a.runKubectl(['get', 'namespaces']).code, (code) => code !== 0), 1)
    assert.equal(a.lotse('up').code, 0)
    assert.equal(a.kubectl('get', 'configmap', 'kept', '-o', 'name'), 'configmap/kept\n')
    assert.equal(containers(a), before)
    assert.equal(await ask(a, 'apples'), 'apples')
  })

  test('down ends all that runs and keeps the data; up brings the pods back', async () => {
    const down = a.lotse('down')
    assert.equal(down.code, 0, down.stderr)
    assert.match(down.stderr, /The data is kept in /)
    assert.deepEqual({ ...tracesOfA(), files: [] }, NO_TRACES)
    assert.equal(a.status().state, 'stopped')
    assert.equal(a.lotse('down').code, 0)
    assert.equal(a.lotse('up').code, 0)
    assert.equal(a.kubectl('get', 'configmap', 'kept', '-o', 'name'), 'configmap/kept\n')
    await eventually(() => a.kubectl('get', 'pod', 'apples', '-o', 'jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}'), (text) => text === '1 true')
    assert.equal(await ask(a, 'apples'), 'apples')
  })

  test('down --purge leaves nothing', () => {
    const purge = a.lotse('down', '--purge')
    assert.equal(purge.code, 0, purge.stderr)
    assert.deepEqual(tracesOfA(), NO_TRACES)
    const config = readKubeconfig(a)
    assert.deepEqual([config.clusters.map(({ name }) => name), config['current-context']], [['other'], ''])
    const again = a.lotse('down', '--purge')
    assert.deepEqual([again.code, again.stderr], [0, `There is no cluster "e2e-life-a" in ${a.dataDirectory}.\n`])
  })
})

describe('command lines', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lotse-life-c-'))
  const cluster = clusterIn(directory, 'e2e-life-c')
  after(() => {
    cluster.lotse('down', '--purge')
    rmSync(directory, { recursive: true, force: true })
  })

  test('mistakes are said, with 2 for wrong usage and 1 for the rest', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as AddressInfo
    const table: [parameters: string[], code: number, message: RegExp][] = [
      [['fly'], 2, /unknown command 'fly'/],
      [['up', '--fly'], 2, /unknown option '--fly'/],
      [['up', '--nodes', '2'], 2, /Allowed choices are 0, 1/],
      [['up', '--port', '70000'], 2, /a port is a whole number from 1 to 65535/],
      [['status', '--output', 'xml'], 2, /Allowed choices are/],
      [['status', '--name', 'Not A Name'], 2, /lower-case letters/],
      [['status'], 1, /there is no cluster "e2e-life-c"/i],
      [['logs'], 1, /there is no cluster "e2e-life-c"/i],
      [['kubeconfig'], 1, /there is no cluster "e2e-life-c"/i],
      [['up', '--nodes', '0', '--port', String(port)], 1, new RegExp(`port ${port} is in use by another program`)],
      [['down'], 0, /There is no cluster "e2e-life-c"/],
      [['--help'], 0, /^$/],
    ]
    try {
      for (const [parameters, code, message] of table) {
        const ran = spawnSync(join(ROOT, 'lotse'), parameters.includes('--name') || ['fly', '--help'].includes(parameters[0] ?? '') ? parameters : [...parameters, '--name', 'e2e-life-c', '--data-dir', cluster.dataDirectory], { encoding: 'utf8' })
        assert.equal(ran.status, code, `${parameters.join(' ')}: ${ran.stderr}`)
        assert.match(ran.stderr, message)
      }
      assert.equal(existsSync(cluster.dataDirectory), false)
    } finally {
      taken.close()
    }
  })

  test('a control plane alone needs no root', (context) => {
    if (process.getuid?.() !== 0) return context.skip('this is not root already: the other tests show it')
    const home = join(directory, 'home')
    mkdirSync(home)
    chmodSync(directory, 0o755)
    spawnSync('chown', ['65534:65534', home])
    const asNobody = (...parameters: string[]): { code: number; stdout: string; stderr: string } => {
      const ran = spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', ...parameters], { encoding: 'utf8', cwd: '/', env: { PATH: process.env.PATH, HOME: home }, timeout: 60_000 })
      return { code: ran.status ?? -1, stdout: ran.stdout ?? '', stderr: ran.stderr ?? '' }
    }
    const lotse = join(ROOT, 'lotse')
    if (asNobody('test', '-r', lotse).code !== 0) return context.skip('another user may not read these files')
    try {
      assert.match(asNobody(lotse, 'up', '--name', 'e2e-life-n').stderr, /needs root/)
      const up = asNobody(lotse, 'up', '--name', 'e2e-life-n', '--nodes', '0')
      assert.equal(up.code, 0, up.stderr)
      assert.equal(statSync(join(home, '.kube/config')).mode & 0o777, 0o600)
      assert.match(asNobody(clientPath('kubectl-1.32'), 'get', 'namespaces', '-o', 'name').stdout, /namespace\/kube-system\n/)
      assert.equal((JSON.parse(asNobody(lotse, 'status', '--name', 'e2e-life-n', '--output', 'json').stdout) as { nodes: unknown[] }).nodes.length, 0)
    } finally {
      const purge = asNobody(lotse, 'down', '--purge', '--name', 'e2e-life-n')
      assert.equal(purge.code, 0, purge.stderr)
    }
    assert.deepEqual(processes().filter((line) => line.includes(home)), [])
    assert.equal(existsSync(join(home, '.local/share/lotse/e2e-life-n')), false)
  })
})
