import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import type { Client } from '../client/client.ts'
import { createHttpClient } from '../client/http-client.ts'
import type { Transport } from '../client/transport.ts'
import { systemClock } from '../host/clock.ts'
import { createHttpsTransport } from '../host/https-transport.ts'
import { clusterPaths } from './cluster-paths.ts'

/** The cluster's own client, with the administrator's certificate. */
export function adminClient(config: ClusterConfig): LocalClient {
  return certificateClient(config, 'admin')
}

export interface LocalClient {
  readonly client: Client
  close(): void
}

/** credentials: their file below the cluster's PKI directory, without its ending. */
export function certificateClient(config: ClusterConfig, credentials: string): LocalClient {
  const transport = certificateTransport(config, credentials)
  return { client: createHttpClient(transport), close: () => transport.close() }
}

export function certificateTransport(config: ClusterConfig, credentials: string): Transport {
  const { pkiDirectory } = clusterPaths(config)
  const read = (file: string): string => readFileSync(join(pkiDirectory, file), 'utf8')
  return createHttpsTransport({
    server: `https://127.0.0.1:${config.port}`,
    caPem: read('ca.crt'),
    credentials: { type: 'certificate', certificatePem: read(`${credentials}.crt`), keyPem: read(`${credentials}.key`) },
    clock: systemClock,
  })
}
