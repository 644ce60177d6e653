import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import type { Peer } from '../apiserver/http.ts'
import { silentLog } from '../words/ports.ts'
import { systemClock } from './clock.ts'
import { Peers, type PeerAuthorities } from './peer.ts'
import { createCertificate, type CertificateWish } from './pki-certificate.ts'
import { createClusterPki, type Credentials } from './pki.ts'

const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'lotse-peer-')))
const [pki, foreign] = directories.map((directory) => createClusterPki(directory, { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog }))
assert(pki !== undefined && foreign !== undefined)
const { caPem, frontProxy } = pki

after(() => {
  for (const directory of directories) rmSync(directory, { recursive: true })
})

/** Who a server takes the holder of these credentials for; renewed: after the authorities have become these. */
async function seenAs(
  credentials: Pick<Credentials, 'certificatePem' | 'keyPem'> | undefined, frontProxyCaPem: string | undefined,
  { authorities = caPem, renewed }: { readonly authorities?: string, readonly renewed?: PeerAuthorities } = {},
): Promise<Omit<Peer, 'address'>> {
  const peers = new Peers({ caPem: authorities, frontProxyCaPem })
  const server = createServer({
    cert: pki?.apiServer.certificatePem, key: pki?.apiServer.keyPem, ca: frontProxyCaPem === undefined ? authorities : [authorities, frontProxyCaPem],
    requestCert: true, rejectUnauthorized: false,
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  try {
    return await new Promise((resolve, reject) => {
      server.once('secureConnection', (socket: TLSSocket) => {
        if (renewed !== undefined) assert(peers.renew(renewed))
        const { address: _, certificate, ...peer } = peers.read(socket)
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

const endOf = (certificatePem: string): number => Date.parse(new X509Certificate(certificatePem).validTo)
const nobody = { certificate: undefined }
const refused = { certificate: undefined, validUntil: 0 }
const wish = (commonName: string, use: CertificateWish['use']): CertificateWish => ({
  commonName, organizations: use === 'client' ? ['dev'] : [], use, names: [], addresses: [],
})

test('a certificate is worth what its authority is', async () => {
  const admin = { certificate: { commonName: 'kubernetes-admin', organizations: ['system:masters'] }, validUntil: endOf(pki.admin.certificatePem) }
  const proxy = { certificate: undefined, proxyName: 'front-proxy-client', validUntil: endOf(frontProxy.certificatePem) }
  const table: [string, Parameters<typeof seenAs>[0], string | undefined, Omit<Peer, 'address'>][] = [
    ['none', undefined, frontProxy.caPem, nobody],
    ['a user', pki.admin, frontProxy.caPem, admin],
    ['a user, where there are no proxies', pki.admin, undefined, admin],
    ['a proxy', frontProxy, frontProxy.caPem, proxy],
    ['a proxy, where there are none', frontProxy, undefined, refused],
    ['a user of another cluster', foreign.admin, frontProxy.caPem, refused],
    ['a proxy of another cluster', foreign.frontProxy, frontProxy.caPem, refused],
    ['a server', pki.apiServer, undefined, refused],
  ]
  for (const [name, credentials, authority, expected] of table) assert.deepEqual(await seenAs(credentials, authority), expected, name)
})

test('a certificate counts no longer than its authority', async () => {
  const now = systemClock.now()
  const long = { now, lifetimeMs: 20 * 365 * 24 * 3_600_000 }
  const root = { commonName: 'root', ...createCertificate(wish('root', 'authority'), undefined, long) }
  const between = { commonName: 'between', ...createCertificate(wish('between', 'authority'), root, { now: now - 24 * 3_600_000, lifetimeMs: 0 }) }
  const anna = createCertificate(wish('anna', 'client'), between, long)
  const user = { certificate: { commonName: 'anna', organizations: ['dev'] }, validUntil: endOf(between.certificatePem) }
  assert(user.validUntil < endOf(anna.certificatePem) && user.validUntil < endOf(root.certificatePem))
  assert.deepEqual(await seenAs(anna, undefined, { authorities: `${root.certificatePem}\n${between.certificatePem}` }), user)
  const withChain = { ...anna, certificatePem: `${anna.certificatePem}\n${between.certificatePem}` }
  assert.deepEqual(await seenAs(withChain, undefined, { authorities: root.certificatePem }), refused, 'an authority between must be known')
})

test('a connection is judged anew when the authorities change', async () => {
  const admin = { certificate: { commonName: 'kubernetes-admin', organizations: ['system:masters'] }, validUntil: endOf(pki.admin.certificatePem) }
  const both = { caPem: `${caPem}\n${foreign.caPem}` }
  assert.deepEqual(await seenAs(pki.admin, undefined, { renewed: both }), admin)
  assert.deepEqual(await seenAs(pki.admin, undefined, { renewed: { caPem: foreign.caPem } }), refused)
  assert.deepEqual(await seenAs(frontProxy, frontProxy.caPem, { renewed: { caPem, frontProxyCaPem: foreign.frontProxy.caPem } }), refused)
  const amongClients = { caPem: `${caPem}\n${frontProxy.caPem}` }
  assert.deepEqual(await seenAs(frontProxy, frontProxy.caPem, { renewed: amongClients }), refused, 'a former proxy is never a user')
})
