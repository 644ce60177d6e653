import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import type { Peer } from '../apiserver/http.ts'
import { silentLog } from '../words/ports.ts'
import { systemClock } from './clock.ts'
import { peerReader } from './peer.ts'
import { createClusterPki, type Credentials } from './pki.ts'

const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'lotse-peer-')))
const [pki, foreign] = directories.map((directory) => createClusterPki(directory, { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog }))
assert(pki !== undefined && foreign !== undefined)
const { caPem, frontProxy } = pki

after(() => {
  for (const directory of directories) rmSync(directory, { recursive: true })
})

/** Who a server takes the holder of these credentials for. */
async function seenAs(credentials: Pick<Credentials, 'certificatePem' | 'keyPem'> | undefined, frontProxyCaPem: string | undefined): Promise<Omit<Peer, 'address'>> {
  const peerOf = peerReader(frontProxyCaPem)
  const server = createServer({
    cert: pki?.apiServer.certificatePem, key: pki?.apiServer.keyPem, ca: frontProxyCaPem === undefined ? caPem : [caPem, frontProxyCaPem], requestCert: true, rejectUnauthorized: false,
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  try {
    return await new Promise((resolve, reject) => {
      server.once('secureConnection', (socket: TLSSocket) => {
        const { address: _, certificate, ...peer } = peerOf(socket)
        if (certificate !== undefined) assert.match(certificate.fingerprint ?? '', /^[0-9a-f]{64}$/)
        resolve({ ...peer, certificate: certificate && { commonName: certificate.commonName, organizations: certificate.organizations } })
        socket.destroy()
      })
      const { port } = server.address() as AddressInfo
      const client = connect({ host: '127.0.0.1', port, ca: caPem, ...(credentials === undefined ? {} : { cert: credentials.certificatePem, key: credentials.keyPem }) })
      client.on('error', reject)
    })
  } finally {
    server.close()
  }
}

test('a certificate is worth what its authority is', async () => {
  const nobody = { certificate: undefined }
  const admin = { certificate: { commonName: 'kubernetes-admin', organizations: ['system:masters'] } }
  const table: [string, Parameters<typeof seenAs>[0], string | undefined, Omit<Peer, 'address'>][] = [
    ['none', undefined, frontProxy.caPem, nobody],
    ['a user', pki.admin, frontProxy.caPem, admin],
    ['a user, where there are no proxies', pki.admin, undefined, admin],
    ['a proxy', frontProxy, frontProxy.caPem, { certificate: undefined, proxyName: 'front-proxy-client' }],
    ['a proxy, where there are none', frontProxy, undefined, nobody],
    ['a user of another cluster', foreign.admin, frontProxy.caPem, nobody],
    ['a proxy of another cluster', foreign.frontProxy, frontProxy.caPem, nobody],
  ]
  for (const [name, credentials, authority, expected] of table) assert.deepEqual(await seenAs(credentials, authority), expected, name)
})
