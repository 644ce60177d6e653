import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { startAggregatedServer, type AggregatedServer } from './aggregated-server.testing.ts'
import { clientPath, installClients, startCluster, type TestCluster } from './cluster.testing.ts'
import { shellFor } from './transcript-shell.testing.ts'
import { runTranscript } from './transcript.testing.ts'

let cluster: TestCluster | undefined
let backend: AggregatedServer | undefined

before(async () => {
  assert.ok(existsSync(clientPath('kubectl-1.32')) || installClients(), 'kubectl could not be brought here')
  cluster = startCluster('e2e-aggregation', '--nodes', '0')
  backend = await startAggregatedServer(join(cluster.dataDirectory, '..', 'flunders'), join(cluster.dataDirectory, 'pki'))
})

after(async () => {
  // The cluster first: it has connections to the other one.
  cluster?.remove()
  await backend?.close()
})

describe('an API server of somebody else\'s', { concurrency: 1 }, () => {
  test('is used with kubectl as one API with ours', async () => {
    assert.ok(cluster !== undefined && backend !== undefined)
    const shell = shellFor(cluster, 'aggregation')
    const { port, hangingPort, caPem } = backend
    const environment = { ...shell.environment, PORT: String(port), HANGING_PORT: String(hangingPort), CA_BUNDLE: Buffer.from(caPem).toString('base64') }
    await runTranscript(join(import.meta.dirname, 'transcripts/aggregation/flunders.txt'), { ...shell, environment })
  })

  test('is reached by connections that are no HTTP any more', async () => {
    assert.ok(cluster !== undefined)
    const path = '/apis/wardle.example.com/v1/namespaces/default/flunders/none/shell'
    const check = async (headers: string, expected: RegExp): Promise<void> => {
      const socket = await tlsTo(cluster ?? assert.fail())
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n${headers}\r\nhello `)
      socket.write('world')
      let received = ''
      for await (const chunk of socket.iterator({ destroyOnReturn: false })) if ((received += String(chunk)).includes('world')) break
      socket.destroy()
      assert.match(received, expected)
    }
    const answer = 'kubernetes-admin of front-proxy-client: hello world$'
    await check('Upgrade: SPDY/3.1\r\n', new RegExp(`^HTTP/1.1 101 Switching Protocols\r\n[^]*${answer}`))
    await check('Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
      new RegExp(`^HTTP/1.1 101 [^]*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\\+xOo=\r\n[^]*${answer}`))
  })
})

function tlsTo({ dataDirectory }: TestCluster): Promise<TLSSocket> {
  const { port } = JSON.parse(readFileSync(join(dataDirectory, 'cluster.json'), 'utf8')) as { port: number }
  const [ca, cert, key] = ['ca.crt', 'admin.crt', 'admin.key'].map((file) => readFileSync(join(dataDirectory, 'pki', file), 'utf8'))
  const options = { host: '127.0.0.1', port, ALPNProtocols: ['http/1.1'], ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) }
  return new Promise((resolve, reject) => {
    const socket = connect(options, () => resolve(socket))
    socket.once('error', reject)
  })
}
