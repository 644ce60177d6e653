import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import type { Client } from '../client/client.ts'
import { createHttpClient } from '../client/http-client.ts'
import { systemClock } from '../host/clock.ts'
import { readPair } from '../host/credential-files.ts'
import { createHttpsTransport, type RenewableTransport } from '../host/https-transport.ts'
import type { CertificateWithKey } from '../host/pki-certificate.ts'
import { adminFiles } from './cluster-access.ts'
import { clusterPaths } from './cluster-paths.ts'

export interface LocalClient {
  readonly client: Client
  close(): void
}

/** The cluster's own client, with the administrator's certificate. */
export function adminClient(config: ClusterConfig): LocalClient {
  const transport = adminTransport(config)
  return { client: createHttpClient(transport), close: () => transport.close() }
}

export function adminTransport(config: ClusterConfig): RenewableTransport {
  return certificateTransport(config, readPair(adminFiles(config), systemClock.now()))
}

export function certificateTransport(config: ClusterConfig, certificate: CertificateWithKey): RenewableTransport {
  return createHttpsTransport({
    server: `https://127.0.0.1:${config.port}`,
    caPem: readFileSync(join(clusterPaths(config).pkiDirectory, 'ca.crt'), 'utf8'),
    credentials: { type: 'certificate', ...certificate },
    clock: systemClock,
  })
}
