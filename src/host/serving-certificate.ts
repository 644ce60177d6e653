import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { watchConfig, type ConfigWatchPorts } from '../apiserver/access/config/config-watch.ts'
import { pemBlocks } from '../objects/pem.ts'
import { thrownMessage } from '../words/thrown.ts'
import type { ServingCertificate } from './https-server.ts'
import { readFileIfPresent } from './private-file.ts'

export interface ServingFiles {
  readonly certificateFile: string
  readonly keyFile: string
  /** The cluster's own authority. */
  readonly caFile: string
  /** More authorities whose clients are let in; need not be there. */
  readonly clientCaFile: string
}

/** What is served with, and whose certificates count. Throws an Error that names the file and what is wrong with it. */
export function readServingCertificate(files: ServingFiles, now: number): ServingCertificate {
  const [certificatePem, keyPem] = [readFileSync(files.certificateFile, 'utf8'), readFileSync(files.keyFile, 'utf8')]
  const certificate = checked(files.certificateFile, () => new X509Certificate(certificatePem))
  const key = checked(files.keyFile, () => createPrivateKey(keyPem))
  if (!certificate.checkPrivateKey(key)) throw new Error(`${files.keyFile}: it is not the key of ${files.certificateFile}`)
  if (Date.parse(certificate.validTo) <= now) throw new Error(`${files.certificateFile}: it expired on ${certificate.validTo}`)
  return { certificatePem, keyPem, caPem: clientAuthorities(files) }
}

function clientAuthorities(files: ServingFiles): string {
  const { caFile, clientCaFile } = files
  const more = readFileIfPresent(clientCaFile)
  checkAuthorities(caFile, readFileSync(caFile, 'utf8'))
  if (more !== undefined) checkAuthorities(clientCaFile, more)
  return joinedAuthorities(files)
}

function joinedAuthorities({ caFile, clientCaFile }: ServingFiles): string {
  return [readFileSync(caFile, 'utf8'), readFileIfPresent(clientCaFile) ?? ''].map((pem) => pem.trim()).join('\n').trimEnd()
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

function checked<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new Error(`${file}: ${thrownMessage(error)}`, { cause: error })
  }
}

export interface FollowedServing {
  readonly files: ServingFiles
  readonly inForce: ServingCertificate
  /** Makes a new certificate where the present one ends soon. */
  renew(): void
  use(certificate: ServingCertificate): void | Promise<void>
}

const RENEW_EVERY_MS = 3_600_000

/** Takes changed files into force until the signal aborts. New connections are served with them; old ones go on. */
export async function followServingCertificate(followed: FollowedServing, ports: ConfigWatchPorts, signal: AbortSignal): Promise<void> {
  const { files, renew, use } = followed
  const { clock } = ports
  let renewAt = clock.now() + RENEW_EVERY_MS
  const look = (): string => {
    if (clock.now() >= renewAt) {
      renewAt = clock.now() + RENEW_EVERY_MS
      renew()
    }
    return contents(files)
  }
  const watched = {
    what: 'serving certificate and client authorities', file: files.certificateFile, counts: undefined, look,
    inForce: stateOf(followed.inForce),
    use: async () => {
      const certificate = readServingCertificate(files, clock.now())
      await use(certificate)
      return stateOf(certificate)
    },
  }
  await watchConfig(watched, ports, signal)
}

function contents(files: ServingFiles): string {
  const [certificatePem, keyPem] = [readFileSync(files.certificateFile, 'utf8'), readFileSync(files.keyFile, 'utf8')]
  return stateOf({ certificatePem, keyPem, caPem: joinedAuthorities(files) })
}

function stateOf({ certificatePem, keyPem, caPem }: ServingCertificate): string {
  return JSON.stringify([certificatePem, keyPem, caPem])
}
