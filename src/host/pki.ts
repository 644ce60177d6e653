import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../words/assert.ts'
import type { Clock, Log } from '../words/ports.ts'
import type { CertificateIssuer } from '../resources/kinds/certificate-signing-request/certificate-issuer.ts'
import { certificateIssuer } from './certificate-issuer.ts'
import { createCertificate, whyRenew, type Authority, type CertificateWish, type CertificateWithKey } from './pki-certificate.ts'
import { readFileIfPresent, writePrivateFile } from './private-file.ts'
import { generateTokenKey } from './service-account-tokens.ts'

export interface PkiOptions {
  /** DNS names and IP addresses by which the API server is reached. */
  readonly names: readonly string[]
  readonly addresses: readonly string[]
  readonly clock: Clock
  readonly log: Log
}

/** A certificate with its key, and the files that they are kept in. */
export interface Credentials extends CertificateWithKey {
  readonly certificateFile: string
  readonly keyFile: string
}

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
  /** Makes the API server's certificate anew where it ends soon. */
  renewApiServer(): void
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
  /** Makes or renews the credentials of a node. */
  node(name: string, at: { readonly names: readonly string[]; readonly addresses: readonly string[] }): NodeCredentials
}

/** The keys on the disk cannot be used; the message says which and what to do. */
export class PkiError extends Error {
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
 * expires within a month, or is for other names, is made anew. The authority itself is never replaced, as every client trusts it.
 */
export function createClusterPki(directory: string, options: PkiOptions): ClusterPki {
  const authority = openAuthority(directory, { file: 'ca', wish: AUTHORITY }, options)
  const openProxyAuthority = (): Authority => openAuthority(directory, { file: 'front-proxy-ca', wish: FRONT_PROXY_AUTHORITY }, options)
  const proxyAuthority = openProxyAuthority()
  const client = (file: string, commonName: string, organizations: readonly string[]): Credentials => (
    ensure({ directory, file, authority, options }, { commonName, organizations, use: 'client', names: [], addresses: [] }))
  const { names, addresses } = options
  const apiServer = (): Credentials => ensure(
    { directory, file: 'apiserver', authority, options },
    { commonName: 'kube-apiserver', organizations: [], use: 'server', names, addresses }
  )
  const apiServerToNode = (): Credentials => client('apiserver-node-client', API_SERVER_TO_NODE_NAME, ['lotse:node-admins'])
  const frontProxy = (signer: Authority): Credentials => ensure(
    { directory, file: 'front-proxy-client', authority: signer, options },
    { commonName: FRONT_PROXY_NAME, organizations: [], use: 'client', names: [], addresses: [] }
  )
  const tokenKeyPem = openTokenKey(directory)
  return {
    caFile: join(directory, 'ca.crt'),
    caPem: authority.certificatePem,
    clientCaFile: join(directory, 'client-ca.crt'),
    apiServer: apiServer(),
    renewApiServer: () => void apiServer(),
    apiServerToNode: apiServerToNode(),
    admin: client('admin', 'kubernetes-admin', ['system:masters']),
    frontProxy: { ...frontProxy(proxyAuthority), caPem: proxyAuthority.certificatePem, caFile: join(directory, 'front-proxy-ca.crt') },
    renewClients() {
      apiServerToNode()
      frontProxy(openProxyAuthority())
    },
    scheduler: client('scheduler', 'system:kube-scheduler', []),
    controllerManager: client('controller-manager', 'system:kube-controller-manager', []),
    tokenKeyPem,
    tokenPublicKeyPem: createPublicKey(tokenKeyPem).export({ type: 'spki', format: 'pem' }).toString(),
    retiredTokenKeyPems: retiredTokenKeys(directory),
    issue: certificateIssuer(authority),
    node: (name, at) => {
      assert(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name), `${name} is no name for a node`)
      const commonName = `system:node:${name}`
      const serving: CertificateWish = { commonName, organizations: ['system:nodes'], use: 'server', ...at }
      return {
        client: client(join('nodes', name, 'client'), commonName, ['system:nodes']),
        serving: ensure({ directory, file: join('nodes', name, 'serving'), authority, options }, serving),
      }
    },
  }
}

interface Place {
  readonly directory: string
  /** Without its ending. */
  readonly file: string
  readonly authority: Authority
  readonly options: PkiOptions
}

function ensure({ directory, file, authority, options }: Place, wish: CertificateWish): Credentials {
  const files = { certificateFile: join(directory, `${file}.crt`), keyFile: join(directory, `${file}.key`) }
  const now = options.clock.now()
  const stored = readPair(files)
  const why = stored === undefined ? 'it is missing' : whyRenew(stored, wish, authority.certificatePem, now)
  if (stored !== undefined && why === undefined) return { ...stored, ...files }
  const made = createCertificate(wish, authority, now)
  writePair(files, made)
  if (stored !== undefined) options.log.info('Certificate renewed', { file: files.certificateFile, why })
  return { ...made, ...files }
}

interface AuthorityPlace {
  /** Without its ending. */
  readonly file: string
  readonly wish: CertificateWish
}

function openAuthority(directory: string, { file, wish }: AuthorityPlace, options: PkiOptions): Authority {
  const files = { certificateFile: join(directory, `${file}.crt`), keyFile: join(directory, `${file}.key`) }
  const stored = readPair(files)
  if (stored === undefined) {
    if (readFileIfPresent(files.certificateFile) !== undefined) {
      throw new PkiError(`${files.keyFile} is missing. Restore it: without it no certificate can be signed.`)
    }
    const made = createCertificate(wish, undefined, options.clock.now())
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

/** The key is written first: a certificate on the disk always has its key there. */
function writePair(files: { certificateFile: string; keyFile: string }, pair: CertificateWithKey): void {
  writePrivateFile(files.keyFile, pair.keyPem)
  writePrivateFile(files.certificateFile, pair.certificatePem)
}

function readPair(files: { certificateFile: string; keyFile: string }): CertificateWithKey | undefined {
  const certificatePem = readFileIfPresent(files.certificateFile)
  const keyPem = readFileIfPresent(files.keyFile)
  return certificatePem === undefined || keyPem === undefined ? undefined : { certificatePem, keyPem }
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
