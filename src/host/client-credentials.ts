import type { ConfigWatchPorts } from '../apiserver/access/config/config-watch.ts'
import { pairIn, readPair, type PairFiles } from './credential-files.ts'
import { followCertificates, type FollowedUse } from './followed-certificates.ts'
import type { CertificateWithKey } from './pki-certificate.ts'

/** The certificates by which others know this server: nodes that it calls, and the API servers behind it. */
export interface ClientCredentials {
  readonly toNodes: CertificateWithKey
  readonly frontProxy: CertificateWithKey
}

export type ClientCredentialFiles = Readonly<Record<keyof ClientCredentials, PairFiles>>

/** Throws an Error that names the file and what is wrong with it. */
export function readClientCredentials({ toNodes, frontProxy }: ClientCredentialFiles, now: number): ClientCredentials {
  return { toNodes: readPair(toNodes, now), frontProxy: readPair(frontProxy, now) }
}

export interface FollowedClients extends FollowedUse<ClientCredentials> {
  readonly files: ClientCredentialFiles
}

/** Takes changed files into force until the signal aborts. New calls are made with them; what is on its way goes on. */
export async function followClientCredentials(followed: FollowedClients, ports: ConfigWatchPorts, signal: AbortSignal): Promise<void> {
  const { files } = followed
  await followCertificates({
    ...followed, what: 'client certificates', file: files.frontProxy.certificateFile,
    look: () => ({ toNodes: pairIn(files.toNodes), frontProxy: pairIn(files.frontProxy) }),
    read: () => readClientCredentials(files, ports.clock.now()),
  }, ports, signal)
}
