import type { ClusterConfig } from '../cli/cluster-config.ts'

const LONGEST_LOOK_MS = 5_000
const SHORTEST_LOOK_MS = 250
/** Looks at the files in the life of a certificate, at least. */
const LOOKS = 40

export interface CertificateTimes {
  /** Undefined: as long as certificates mostly count. */
  readonly lifetimeMs: number | undefined
  /** How often it is looked for changed files: where certificates do not count for long, a changed one is used sooner. */
  readonly lookEveryMs: number
}

export function certificateTimes({ certificateLifetimeSeconds }: ClusterConfig): CertificateTimes {
  if (certificateLifetimeSeconds === undefined) return { lifetimeMs: undefined, lookEveryMs: LONGEST_LOOK_MS }
  const lifetimeMs = certificateLifetimeSeconds * 1_000
  return { lifetimeMs, lookEveryMs: Math.max(SHORTEST_LOOK_MS, Math.min(LONGEST_LOOK_MS, lifetimeMs / LOOKS)) }
}
