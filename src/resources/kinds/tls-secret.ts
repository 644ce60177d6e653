import { pemBlocks } from '../../objects/pem.ts'
import { fromBase64, textOf } from '../../words/bytes.ts'
import type { Secret } from '../generated/types.ts'

/**
 * What a server would say that reads the pair of a TLS secret, as far as it can be seen without looking into the certificate and the key:
 * whether they are there, and in their places.
 */
export function tlsPairWarnings({ type, data }: Secret): string[] {
  if (type !== 'kubernetes.io/tls') return []
  const problem = certificateProblem(labelsIn(data?.['tls.crt'])) ?? keyProblem(labelsIn(data?.['tls.key']))
  return problem === undefined ? [] : [`tls: ${problem}`]
}

function labelsIn(base64 = ''): readonly string[] {
  const bytes = fromBase64(base64)
  return bytes === undefined ? [] : pemBlocks(textOf(bytes)).map(({ label }) => label)
}

const SKIPPED = 'after skipping PEM blocks of the following types'

function certificateProblem(labels: readonly string[]): string | undefined {
  const [first] = labels
  if (labels.includes('CERTIFICATE')) return undefined
  if (first === undefined) return 'failed to find any PEM data in certificate input'
  if (labels.length === 1 && first.endsWith('PRIVATE KEY')) {
    return 'failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
  }
  return `failed to find "CERTIFICATE" PEM block in certificate input ${SKIPPED}: [${labels.join(' ')}]`
}

function keyProblem(labels: readonly string[]): string | undefined {
  const [first] = labels
  if (labels.some((label) => label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY'))) return undefined
  if (first === undefined) return 'failed to find any PEM data in key input'
  if (labels.length === 1 && first === 'CERTIFICATE') return 'found a certificate rather than a key in the PEM for the private key'
  return `failed to find PEM block with type ending in "PRIVATE KEY" in key input ${SKIPPED}: [${labels.join(' ')}]`
}
