import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { SeedMessage } from './seed-worker.ts'

const SEEDS = Array.from({ length: 200 }, (_, index) => index + 1)

/** Seeds that once found a defect, with what it was. */
const REGRESSIONS: readonly { readonly seed: number; readonly defect: string }[] = [
  { seed: 1094, defect: 'a Deployment with strategy Recreate never ended adopted ReplicaSets that had another size' },
  { seed: 1057, defect: 'a container that never ran was taken for one that ran twice' },
]

/** One thread for each core, each with every so-manieth seed. */
async function runAll(seeds: readonly number[]): Promise<readonly SeedMessage[]> {
  const threads = Math.max(1, Math.min(4, availableParallelism()))
  const shares = Array.from({ length: threads }, (_, thread) => seeds.filter((_seed, index) => index % threads === thread))
  return (await Promise.all(shares.map(runShare))).flat()
}

function runShare(seeds: readonly number[]): Promise<readonly SeedMessage[]> {
  return new Promise((resolve, reject) => {
    const messages: SeedMessage[] = []
    const worker = new Worker(new URL('./seed-worker.ts', import.meta.url), {
      workerData: { seeds },
      // Most of what a run makes dies young: a large nursery saves a fifth of the time.
      resourceLimits: { maxYoungGenerationSizeMb: 192 },
    })
    worker.on('message', (message: SeedMessage) => messages.push(message))
    worker.on('error', reject)
    worker.on('exit', () => resolve(messages))
  })
}

test(`${SEEDS.length} clusters live as they should, and so do those that once did not`, async () => {
  const seeds = [...SEEDS, ...REGRESSIONS.map(({ seed }) => seed)]
  const messages = await runAll(seeds)
  const failures = messages.flatMap(({ failure }) => failure ?? [])
  assert.equal(failures.length, 0, `${failures.length} of ${seeds.length} seeds failed\n\n${failures.slice(0, 3).join('\n\n')}`)
  assert.equal(messages.length, seeds.length, 'every seed has a result')
})

test('a seed makes the same run twice, to the last event', async () => {
  const seeds = [3, 14, 15]
  const [once, again] = await Promise.all([runShare(seeds), runShare(seeds)])
  assert.deepEqual(again, once)
})
