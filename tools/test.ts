/**
 * All checks in one command: types, lint, tidy and unit tests, ten seconds of fuzzing, 200 simulation seeds, end to end.
 *   npm test               everything
 *   npm test -- STAGE ...  only these stages: types lint unit fuzz simulation end-to-end
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const root = join(import.meta.dirname, '..')
const scratch = mkdtempSync(join(tmpdir(), 'lotse-test-'))
const countsFile = join(scratch, 'counts')

/** One check that passes or fails as a whole. */
function command(file: string, args: readonly string[]): Counts {
  const result = spawnSync(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  return result.status === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }
}

/** isolation none shares one process (fast); process gives each file its own. */
function nodeTests(patterns: readonly string[], isolation: 'none' | 'process'): Counts {
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).sort()
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 }
  rmSync(countsFile, { force: true })
  const reporter = `--test-reporter=${join(root, 'tools/test-reporter.ts')}`
  const options = [
    '--disable-warning=ExperimentalWarning',
    '--test',
    `--test-isolation=${isolation}`,
    '--test-concurrency=1',
    reporter,
    '--test-reporter-destination=stdout',
  ]
  const result = spawnSync(process.execPath, [...options, ...files], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, LOTSE_TEST_COUNTS: countsFile },
  })
  const lines = existsSync(countsFile) ? readFileSync(countsFile, 'utf8').trim().split('\n') : []
  const counts = sum(lines.map((line) => JSON.parse(line) as Counts))
  // A runner that died without counting, or that failed outside any test, is a failure too.
  if (result.status !== 0 && counts.failed === 0) counts.failed += 1
  return counts
}

function none(): Counts {
  return { passed: 0, failed: 0, skipped: 0 }
}

function sum(all: readonly Counts[]): Counts {
  return all.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }), none())
}

const bin = (name: string): string => join(root, 'node_modules/.bin', name)

const stages: Readonly<Record<string, () => Counts>> = {
  types: () => sum([command(bin('tsc'), ['-p', 'tsconfig.pure.json']), command(bin('tsc'), ['-p', 'tsconfig.json'])]),
  lint: () => command(bin('oxlint'), ['--quiet', 'src', 'tools', 'test', 'examples', 'architecture.ts']),
  unit: () => nodeTests(['src/**/*.test.ts', 'tools/**/*.test.ts', 'test/tidy/*.test.ts', 'test/conformance/*.test.ts'], 'none'),
  fuzz: () => nodeTests(['test/fuzz/*.test.ts'], 'none'),
  simulation: () => nodeTests(['test/simulation/*.test.ts'], 'none'),
  'end-to-end': () => nodeTests(['test/e2e/*.test.ts'], 'process'),
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => stages[name] === undefined)
if (unknown.length > 0) {
  process.stderr.write(`unknown stage: ${unknown.join(', ')}; there are: ${Object.keys(stages).join(', ')}\n`)
  process.exit(2)
}

const counts: Counts[] = []
try {
  for (const [name, stage] of Object.entries(stages)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    process.stdout.write(`${name}\n`)
    const start = performance.now()
    counts.push(stage())
    process.stdout.write(`  ${((performance.now() - start) / 1000).toFixed(1)} s\n`)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
const total = sum(counts)
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`)
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1)
