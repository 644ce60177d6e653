import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { KeptCertificate } from '../client/certificate-keeper.ts'
import { assert } from '../words/assert.ts'
import type { Clock, Log } from '../words/ports.ts'
import type { Validity } from '../words/renewal.ts'
import type { CertificateIssuer } from '../resources/kinds/certificate-signing-request/certificate-issuer.ts'
import { certificateIssuer } from './certificate-issuer.ts'
import { pairIfPresent, pairValidity, writePair, type PairFiles } from './credential-files.ts'
import {
  createCertificate, LIFETIME_MS, whyRenew, whyUnusable, type Authority, type CertificateTime, type CertificateWish,
  type CertificateWithKey,
} from './pki-certificate.ts'
import { readFileIfPresent, writePrivateFile } from './private-file.ts'
import { generateTokenKey } from './service-account-tokens.ts'

export interface PkiOptions {
  /** DNS names and IP addresses by which the API server is reached. */
  readonly names: readonly string[]
  readonly addresses: readonly string[]
  /** How long what the authority signs counts; absent: a year. */
  readonly lifetimeMs?: number | undefined
  readonly clock: Clock
  readonly log: Log
}

/** A certificate with its key, and the files that they are kept in. */
export interface Credentials extends CertificateWithKey, PairFiles {}

export interface NodeCredentials {
  /** For the node's requests to the API server: system:node:NAME in system:nodes. */
  readonly client: Credentials
  /** For the node's own server, which the API server calls for logs and exec. */
  readonly serving: Credentials
}

export interface ClusterPki {
  readonly caFile: string
  readonly caPem: string
  /** Where an administrator may put more authorities whose clients are let in. */
  readonly clientCaFile: string
  readonly apiServer: Credentials
  /** With it the API server calls the nodes. */
  readonly apiServerToNode: Credentials
  /** system:masters: may do everything. */
  readonly admin: Credentials
  /** For other API servers behind this one (aggregation), which trust its word about users. Signed by an authority of its own. */
  readonly frontProxy: Credentials & { readonly caPem: string; readonly caFile: string }
  /** Makes the two that the API server calls others with anew where they end soon, or where the front proxies' authority is another one. */
  renewClients(): void
  readonly scheduler: Credentials
  readonly controllerManager: Credentials
  /** Signs service account tokens (ES256). PKCS8 and SPKI. */
  readonly tokenKeyPem: string
  readonly tokenPublicKeyPem: string
  /** Public halves of keys that signed tokens before: what they signed still counts until it expires. */
  readonly retiredTokenKeyPems: readonly string[]
  /** Signs what others ask for. */
  readonly issue: CertificateIssuer
  /** All that is the cluster's own, for whoever renews it in time. Of a node only what has ended: the node sees to the rest itself. */
  readonly kept: readonly KeptCertificate[]
  /** Makes the credentials of a node, also anew where they cannot be used; its agent renews them in time. */
  node(name: string, at: { readonly names: readonly string[]; readonly addresses: readonly string[] }): NodeCredentials
}

/** The keys on the disk cannot be used; the message says which and what to do. */
class PkiError extends Error {
  override readonly name = 'PkiError'
}

/** The name by which a node's agent knows the API server. */
export const API_SERVER_TO_NODE_NAME = 'kube-apiserver-kubelet-client'
/** The name by which other API servers know that it is this one who speaks of users. */
export const FRONT_PROXY_NAME = 'front-proxy-client'
const AUTHORITY: CertificateWish = { commonName: 'lotse-ca', organizations: [], use: 'authority', names: [], addresses: [] }
const FRONT_PROXY_AUTHORITY: CertificateWish = { ...AUTHORITY, commonName: 'lotse-front-proxy-ca' }

/**
 * The cluster's own certificate authority and everything it signs, kept in a directory. What is there and good is left alone; what
 * is in the last third of its life, or is for other names, is made anew. The authority itself is never replaced, as every client trusts it.
 */
