import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import { contextName } from '../cli/invocation.ts'
import type { Access } from '../cli/kubeconfig.ts'
import { systemClock } from '../host/clock.ts'
import { readPair, type PairFiles } from '../host/credential-files.ts'
import { clusterPaths } from './cluster-paths.ts'

export function adminFiles(config: ClusterConfig): PairFiles {
  const { pkiDirectory } = clusterPaths(config)
  return { certificateFile: join(pkiDirectory, 'admin.crt'), keyFile: join(pkiDirectory, 'admin.key') }
}

/** What a kubeconfig says of the cluster. Throws an Error that says what to do where it cannot be read. */
export function clusterAccess(config: ClusterConfig): Access {
  const files = adminFiles(config)
  if (!existsSync(files.certificateFile)) {
    throw new Error(
      `the cluster "${config.name}" has never been started: there is no certificate yet. Start it with: lotse up --name ${config.name}`
    )
  }
  const { certificatePem, keyPem } = readPair(files, systemClock.now())
  return {
    contextName: contextName(config.name),
    server: `https://127.0.0.1:${config.port}`,
    certificateAuthority: readFileSync(join(clusterPaths(config).pkiDirectory, 'ca.crt'), 'utf8'),
    clientCertificate: certificatePem,
    clientKey: keyPem,
  }
}
