import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { KubeConfig } from '@kubernetes/client-node'
import { WebSocket } from 'ws'
import { importBusybox } from './busybox-image.testing.ts'
import { clientPath, installClients, noContainers, startCluster, type TestCluster } from './cluster.testing.ts'
import { shellFor } from './transcript-shell.testing.ts'
import { runTranscript } from './transcript.testing.ts'

const skip = noContainers() ?? false
const folder = join(import.meta.dirname, 'transcripts')

let cluster: TestCluster | undefined

async function run(file: string): Promise<void> {
  assert.ok(cluster !== undefined)
  await runTranscript(file, shellFor(cluster, basename(file, '.txt')))
}

before(async () => {
  if (skip !== false) return
  assert.ok(existsSync(clientPath('kubectl-1.32')) || installClients(), 'kubectl could not be brought here')
  cluster = startCluster('e2e-pods')
  await importBusybox(cluster.dataDirectory)
})

after(() => cluster?.remove())

describe('kubectl and running pods', { concurrency: 4, skip }, () => {
  for (const file of globSync(join(folder, 'pods/*.txt')).sort()) test(basename(file, '.txt'), () => run(file))
})

/** All messages until the one that ends it, or the server does. */
function messagesOf(path: string, protocol: string, isLast: (text: string) => boolean): Promise<string> {
  const config = new KubeConfig()
  config.loadFromFile(cluster?.kubeconfig ?? '')
  const [server, user] = [config.getCurrentCluster(), config.getCurrentUser()]
  const decoded = (base64 = ''): Buffer => Buffer.from(base64, 'base64')
  const options = { ca: decoded(server?.caData), cert: decoded(user?.certData), key: decoded(user?.keyData) }
  const socket = new WebSocket(`${server?.server.replace('https:', 'wss:')}${path}`, protocol === '' ? [] : [protocol], options)
  let text = ''
  socket.on('message', (data: Buffer) => {
    text += data.toString()
    if (isLast(data.toString())) socket.close()
  })
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

test('a log and a watch over WebSocket', { skip }, async () => {
  assert.ok(cluster !== undefined)
  const container = '{"spec":{"containers":[{"name":"said","image":"lotse.local/busybox:1","command":["sh","-c","echo said; sleep 1; echo more"]}]}}'
  cluster.kubectl('create', 'namespace', 'sockets')
  cluster.kubectl('run', 'said', '-n', 'sockets', '--image=lotse.local/busybox:1', '--restart=Never', `--overrides=${container}`)
  cluster.kubectl('wait', '-n', 'sockets', 'pod/said', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s')
  const pods = '/api/v1/namespaces/sockets/pods'
  assert.equal(await messagesOf(`${pods}/said/log`, 'binary.k8s.io', () => false), 'said\nmore\n')
  assert.equal(await messagesOf(`${pods}/said/log?follow=true&tailLines=1`, '', () => false), 'more\n')
  const seen = await messagesOf(`${pods}?watch=true&resourceVersion=0`, '', (event) => event.startsWith('{"type":"ADDED"'))
  assert.equal((JSON.parse(seen.split('\n')[0] ?? '') as { object: { metadata: { name: string } } }).object.metadata.name, 'said')
  cluster.kubectl('delete', 'namespace', 'sockets')
})

// Draining moves the pods of all others: this comes last.
test('kubectl and the node', { skip }, () => run(join(folder, 'node/drain.txt')))