export function createClusterPki(directory: string, options: PkiOptions): ClusterPki {
  const authority = openAuthority(directory, { file: 'ca', wish: AUTHORITY }, options)
  const openProxyAuthority = (): Authority => openAuthority(directory, { file: 'front-proxy-ca', wish: FRONT_PROXY_AUTHORITY }, options)
  const proxyAuthority = openProxyAuthority()
  const signed = { authority: () => authority, options }
  const client = (file: string, commonName: string, organizations: readonly string[]): Place => ({
    ...signed, ...twoFiles(directory, file), wish: { commonName, organizations, use: 'client', names: [], addresses: [] },
  })
  const { names, addresses } = options
  const own = {
    apiServer: {
      ...signed, ...twoFiles(directory, 'apiserver'),
      wish: { commonName: 'kube-apiserver', organizations: [], use: 'server', names, addresses },
    } satisfies Place,
    apiServerToNode: client('apiserver-node-client', API_SERVER_TO_NODE_NAME, ['lotse:node-admins']),
    admin: client('admin', 'kubernetes-admin', ['system:masters']),
    scheduler: client('scheduler', 'system:kube-scheduler', []),
    controllerManager: client('controller-manager', 'system:kube-controller-manager', []),
    frontProxy: { ...client('front-proxy-client', FRONT_PROXY_NAME, []), authority: openProxyAuthority },
  }
  const tokenKeyPem = openTokenKey(directory)
  const kept: KeptCertificate[] = Object.values(own).map(keptCertificate)
  return {
    caFile: join(directory, 'ca.crt'),
    caPem: authority.certificatePem,
    clientCaFile: join(directory, 'client-ca.crt'),
    apiServer: ensure(own.apiServer),
    apiServerToNode: ensure(own.apiServerToNode),
    admin: ensure(own.admin),
    frontProxy: { ...ensure(own.frontProxy), caPem: proxyAuthority.certificatePem, caFile: join(directory, 'front-proxy-ca.crt') },
    renewClients() {
      ensure(own.apiServerToNode)
      ensure(own.frontProxy)
    },
    scheduler: ensure(own.scheduler),
    controllerManager: ensure(own.controllerManager),
    tokenKeyPem,
    tokenPublicKeyPem: createPublicKey(tokenKeyPem).export({ type: 'spki', format: 'pem' }).toString(),
    retiredTokenKeyPems: retiredTokenKeys(directory),
    issue: certificateIssuer(authority),
    kept,
    node(name, at) {
      assert(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name), `${name} is no name for a node`)
      const wish = { commonName: `system:node:${name}`, organizations: ['system:nodes'], names: [], addresses: [] }
      const places = [
        { ...signed, ...nodeFiles(directory, name, 'client'), wish: { ...wish, use: 'client' } },
        { ...signed, ...nodeFiles(directory, name, 'serving'), wish: { ...wish, ...at, use: 'server' } },
      ] as const
      kept.push(...places.map((place) => ({ ...keptCertificate(place), plan: ({ until }: Validity) => until })))
      return { client: ensureUsable(places[0]), serving: ensureUsable(places[1]) }
    },
  }
}

interface Place extends PairFiles {
  readonly wish: CertificateWish
  readonly options: PkiOptions
  authority(): Authority
}

function twoFiles(directory: string, file: string): PairFiles {
  return { certificateFile: join(directory, `${file}.crt`), keyFile: join(directory, `${file}.key`) }
}

/** Its agent replaces them while it runs: as one file each, which is never half replaced. */
export function nodeFiles(directory: string, name: string, use: 'client' | 'serving'): PairFiles {
  const file = join(directory, 'nodes', name, `${use}.pem`)
  return { certificateFile: file, keyFile: file }
}

function ensure(place: Place): Credentials {
  return madeWhere(place, whyRenew)
}

/** Of a node: its agent renews them in time. */
function ensureUsable(place: Place): Credentials {
  // Where they were before they became one file.
  for (const ending of ['.crt', '.key']) rmSync(place.certificateFile.replace(/\.pem$/, ending), { force: true })
  return madeWhere(place, whyUnusable)
}

