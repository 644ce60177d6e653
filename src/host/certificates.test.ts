import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { test } from 'node:test'
import { parseCertificateRequest } from '../resources/kinds/certificate-signing-request/certificate-request.ts'
import { certificateIssuer } from './certificate-issuer.ts'
import { makeRequest, signings, type RequestWish } from './certificate-request.testing.ts'
import { certificateSignatures } from './certificate-signatures.ts'
import { createCertificate, type Authority } from './pki-certificate.ts'

const anna: RequestWish = { commonName: 'anna', organizations: ['dev', 'ops'] }
const problemOf = (pem: string): string | undefined => certificateSignatures.problemOf(parseCertificateRequest(pem))

test('whose key has signed a request', () => {
  const UNKNOWN = 'x509: cannot verify signature: algorithm unimplemented'
  const table: [keyof typeof signings, string | undefined, string][] = [
    ['ecdsa', undefined, 'x509: ECDSA verification failure'], ['rsa', undefined, 'crypto/rsa: verification error'],
    ['rsaPss', undefined, 'crypto/rsa: verification error'], ['ed25519', undefined, 'x509: Ed25519 verification failure'],
    ['md5', 'x509: cannot verify signature: insecure algorithm MD5-RSA', 'x509: cannot verify signature: insecure algorithm MD5-RSA'],
  ]
  for (const [kind, own, foreign] of table) {
    const other = signings[kind]()
    assert.equal(problemOf(makeRequest(anna, signings[kind]()).requestPem), own, kind)
    assert.equal(problemOf(makeRequest(anna, signings[kind](), other.keys.privateKey).requestPem), foreign, kind)
  }
  const [ecdsa, rsa] = [signings.ecdsa(), signings.rsa()]
  assert.equal(problemOf(makeRequest(anna, { ...rsa, keys: ecdsa.keys }, rsa.keys.privateKey).requestPem),
    'x509: signature algorithm specifies an RSA public key, but have public key of type *ecdsa.PublicKey')
  const parsed = parseCertificateRequest(makeRequest(anna).requestPem)
  assert.equal(certificateSignatures.problemOf({ ...parsed, signatureAlgorithm: '1.2.3' }), UNKNOWN)
  assert.equal(certificateSignatures.problemOf({ ...parsed, publicKey: new Uint8Array(3) }), UNKNOWN)
})

const NOW = Date.UTC(2026, 0, 1)
const DAY_MS = 86_400_000
const made = createCertificate({ commonName: 'an-authority', organizations: [], use: 'authority', names: [], addresses: [] }, undefined, { now: NOW, lifetimeMs: 3_600_000 })
const authority: Authority = { ...made, commonName: 'an-authority' }

function issue(wish: RequestWish, usages: readonly string[], days: number): X509Certificate {
  const { requestPem, keyPem } = makeRequest(wish)
  const issued = certificateIssuer(authority)({ request: parseCertificateRequest(requestPem), usages, notBefore: NOW - 60_000, notAfter: NOW + days * DAY_MS })
  assert(issued.ok)
  const certificate = new X509Certificate(issued.certificatePem)
  const issuer = new X509Certificate(authority.certificatePem)
  assert(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey) && certificate.checkPrivateKey(createPrivateKey(keyPem)) && !certificate.ca)
  return certificate
}

test('a certificate says what was asked for, and ends with its authority', () => {
  const client = issue(anna, ['digital signature', 'key encipherment', 'client auth'], 30)
  assert.deepEqual([client.subject, client.subjectAltName, client.keyUsage], ['O=dev\nO=ops\nCN=anna', undefined, ['1.3.6.1.5.5.7.3.2']])
  assert.deepEqual([Date.parse(client.validFrom), Date.parse(client.validTo)], [NOW - 60_000, NOW + 30 * DAY_MS])
  // KeyUsage with its first and third bit: five bits are left over.
  assert(client.raw.includes(Buffer.from('0603551d0f0101ff0404030205a0', 'hex')))
  const server = issue({ commonName: 'system:node:one', organizations: ['system:nodes'], names: ['one'], addresses: ['10.0.0.7', 'fd00::1'], uris: ['a:b'], emails: ['a@b.c'] },
    ['server auth', 'decipher only', 'netscape sgc', 'any'], 30 * 365)
  assert.equal(server.subjectAltName, 'DNS:one, email:a@b.c, IP Address:10.0.0.7, IP Address:FD00:0:0:0:0:0:0:1, URI:a:b')
  assert.deepEqual(server.keyUsage, ['2.5.29.37.0', '1.3.6.1.5.5.7.3.1', '2.16.840.1.113730.4.1'])
  assert(server.raw.includes(Buffer.from('0603551d0f0101ff040503030700 80'.replace(' ', ''), 'hex')))
  assert.equal(server.validTo, new X509Certificate(authority.certificatePem).validTo)
})

test('a name in another encoding is read as who trusts the certificate will read it', () => {
  const wide: RequestWish = { commonName: 'anna', organizations: ['system:masters'], wide: true }
  const { commonName, organizations } = parseCertificateRequest(makeRequest(wide).requestPem)
  assert.deepEqual([commonName, organizations], ['anna', ['system:masters']])
  assert.equal(issue(wide, ['client auth'], 1).subject, 'O=system:masters\nCN=anna')
})

test('what another key has signed is not signed again', () => {
  const request = parseCertificateRequest(makeRequest(anna, signings.ecdsa(), signings.ecdsa().keys.privateKey).requestPem)
  assert.deepEqual(certificateIssuer(authority)({ request, usages: ['client auth'], notBefore: NOW, notAfter: NOW + DAY_MS }),
    { ok: false, problem: 'unable to verify certificate request signature: x509: ECDSA verification failure' })
})
