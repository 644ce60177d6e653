/** npm run bench [-- NAME...]: measures all cases, or those named, and prints one table. */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { apiRequests } from './api-requests.ts'
import { apiWatch } from './api-watch.ts'
import type { BenchCase, Measurement } from './bench-case.ts'
import { http2Limit } from './http2-limit.ts'
import { memory } from './memory.ts'
import { scheduling } from './scheduling.ts'
import { storeLimit } from './store-limit.ts'
import { formatTable } from './table.ts'

const cases: readonly BenchCase[] = [http2Limit, storeLimit, apiRequests, apiWatch, scheduling, memory]

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !cases.some((each) => each.name === name))
  if (unknown.length > 0) {
    console.error(`There is no case ${unknown.join(', ')}. The cases are: ${cases.map((each) => each.name).join(', ')}.`)
    return 2
  }
  const measurements: Measurement[] = []
  const loadBefore = loadavg()
  for (const each of cases) {
    if (names.length > 0 && !names.includes(each.name)) continue
    console.error(`measuring ${each.name} ...`)
    const directory = mkdtempSync(join(tmpdir(), 'lotse-bench-'))
    try {
      measurements.push(...await each.run(directory))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }
  console.log(formatTable(measurements))
  const [before = 0] = loadBefore
  const [after = 0] = loadavg()
  console.log(`Load average ${before.toFixed(1)} before, ${after.toFixed(1)} after, ${availableParallelism()} cores. Where others work too, compare the CPU only.`)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
