/** Runs a share of the seeds in a thread of its own: worker data says which, each result is a message. */
import { parentPort, workerData } from 'node:worker_threads'
import { SchemaCatalog } from '../../src/resources/schema.ts'
import { describeFailure } from '../../src/simulation/failure-report.ts'
import { runSeed } from '../../src/simulation/run-seed.ts'
import { honestParts } from '../../src/simulation/simulation-parts.ts'

export interface SeedMessage {
  readonly seed: number
  readonly digest: string
  /** Undefined: all is well. */
  readonly failure: string | undefined
}

const { seeds } = workerData as { readonly seeds: readonly number[] }
const schemas = new SchemaCatalog().lookup
const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
for (const seed of seeds) {
  const result = await runSeed({ seed, parts: honestParts, drain, schemas, onLine: () => {} })
  const failure = result.finding === undefined ? undefined : describeFailure(result)
  parentPort?.postMessage({ seed, digest: result.digest, failure } satisfies SeedMessage)
}
