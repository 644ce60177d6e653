import { X509Certificate } from 'node:crypto'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import type { Peer } from '../apiserver/http.ts'
import { pemBlocks } from '../objects/pem.ts'

export type PeerReader = (socket: TLSSocket) => Peer

/** Whose signatures count, in PEM form. */
export interface PeerAuthorities {
  /** Of clients: users. */
  readonly caPem: string
  /** Of proxies that are believed about users; undefined: there are none. */
  readonly frontProxyCaPem?: string | undefined
}

/**
 * Who is at the other end. A certificate counts only when TLS found it valid, for client use and signed by an authority of ours. Which of
 * them matters: what the front proxies' authority has signed names a proxy, never a user. The authorities may change: whom a former one
 * of the proxies has signed is nobody, and never a user, as that authority may stand among those of clients.
 */
export class Peers {
  readonly #former = new Map<string, Authority>()
  #inForce: PeerAuthorities
  #clients: readonly Authority[]
  #proxies: readonly Authority[]

  constructor(authorities: PeerAuthorities) {
    this.#inForce = authorities
    this.#clients = authoritiesIn(authorities.caPem)
    this.#proxies = authoritiesIn(authorities.frontProxyCaPem)
  }

  /** By the authorities that are in force now; a connection that was made before they changed is read again. */
  read(socket: TLSSocket): Peer {
    const address = socket.remoteAddress ?? ''
    const leaf = socket.getPeerCertificate()
    if (!isCertificate(leaf)) return { address, certificate: undefined }
    const refused: Peer = { address, certificate: undefined, validUntil: 0 }
    if (!socket.authorized) return refused
    const shown = new X509Certificate(leaf.raw)
    const asProxyUntil = validity(shown, this.#proxies)
    const isFormer = asProxyUntil === undefined && validity(shown, this.#former.values()) !== undefined
    const validUntil = asProxyUntil ?? (isFormer ? undefined : validity(shown, this.#clients))
    const certificate = subjectOf(leaf)
    if (validUntil === undefined || certificate === undefined) return refused
    if (asProxyUntil === undefined) return { address, certificate, validUntil }
    return { address, certificate: undefined, proxyName: certificate.commonName, validUntil }
  }

  /** Whether anything is another one than before. */
  renew(authorities: PeerAuthorities): boolean {
    const { caPem, frontProxyCaPem } = this.#inForce
    if (authorities.caPem === caPem && authorities.frontProxyCaPem === frontProxyCaPem) return false
    if (authorities.frontProxyCaPem !== frontProxyCaPem) {
      for (const authority of this.#proxies) this.#former.set(authority.fingerprint, authority)
    }
    this.#inForce = authorities
    this.#clients = authoritiesIn(authorities.caPem)
    this.#proxies = authoritiesIn(authorities.frontProxyCaPem)
    return true
  }
}

interface Authority {
  readonly certificate: X509Certificate
  readonly fingerprint: string
  readonly validUntil: number
}

function authoritiesIn(pem = ''): readonly Authority[] {
  const blocks = pemBlocks(pem).filter(({ label }) => label === 'CERTIFICATE')
  return blocks.map(({ bytes }) => {
    const certificate = new X509Certificate(bytes)
    return { certificate, fingerprint: certificate.fingerprint256, validUntil: instantOf(certificate.validTo) }
  })
}

/**
 * Until when the certificate counts by one of the authorities; undefined: by none. An authority whose certificate was made anew with the
 * same key vouches for what it signed before. Node does not tell of authorities that a client sends along: those between must be ours too.
 */
function validity(certificate: X509Certificate, authorities: Iterable<Authority>): number | undefined {
  const ends = [...authorities]
    .filter(({ certificate: authority }) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey))
    .map(({ validUntil }) => Math.min(instantOf(certificate.validTo), validUntil))
  return ends.length === 0 ? undefined : Math.max(...ends)
}

/** Where none was shown, Node has an empty object. */
function isCertificate(certificate: Partial<PeerCertificate> | undefined): certificate is PeerCertificate {
  return certificate?.fingerprint256 !== undefined
}

/** An instant that nobody can read is long past. */
function instantOf(text: string): number {
  const instant = Date.parse(text)
  return Number.isNaN(instant) ? 0 : instant
}

/**
 * Without a name it is nobody's. Undefined where there are several names: they could be read as one user here and as another elsewhere.
 */
function subjectOf(leaf: PeerCertificate): Peer['certificate'] {
  const subject: Readonly<Record<string, unknown>> = { ...leaf.subject }
  const commonName = subject['CN'] ?? ''
  if (typeof commonName !== 'string') return undefined
  const organizations = [subject['O']].flat().filter((organization) => typeof organization === 'string')
  return { commonName, organizations, fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase() }
}
