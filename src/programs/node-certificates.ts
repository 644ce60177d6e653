import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import { keepRenewed } from '../client/certificate-keeper.ts'
import type { Client } from '../client/client.ts'
import { followPairs, type CertificatePairs, type FilesOfPairs } from '../host/certificate-pairs.ts'
import { systemClock } from '../host/clock.ts'
import type { RenewableTransport } from '../host/https-transport.ts'
import { keptNodeCertificate } from '../host/kept-node-certificate.ts'
import type { NodeServer } from '../host/node-server/node-server.ts'
import { nodeFiles } from '../host/pki.ts'
import { systemRandom } from '../host/random.ts'
import { signedByCluster } from '../node/certificate-signing.ts'
import type { Log } from '../words/ports.ts'
import { certificateTimes } from './certificate-lifetime.ts'
import { clusterPaths } from './cluster-paths.ts'

/** By the first a node is known to the API server, with the second it serves logs and streams. */
type NodeUse = 'client' | 'serving'

/** Where the control plane has put the first ones. */
export function certificateFiles(config: ClusterConfig): FilesOfPairs<NodeUse> {
  const { pkiDirectory } = clusterPaths(config)
  return { client: nodeFiles(pkiDirectory, config.nodeName, 'client'), serving: nodeFiles(pkiDirectory, config.nodeName, 'serving') }
}

export interface NodeCertificateUsers {
  readonly config: ClusterConfig
  readonly client: Client
  readonly transport: Pick<RenewableTransport, 'renew'>
  readonly server: Pick<NodeServer, 'renew'>
  readonly log: Log
}

/** Has the node's certificates renewed by the cluster in time, and uses what is in their files from then on. Until the signal aborts. */
export function keepNodeCertificates(inForce: CertificatePairs<NodeUse>, users: NodeCertificateUsers, signal: AbortSignal): void {
  const { config, client, transport, server } = users
  const ports = { clock: systemClock, random: systemRandom, log: users.log.with({ part: 'certificates' }) }
  const files = certificateFiles(config)
  const authorityPem = readFileSync(join(clusterPaths(config).pkiDirectory, 'ca.crt'), 'utf8')
  for (const use of ['client', 'serving'] as const) {
    const kept = keptNodeCertificate({
      files: files[use], nodeName: config.nodeName, names: use === 'serving' ? [config.nodeName] : [], authorityPem,
      sign: (requestPem, until) => signedByCluster(use, requestPem, { client, clock: systemClock }, until),
    })
    void keepRenewed(kept, ports, signal)
  }
  void followPairs({
    what: "the node's certificates", files, inForce, lookEveryMs: certificateTimes(config).lookEveryMs,
    use(certificates) {
      transport.renew({ type: 'certificate', ...certificates.client })
      server.renew(certificates.serving)
    },
  }, ports, signal)
}
