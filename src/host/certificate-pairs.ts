import type { ConfigWatchPorts } from '../apiserver/access/config/config-watch.ts'
import { pairIn, readPair, type PairFiles } from './credential-files.ts'
import { followCertificates, type FollowedUse } from './followed-certificates.ts'
import type { CertificateWithKey } from './pki-certificate.ts'

/** Certificates with their keys, by what each is for. */
export type CertificatePairs<Use extends string> = Readonly<Record<Use, CertificateWithKey>>

export type FilesOfPairs<Use extends string> = Readonly<Record<Use, PairFiles>>

/** Throws an Error that names the file, what is wrong with it, and what to do. */
export function readPairs<Use extends string>(files: FilesOfPairs<Use>, now: number): CertificatePairs<Use> {
  return eachPair(files, (pair) => readPair(pair, now))
}

export interface FollowedPairs<Use extends string> extends FollowedUse<CertificatePairs<Use>> {
  /** For the log: the node's certificates. */
  readonly what: string
  readonly files: FilesOfPairs<Use>
}

/** Takes changed files into force until the signal aborts. What begins then is done with them; what is on its way goes on. */
export async function followPairs<Use extends string>(
  followed: FollowedPairs<Use>, ports: ConfigWatchPorts, signal: AbortSignal,
): Promise<void> {
  const { files } = followed
  const names = Object.values<PairFiles>(files).map(({ certificateFile }) => certificateFile)
  await followCertificates({
    ...followed, file: names.join(', '), look: () => eachPair(files, pairIn), read: () => readPairs(files, ports.clock.now()),
  }, ports, signal)
}

function eachPair<Use extends string>(
  files: FilesOfPairs<Use>, read: (pair: PairFiles) => CertificateWithKey,
): CertificatePairs<Use> {
  const pairs = Object.entries<PairFiles>(files).map(([use, pair]) => [use, read(pair)])
  return Object.fromEntries(pairs) as CertificatePairs<Use>
}
