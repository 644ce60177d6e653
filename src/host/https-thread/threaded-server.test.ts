import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import type { Handler } from '../../apiserver/http.ts'
import { silentLog } from '../../words/ports.ts'
import { systemClock } from '../clock.ts'
import { httpsServerConformance } from '../https-server.conformance.testing.ts'
import { createCertificate } from '../pki-certificate.ts'
import { createClusterPki } from '../pki.ts'
import { startHttpsThread, startThreadedHttpsServer } from './threaded-server.ts'

await httpsServerConformance(({ pki, port, handler, nodeProxy, log }) => (
  startThreadedHttpsServer(startHttpsThread(), { host: '127.0.0.1', port, ...pki.apiServer, caPem: pki.caPem, handler, nodeProxy, log })))

test('tunnels are made with the client certificates in force', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lotse-renewal-'))
  const pki = createClusterPki(directory, { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog })
  const node = pki.node('one', { names: ['one'], addresses: ['127.0.0.1'] })
  const { caPem } = pki
  const user = { name: 'alice', uid: '', groups: [], extra: {} }
  const [api, agent] = [await startPeer(pki.apiServer, pki.frontProxy.caPem), await startPeer(node.serving, caPem)]
  const handler: Handler = ({ path, method, peer }) => ({
    type: 'tunnel',
    target: path === '/node'
      ? { nodeName: 'one', address: '127.0.0.1', port: agent, path, method }
      : { api: { host: '127.0.0.1', port: api, serverName: 'localhost', caPem, isUnverified: false }, user, clientAddress: peer.address, path, method },
  })
  const server = await startThreadedHttpsServer(startHttpsThread(), {
    host: '127.0.0.1', port: 0, ...pki.apiServer, caPem, handler, log: silentLog,
    nodeProxy: { ...pki.apiServerToNode, caPem, connectTimeoutMs: 1_000, frontProxy: pki.frontProxy },
  })
  after(async () => {
    await server.close()
    rmSync(directory, { recursive: true })
  })
  const names = async (): Promise<string[]> => [await nameSeen(server.port, caPem, '/api'), await nameSeen(server.port, caPem, '/node')]
  assert.deepEqual(await names(), ['front-proxy-client', 'kube-apiserver-kubelet-client'])
  const signer = {
    certificatePem: pki.frontProxy.caPem, keyPem: readFileSync(join(directory, 'front-proxy-ca.key'), 'utf8'), commonName: 'lotse-front-proxy-ca',
  }
  const renewed = createCertificate({ commonName: 'another', organizations: [], use: 'client', names: [], addresses: [] }, signer, { now: systemClock.now(), lifetimeMs: 3_600_000 })
  server.renewClients({ ...pki.admin, frontProxy: renewed })
  assert.deepEqual(await names(), ['another', 'kubernetes-admin'])
})

/** Answers each upgrade with the name in the certificate of who asks. */
async function startPeer({ keyPem: key, certificatePem: cert }: { keyPem: string; certificatePem: string }, ca: string): Promise<number> {
  const peer = createServer({ key, cert, ca, requestCert: true, rejectUnauthorized: true })
  peer.on('upgrade', (_, socket: TLSSocket) => {
    socket.on('error', () => undefined)
    const { subject } = socket.getPeerCertificate()
    socket.end(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nx-name: ${String(subject.CN)}\r\n\r\n`)
  })
  after(() => peer.close())
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve))
  return (peer.address() as AddressInfo).port
}

function nameSeen(port: number, ca: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest({ host: '127.0.0.1', port, ca, path, agent: false, headers: { connection: 'upgrade', upgrade: 'websocket' } })
    outgoing.on('upgrade', ({ headers }, socket) => {
      socket.destroy()
      resolve(String(headers['x-name']))
    })
    outgoing.on('response', (answer) => answer.setEncoding('utf8').on('data', (text) => resolve(`${answer.statusCode} ${text}`)))
    outgoing.on('error', reject)
    outgoing.end()
  })
}
