import { X509Certificate, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { bitString, booleanTrue, integer, octetString, oid, sequence, tagged, time } from './der.ts'
import { EXTENSION, namesExtension, serialNumber, SIGNATURE_ALGORITHM, type CertificateWithKey } from './pki-certificate.ts'

interface NamelessChain {
  readonly authority: string
  readonly leaf: CertificateWithKey
  /** Another authority, which has signed nothing. */
  readonly other: string
}

const DAY_MS = 24 * 60 * 60 * 1000

/** As operators make them that forget the subject: nothing in the certificates says who signed whom but the signature. */
export function namelessChain(serverName: string): NamelessChain {
  const [authority, other, leaf] = [0, 1, 2].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  if (authority === undefined || other === undefined || leaf === undefined) throw new Error('three keys were made')
  const isAuthority = sequence(oid(EXTENSION.basicConstraints), booleanTrue(), octetString(sequence(booleanTrue())))
  const names = namesExtension({ names: [serverName], addresses: [] }) ?? sequence()
  return {
    authority: nameless(authority.publicKey, authority.privateKey, isAuthority),
    other: nameless(other.publicKey, other.privateKey, isAuthority),
    leaf: {
      certificatePem: nameless(leaf.publicKey, authority.privateKey, sequence(oid(EXTENSION.subjectAlternativeName), octetString(names))),
      keyPem: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
  }
}

function nameless(key: KeyObject, signingKey: KeyObject, extension: Buffer): string {
  const algorithm = sequence(oid(SIGNATURE_ALGORITHM))
  const content = sequence(
    tagged(0, integer(Buffer.from([2]))), integer(serialNumber()), algorithm, sequence(),
    sequence(time(new Date(Date.now() - DAY_MS)), time(new Date(Date.now() + DAY_MS))), sequence(),
    key.export({ type: 'spki', format: 'der' }), tagged(3, sequence(extension)),
  )
  return new X509Certificate(sequence(content, algorithm, bitString(sign('sha256', content, signingKey)))).toString()
}
