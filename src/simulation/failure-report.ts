import type { RunResult } from './run-seed.ts'

/** What a person needs to go after a failed run: what was found, when, what happened last, and how to see it again. */
export function describeFailure({ seed, finding, lastLines, plan }: RunResult): string {
  if (finding === undefined) return `seed ${seed} passed`
  return [
    `seed ${seed} failed after ${(finding.atMs / 1000).toFixed(3)} s of virtual time`,
    `${finding.checker}: ${finding.message}`,
    `faults: ${JSON.stringify(plan)}`,
    'the last events:',
    ...lastLines.map((line) => `  ${line}`),
    `replay it with: npm run simulate -- --seed ${seed} --trace`,
  ].join('\n')
}
