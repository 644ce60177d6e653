import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import type { Peer } from '../apiserver/http.ts'
import { pemBlocks } from '../objects/pem.ts'

export type PeerReader = (socket: TLSSocket) => Peer

/** Longer chains than that are nobody's. */
const MAX_CHAIN_LENGTH = 10

/**
 * Who is at the other end. A certificate counts only when TLS found it valid, for client use and signed by an authority of ours. Which of
 * them matters: what the front proxies' authority has signed names a proxy, never a user. former: who was one, and is none any more.
 */
export function peerReader(frontProxyCaPem: string | undefined, former: ReadonlySet<string> = new Set()): PeerReader {
  const proxyAuthorities = new Set(authoritiesIn(frontProxyCaPem))
  return (socket) => {
    const address = socket.remoteAddress ?? ''
    if (!socket.authorized) return { address, certificate: undefined }
    if (proxyAuthorities.size === 0 && former.size === 0) return { address, certificate: subjectOf(socket) }
    const root = rootOf(socket.getPeerCertificate(true))
    if (root === undefined || (former.has(root) && !proxyAuthorities.has(root))) return { address, certificate: undefined }
    if (!proxyAuthorities.has(root)) return { address, certificate: subjectOf(socket) }
    const subject = subjectOf(socket)
    return { address, certificate: undefined, ...(subject === undefined ? {} : { proxyName: subject.commonName }) }
  }
}

/**
 * The same while the authorities of the proxies change. Whom a former one has signed is nobody, and never a user: a handshake may have
 * begun before the change, and the authority may stand among those of clients.
 */
export class Peers {
  readonly #former = new Set<string>()
  #authorityPem: string | undefined
  #read: PeerReader

  constructor(frontProxyCaPem: string | undefined) {
    this.#authorityPem = frontProxyCaPem
    this.#read = peerReader(frontProxyCaPem, this.#former)
  }

  read(socket: TLSSocket): Peer {
    return this.#read(socket)
  }

  renew(frontProxyCaPem: string | undefined): void {
    if (frontProxyCaPem === this.#authorityPem) return
    for (const authority of authoritiesIn(this.#authorityPem)) this.#former.add(authority)
    this.#authorityPem = frontProxyCaPem
    this.#read = peerReader(frontProxyCaPem, this.#former)
  }
}

/** By their fingerprints. */
function authoritiesIn(pem = ''): readonly string[] {
  const certificates = pemBlocks(pem).filter(({ label }) => label === 'CERTIFICATE')
  return certificates.map(({ bytes }) => new X509Certificate(bytes).fingerprint256)
}

/** The fingerprint of what the chain ends in; undefined where it does not end. */
function rootOf(leaf: DetailedPeerCertificate): string | undefined {
  let certificate: DetailedPeerCertificate | undefined = leaf
  for (let length = 0; length < MAX_CHAIN_LENGTH && certificate?.fingerprint256 !== undefined; length++) {
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate
    if (issuer?.fingerprint256 === certificate.fingerprint256) return certificate.fingerprint256
    certificate = issuer
  }
  return undefined
}

function subjectOf(socket: TLSSocket): Peer['certificate'] {
  const certificate = socket.getPeerCertificate()
  const subject: Readonly<Record<string, unknown>> = { ...certificate.subject }
  const commonName = subject['CN']
  // Two common names could be read as one user here and as another elsewhere.
  if (typeof commonName !== 'string') return undefined
  const organizations = [subject['O']].flat().filter((organization) => typeof organization === 'string')
  return { commonName, organizations, fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase() }
}
