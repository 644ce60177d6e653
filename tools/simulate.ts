/**
 * Runs simulated clusters, each determined by its seed, and looks for what must never be.
 *   npm run simulate -- --seeds 1000 [--from 1]
 *   npm run simulate -- --seed 42 [--trace]
 */
import { parseArgs } from 'node:util'
import { SchemaCatalog } from '../src/resources/schema.ts'
import { describeFailure } from '../src/simulation/failure-report.ts'
import { runSeed, type RunResult } from '../src/simulation/run-seed.ts'
import { honestParts } from '../src/simulation/simulation-parts.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
})
const from = Number(values.seed ?? values.from)
const count = values.seed === undefined ? Number(values.seeds ?? '100') : 1
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count) || from < 0 || count < 1) {
  process.stderr.write('usage: simulate [--seeds COUNT] [--from SEED] | --seed SEED [--trace]\n')
  process.exit(2)
}

const schemas = new SchemaCatalog().lookup
const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const startedAt = performance.now()
const totals = { virtualMs: 0, revisions: 0, watchEvents: 0 }
const failures: RunResult[] = []

for (let seed = from; seed < from + count; seed++) {
  const result = await runSeed({
    seed,
    parts: honestParts,
    drain,
    schemas,
    onLine: (line) => values.trace && process.stdout.write(`${line}\n`),
  })
  totals.virtualMs += result.virtualMs
  totals.revisions += result.revisions
  totals.watchEvents += result.watchEvents
  if (result.finding !== undefined) {
    failures.push(result)
    process.stdout.write(`\n${describeFailure(result)}\n`)
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${seed - from + 1} of ${count} seeds, ${failures.length} failed `)
}

const seconds = (performance.now() - startedAt) / 1000
const outcome = `${count - failures.length} passed, ${failures.length} failed`
process.stdout.write(`${process.stderr.isTTY ? '\n' : ''}${count} seeds from ${from} in ${seconds.toFixed(1)} s: ${outcome}\n`)
process.stdout.write(
  `${(totals.virtualMs / 3_600_000).toFixed(1)} virtual hours, ${totals.revisions} revisions, ${totals.watchEvents} watch events compared\n`
)
if (failures.length > 0)
  process.stdout.write(`failed seeds: ${failures.map(({ seed, finding }) => `${seed} (${finding?.checker})`).join(', ')}\n`)
process.exit(failures.length === 0 ? 0 : 1)
