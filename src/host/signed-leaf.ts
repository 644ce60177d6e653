import { X509Certificate } from 'node:crypto'
import { connect, type TLSSocket } from 'node:tls'
import { pemBlocks } from '../objects/pem.ts'

export interface LeafOf {
  readonly host: string
  readonly port: number
  readonly serverName: string
  readonly caPem: string
}

/** OpenSSL's word for a certificate that stands at both ends of its chain. */
export function looksSelfSigned(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'code') === 'DEPTH_ZERO_SELF_SIGNED_CERT'
}

/**
 * The certificate that a server shows, in PEM form, where one of the authorities has signed it. OpenSSL looks at names first: a certificate
 * whose subject and issuer are the same (some operators make both of them empty) counts as self-signed, whoever signed it. Go looks at the
 * signature. Nothing is sent to the server: whoever asks for this trusts the certificate next, and connects again with all other checks.
 */
export async function signedLeaf(target: LeafOf, timeoutMs: number): Promise<string | undefined> {
  const leaf = await shownLeaf(target, timeoutMs)
  return leaf !== undefined && authoritiesIn(target.caPem).some((authority) => hasSigned(authority, leaf)) ? leaf.toString() : undefined
}

function hasSigned(authority: X509Certificate, leaf: X509Certificate): boolean {
  const now = Date.now()
  const isInForce = Date.parse(authority.validFrom) <= now && now <= Date.parse(authority.validTo)
  return authority.ca && isInForce && leaf.checkIssued(authority) && leaf.verify(authority.publicKey)
}

function authoritiesIn(pem: string): readonly X509Certificate[] {
  return pemBlocks(pem).filter(({ label }) => label === 'CERTIFICATE').map(({ bytes }) => new X509Certificate(bytes))
}

/** Undefined: it does not say within the time. */
function shownLeaf({ host, port, serverName }: LeafOf, timeoutMs: number): Promise<X509Certificate | undefined> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({ host, port, servername: serverName, minVersion: 'TLSv1.2', rejectUnauthorized: false })
    const timer = setTimeout(() => socket.destroy(), timeoutMs)
    socket.on('secureConnect', () => {
      resolve(socket.getPeerX509Certificate())
      socket.destroy()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(undefined)
    })
  })
}
