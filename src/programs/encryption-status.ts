import type { ClusterConfig } from '../cli/cluster-config.ts'
import type { EncryptionStatus } from '../cli/machine.ts'
import { VALUES_RESEALED, VALUES_TO_RESEAL } from '../host/encryption/open-encryption.ts'
import { adminTransport } from './local-client.ts'

const PATIENCE_MS = 3_000

/** From the running server's metrics. One that does not answer, or credentials that this user may not read, say nothing. */
export async function encryptionStatus(config: ClusterConfig): Promise<EncryptionStatus> {
  const text = await metricsOf(config).catch(() => '')
  const [remaining, resealed] = [valueOf(text, VALUES_TO_RESEAL), valueOf(text, VALUES_RESEALED)]
  return { valuesToReseal: remaining === undefined || remaining < 0 ? null : remaining, valuesResealed: resealed ?? 0 }
}

async function metricsOf(config: ClusterConfig): Promise<string> {
  const transport = adminTransport(config)
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const { status, body } = await transport.send({ method: 'GET', path: '/metrics', headers: {}, signal })
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    return status === 200 ? Buffer.concat(chunks).toString() : ''
  } finally {
    transport.close()
  }
}

function valueOf(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)
  return found === null ? undefined : Number(found[1])
}
