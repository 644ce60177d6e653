import type { Client } from '../client/client.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { CertificateSigningRequest } from '../resources/generated/types.ts'
import { KUBELET_CLIENT, KUBELET_SERVING } from '../resources/kinds/certificate-signing-request/signer-rules.ts'
import { fromBase64, textOf, toBase64, utf8 } from '../words/bytes.ts'
import { sleep, type Clock } from '../words/ports.ts'
import { StatusError } from '../words/status-error.ts'

/** What a node needs certificates for, and what it asks for then. Its keys are no RSA keys: they encipher none. */
const ASKED = {
  client: { signerName: KUBELET_CLIENT, usages: ['digital signature', 'client auth'] },
  serving: { signerName: KUBELET_SERVING, usages: ['digital signature', 'server auth'] },
}

export type NodeCertificateUse = keyof typeof ASKED

export interface SigningParts {
  readonly client: Client
  readonly clock: Clock
}

const KIND = kinds.CertificateSigningRequest
const FIRST_LOOK_MS = 250
const LONGEST_LOOK_MS = 10_000
/** As long as a kubelet waits; then it asks again. */
const WAIT_MS = 15 * 60_000
/** Answers that will not change by asking again. */
const FINAL_CODES: readonly number[] = [400, 401, 403, 404]

/** Has the request signed by the cluster: creates a CertificateSigningRequest and waits until it has its certificate. In PEM form. */
export async function signedByCluster(
  use: NodeCertificateUse, requestPem: string, { client, clock }: SigningParts, signal: AbortSignal,
): Promise<string> {
  const { signerName, usages } = ASKED[use]
  const { metadata } = await client.create(KIND, {
    apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { generateName: 'csr-' },
    spec: { request: toBase64(utf8(requestPem)), signerName, usages },
  })
  const name = metadata.name ?? ''
  const until = clock.now() + WAIT_MS
  for (let delayMs = FIRST_LOOK_MS; clock.now() < until; delayMs = Math.min(LONGEST_LOOK_MS, delayMs * 1.5)) {
    await sleep(clock, delayMs, signal)
    signal.throwIfAborted()
    const certificate = certificateIn(name, await found(client, name))
    if (certificate !== undefined) return certificate
  }
  throw new Error(
    `the CertificateSigningRequest ${name} was not signed within ${WAIT_MS / 60_000} minutes: approve it (kubectl certificate approve)`,
  )
}

/** Undefined: nobody could say. */
async function found(client: Client, name: string): Promise<CertificateSigningRequest | undefined> {
  try {
    return await client.get(KIND, { namespace: '', name })
  } catch (error) {
    if (error instanceof StatusError && !FINAL_CODES.includes(error.code)) return undefined
    throw error
  }
}

function certificateIn(name: string, request: CertificateSigningRequest | undefined): string | undefined {
  const end = request?.status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed')
  if (end !== undefined) {
    throw new Error(`the CertificateSigningRequest ${name} was not signed (${end.type}): ${end.message ?? end.reason ?? ''}`)
  }
  const bytes = fromBase64(request?.status?.certificate ?? '') ?? new Uint8Array()
  return bytes.length === 0 ? undefined : textOf(bytes)
}
