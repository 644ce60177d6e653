/** Certificates that live for seconds: the server and the node agent renew them while both are in use, and nobody is turned away. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { load } from 'js-yaml'
import { createHttpClient } from '../../src/client/http-client.ts'
import { systemClock } from '../../src/host/clock.ts'
import { createHttpsTransport } from '../../src/host/https-transport.ts'
import { isObject } from '../../src/objects/json.ts'
import { kinds } from '../../src/resources/generated/kinds.ts'
import { BUSYBOX_IMAGE, importBusybox } from './busybox-image.testing.ts'
import { clusterIn, installClients, noContainers, type TestCluster } from './cluster.testing.ts'

const LIFETIME_SECONDS = 30
/** What was there at the beginning has ended by then, and what took its place has been renewed or soon is. */
const WATCHED_MS = 45_000
const obstacle = noContainers()
const hasNode = obstacle === undefined

interface Access {
  readonly caPem: string
  readonly certificatePem: string
  readonly keyPem: string
  readonly server: string
}

/** What kubectl would use. */
function accessIn(kubeconfig: string): Access {
  const config: unknown = load(readFileSync(kubeconfig, 'utf8'))
  const first = (list: string, part: string): Record<string, unknown> => {
    const entries: unknown = isObject(config) ? config[list] : undefined
    const entry: unknown = Array.isArray(entries) ? entries[0] : undefined
    const value = isObject(entry) ? entry[part] : undefined
    return isObject(value) ? value : {}
  }
  const decoded = (value: unknown): string => Buffer.from(String(value), 'base64').toString()
  const [cluster, user] = [first('clusters', 'cluster'), first('users', 'user')]
  return {
    server: String(cluster['server']), caPem: decoded(cluster['certificate-authority-data']),
    certificatePem: decoded(user['client-certificate-data']), keyPem: decoded(user['client-key-data']),
  }
}

/** The certificate that a server shows a new connection. */
function shownBy(host: string, port: number, caPem: string): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ca: caPem, checkServerIdentity: () => undefined }, () => {
      const certificate = socket.getPeerX509Certificate()
      socket.destroy()
      if (certificate === undefined) reject(new Error('no certificate'))
      else resolve(certificate)
    })
    socket.once('error', reject)
  })
}

describe('certificates of a cluster that runs for longer than they count', { timeout: 240_000 }, () => {
  let cluster: TestCluster
  before(() => {
    installClients()
    cluster = clusterIn(mkdtempSync(join(tmpdir(), 'lotse-renewal-')), `renewal-${process.pid}`)
    const up = cluster.lotse('up', '--nodes', hasNode ? '1' : '0', '--certificate-lifetime', `${LIFETIME_SECONDS}s`)
    assert.equal(up.code, 0, up.stderr)
  })
  after(() => cluster.remove())

  test('server, kubeconfig and node agent go on with new ones', async (context) => {
    const pki = join(cluster.dataDirectory, 'pki')
    const first = accessIn(cluster.kubeconfig)
    const port = Number(new URL(first.server).port)
    const nodeFile = hasNode ? join(pki, 'nodes', cluster.status().nodes[0]?.name ?? '', 'client.pem') : undefined
    const nodeCertificate = (): string => (nodeFile === undefined ? '' : new X509Certificate(readFileSync(nodeFile, 'utf8')).serialNumber)
    const [shown, firstNode] = [await shownBy('127.0.0.1', port, first.caPem), nodeCertificate()]
    if (hasNode) await startPod(cluster)

    // One connection from before to after, with a watch on it, which goes on; its certificate is never renewed.
    const old = createHttpsTransport({ server: first.server, caPem: first.caPem, credentials: { type: 'certificate', ...first }, clock: systemClock })
    const client = createHttpClient(old)
    const watching = new AbortController()
    const seen: string[] = []
    const watched = (async () => {
      for await (const event of client.watch(kinds.ConfigMap, { namespace: 'default', signal: watching.signal })) {
        if (event.type === 'added') seen.push(event.object.metadata.name ?? '')
      }
    })()

    const begun = Date.now()
    let requests = 0
    for (; Date.now() - begun < WATCHED_MS; requests++) {
      // A new connection each time, as kubectl makes it.
      const { server, caPem, ...certificate } = accessIn(cluster.kubeconfig)
      const fresh = createHttpsTransport({ server, caPem, credentials: { type: 'certificate', ...certificate }, clock: systemClock })
      const asked = createHttpClient(fresh)
      await asked.create(kinds.ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name: `m-${requests}` } })
      if (hasNode) assert.equal(await isNodeReady(asked), true, 'the node stays ready')
      fresh.close()
      await sleep(200)
    }
    await assert.rejects(client.list(kinds.Node), { code: 401 }, 'what the old connection still asks is asked by nobody')
    watching.abort()
    await watched
    old.close()
    context.diagnostic(`${requests} requests on new connections, ${seen.length} events on the old one`)
    assert.equal(seen.filter((name) => name.startsWith('m-')).length, requests)

    const last = accessIn(cluster.kubeconfig)
    assert.notEqual(last.certificatePem, first.certificatePem)
    assert(Date.parse(new X509Certificate(first.certificatePem).validTo) < Date.now(), 'the first one has ended')
    assert(Date.parse(new X509Certificate(last.certificatePem).validTo) > Date.now())
    assert.notEqual((await shownBy('127.0.0.1', port, first.caPem)).serialNumber, shown.serialNumber)
    assert.equal(cluster.runKubectl(['get', 'namespaces']).code, 0)
    if (nodeFile !== undefined) {
      assert.notEqual(nodeCertificate(), firstNode)
      assert.equal(statSync(nodeFile).mode & 0o777, 0o600)
      const requested = cluster.kubectl('get', 'certificatesigningrequests', '-o', 'jsonpath={range .items[*]}{.spec.signerName} {.spec.username} {.status.conditions[*].type}{"\\n"}{end}')
      const [name] = cluster.status().nodes.map((node) => node.name)
      for (const signer of ['kube-apiserver-client-kubelet', 'kubelet-serving']) {
        assert.match(requested, new RegExp(`^kubernetes\\.io/${signer} system:node:${name} Approved$`, 'm'))
      }
      assert.match(cluster.kubectl('logs', 'talker'), /I am here/)
    }
    assert.doesNotMatch(cluster.lotse('logs', '--tail', '1000').stdout, /cannot be renewed|cannot be used|PRIVATE KEY/)
  })
})

async function startPod(cluster: TestCluster): Promise<void> {
  await importBusybox(cluster.dataDirectory)
  const pod = {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'talker' },
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: BUSYBOX_IMAGE, command: ['sh', '-c', 'echo I am here; exec sleep 3600'] }] },
  }
  const applied = cluster.runKubectl(['apply', '-f', '-'], { input: JSON.stringify(pod) })
  assert.equal(applied.code, 0, applied.stderr)
}

async function isNodeReady(client: ReturnType<typeof createHttpClient>): Promise<boolean> {
  const { items } = await client.list(kinds.Node)
  return items.every(({ status }) => status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true)
}
