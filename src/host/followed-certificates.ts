import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { watchConfig, type ConfigWatchPorts } from '../apiserver/access/config/config-watch.ts'
import { thrownMessage } from '../words/thrown.ts'
import type { CertificateWithKey } from './pki-certificate.ts'

/** A certificate and its key, each in a file of its own. */
export interface PairFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

/** What the files hold, right or wrong. */
export function pairIn({ certificateFile, keyFile }: PairFiles): CertificateWithKey {
  return { certificatePem: readFileSync(certificateFile, 'utf8'), keyPem: readFileSync(keyFile, 'utf8') }
}

/** Throws an Error that names the file and what is wrong with it. */
export function readPair(files: PairFiles, now: number): CertificateWithKey {
  const { certificateFile, keyFile } = files
  const pair = pairIn(files)
  const certificate = checked(certificateFile, () => new X509Certificate(pair.certificatePem))
  const key = checked(keyFile, () => createPrivateKey(pair.keyPem))
  if (!certificate.checkPrivateKey(key)) throw new Error(`${keyFile}: it is not the key of ${certificateFile}`)
  if (Date.parse(certificate.validTo) <= now) throw new Error(`${certificateFile}: it expired on ${certificate.validTo}`)
  return pair
}

export function checked<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new Error(`${file}: ${thrownMessage(error)}`, { cause: error })
  }
}

/** Certificates that are in use, as a value that is equal (as JSON) as long as they are. */
export interface FollowedCertificates<T> {
  /** For the log: serving certificate. */
  readonly what: string
  readonly file: string
  readonly inForce: T
  /** What the files hold, right or wrong. */
  look(): T
  /** The same; throws an Error that names the file and what is wrong with it. */
  read(): T
  /** Makes a new certificate where the present one ends soon. */
  renew(): void
  use(certificates: T): void | Promise<void>
}

const RENEW_EVERY_MS = 3_600_000

/** Takes changed files into force until the signal aborts. */
export async function followCertificates<T>(
  followed: FollowedCertificates<T>, ports: ConfigWatchPorts, signal: AbortSignal,
): Promise<void> {
  const { what, file, inForce, renew, use } = followed
  const { clock } = ports
  let renewAt = clock.now() + RENEW_EVERY_MS
  const look = (): string => {
    if (clock.now() >= renewAt) {
      renewAt = clock.now() + RENEW_EVERY_MS
      renew()
    }
    return JSON.stringify(followed.look())
  }
  const useAgain = async (): Promise<string> => {
    const certificates = followed.read()
    await use(certificates)
    return JSON.stringify(certificates)
  }
  await watchConfig({ what, file, inForce: JSON.stringify(inForce), look, use: useAgain, counts: undefined }, ports, signal)
}