function madeWhere(place: Place, why: typeof whyRenew): Credentials {
  const { wish, options: { log }, certificateFile, keyFile } = place
  const files = { certificateFile, keyFile }
  const stored = pairIfPresent(files)
  const reason = stored === undefined ? 'it is missing' : why(stored, wish, place.authority().certificatePem, timeOf(place.options))
  if (stored !== undefined && reason === undefined) return { ...stored, ...files }
  const made = make(place)
  if (stored !== undefined) log.info('Certificate renewed', { file: certificateFile, why: reason })
  return { ...made, ...files }
}

function make(place: Place): CertificateWithKey {
  const made = createCertificate(place.wish, place.authority(), timeOf(place.options))
  writePair(place, made)
  return made
}

function timeOf({ clock, lifetimeMs = LIFETIME_MS }: PkiOptions): CertificateTime {
  return { now: clock.now(), lifetimeMs }
}

function keptCertificate(place: Place): KeptCertificate {
  return {
    file: place.certificateFile,
    validity: () => pairValidity(place),
    renew: () => void make(place),
    remedy: 'mend what keeps the server from writing the file, or start the cluster again',
  }
}

interface AuthorityPlace {
  /** Without its ending. */
  readonly file: string
  readonly wish: CertificateWish
}

function openAuthority(directory: string, { file, wish }: AuthorityPlace, options: PkiOptions): Authority {
  const files = twoFiles(directory, file)
  const stored = pairIfPresent(files)
  if (stored === undefined) {
    if (readFileIfPresent(files.certificateFile) !== undefined) {
      throw new PkiError(`${files.keyFile} is missing. Restore it: without it no certificate can be signed.`)
    }
    const made = createCertificate(wish, undefined, timeOf(options))
    writePair(files, made)
    return { ...made, commonName: wish.commonName }
  }
  const why = authorityDefect(stored, wish, options.clock.now())
  if (why !== undefined) throw new PkiError(`The cluster's certificate authority ${files.certificateFile} cannot be used: ${why}.`)
  return { ...stored, commonName: wish.commonName }
}

function authorityDefect(pair: CertificateWithKey, wish: CertificateWish, now: number): string | undefined {
  try {
    const certificate = new X509Certificate(pair.certificatePem)
    if (!certificate.checkPrivateKey(createPrivateKey(pair.keyPem))) {
      return 'the key beside it is not its key; restore both from the same backup'
    }
    if (!certificate.ca || certificate.subject !== `CN=${wish.commonName}`) return 'it is not the authority of a Lotse cluster'
    if (Date.parse(certificate.validTo) < now) {
      return `it expired on ${certificate.validTo}; remove the directory to make a new one, then replace all kubeconfigs`
    }
    return undefined
  } catch {
    return 'it cannot be read; restore it from a backup'
  }
}

function openTokenKey(directory: string): string {
  const file = join(directory, 'service-account.key')
  const stored = readFileIfPresent(file)
  if (stored !== undefined) return stored
  const made = generateTokenKey()
  writePrivateFile(file, made)
  return made
}

const MAX_RETIRED_KEYS = 16

/** service-account-retired/*.pem: whoever puts a new service-account.key in place leaves the old one (or its public half) there. */
function retiredTokenKeys(directory: string): readonly string[] {
  const place = join(directory, 'service-account-retired')
  if (!existsSync(place)) return []
  const names = readdirSync(place).filter((name) => name.endsWith('.pem')).sort()
  if (names.length > MAX_RETIRED_KEYS) {
    throw new PkiError(`${place} has more than ${MAX_RETIRED_KEYS} keys: remove those whose tokens have all expired.`)
  }
  return names.map((name) => {
    try {
      return createPublicKey(readFileSync(join(place, name))).export({ type: 'spki', format: 'pem' }).toString()
    } catch {
      throw new PkiError(`${join(place, name)} is no key in PEM form: put a P-256 key there, or remove the file.`)
    }
  })
}
