import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ConfigWatchPorts } from '../apiserver/access/config/config-watch.ts'
import { pemBlocks } from '../objects/pem.ts'
import { checked, pairIn, readPair, type PairFiles } from './credential-files.ts'
import { followCertificates, type FollowedUse } from './followed-certificates.ts'
import type { ServingCertificate } from './https-server.ts'
import type { CertificateWithKey } from './pki-certificate.ts'
import { readFileIfPresent } from './private-file.ts'

export interface ServingFiles extends PairFiles {
  /** The cluster's own authority. */
  readonly caFile: string
  /** More authorities whose clients are let in; need not be there. */
  readonly clientCaFile: string
  /** The authorities of proxies that are believed about users. */
  readonly frontProxyCaFile: string
}

/** What is served with, and whose certificates count. Throws an Error that names the file and what is wrong with it. */
export function readServingCertificate(files: ServingFiles, now: number): ServingCertificate {
  const pair = readPair(files, now)
  const { caFile, clientCaFile, frontProxyCaFile } = files
  const authorities = readAuthorities(files)
  checkAuthorities(caFile, authorities.own)
  if (authorities.more !== undefined) checkAuthorities(clientCaFile, authorities.more)
  checkAuthorities(frontProxyCaFile, authorities.frontProxies)
  return servingWith(pair, authorities)
}

/** The texts of the files. */
interface Authorities {
  readonly own: string
  readonly more: string | undefined
  readonly frontProxies: string
}

function readAuthorities({ caFile, clientCaFile, frontProxyCaFile }: ServingFiles): Authorities {
  return { own: readFileSync(caFile, 'utf8'), more: readFileIfPresent(clientCaFile), frontProxies: readFileSync(frontProxyCaFile, 'utf8') }
}

function servingWith(pair: CertificateWithKey, { own, more = '', frontProxies }: Authorities): ServingCertificate {
  return { ...pair, caPem: `${own.trim()}\n${more.trim()}`.trimEnd(), frontProxyCaPem: frontProxies }
}

function checkAuthorities(file: string, pem: string): void {
  const blocks = pemBlocks(pem)
  if (blocks.length === 0) throw new Error(`${file}: there is no certificate in it`)
  for (const { label, bytes } of blocks) {
    if (label !== 'CERTIFICATE') throw new Error(`${file}: only certificates may be in it, not ${label}`)
    const certificate = checked(file, () => new X509Certificate(bytes))
    if (!certificate.ca) throw new Error(`${file}: ${JSON.stringify(certificate.subject)} is no authority`)
  }
}

export interface FollowedServing extends FollowedUse<ServingCertificate> {
  readonly files: ServingFiles
}

/** Takes changed files into force until the signal aborts. New connections are served with them; old ones go on. */
export async function followServingCertificate(followed: FollowedServing, ports: ConfigWatchPorts, signal: AbortSignal): Promise<void> {
  const { files } = followed
  await followCertificates({
    ...followed, what: 'serving certificate and client authorities', file: files.certificateFile,
    look: () => servingWith(pairIn(files), readAuthorities(files)),
    read: () => readServingCertificate(files, ports.clock.now()),
  }, ports, signal)
}
