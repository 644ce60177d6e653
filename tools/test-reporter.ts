/**
 * A reporter for node:test that is quiet about what passes: a line a file, the whole story of each failure, and the reason of each skip.
 * The counts go as JSON into the file that LOTSE_TEST_COUNTS names.
 */
import { appendFileSync } from 'node:fs'
import { relative } from 'node:path'
import { inspect } from 'node:util'
import type { TestEvent } from 'node:test/reporters'

interface FileResult {
  passed: number
  failed: number
  skipped: number
  milliseconds: number
}

const ROOT = `${import.meta.dirname}/..`

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files = new Map<string, FileResult>()
  for await (const event of source) {
    if (event.type === 'test:stdout' || event.type === 'test:stderr') yield event.data.message
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    const { data } = event
    if (event.type === 'test:pass' && isFileWrapper(data.name, data.file)) continue
    const file = relative(ROOT, data.file ?? '')
    const result = files.get(file) ?? { passed: 0, failed: 0, skipped: 0, milliseconds: 0 }
    files.set(file, result)
    if (data.nesting === 0) result.milliseconds += data.details.duration_ms
    if (data.details.type === 'suite') continue
    if (data.skip !== undefined && data.skip !== false) {
      result.skipped += 1
      yield `  skipped: ${file}: ${data.name}: ${String(data.skip === true ? 'no reason given' : data.skip)}\n`
    } else if (event.type === 'test:fail') {
      result.failed += 1
      yield `\nFAILED ${file}: ${data.name}\n${inspect(event.data.details.error.cause ?? event.data.details.error, { depth: 6 })}\n\n`
    } else {
      result.passed += 1
    }
  }
  yield* summary(files)
}

/** With process isolation a whole file may be reported as a test that bears the file's name. */
function isFileWrapper(name: string, file: string | undefined): boolean {
  return file !== undefined && file.endsWith(name)
}

function* summary(files: Map<string, FileResult>): Generator<string> {
  const total = { passed: 0, failed: 0, skipped: 0 }
  const slow: string[] = []
  for (const [file, result] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    total.passed += result.passed
    total.failed += result.failed
    total.skipped += result.skipped
    if (result.milliseconds > 1000) slow.push(`  ${(result.milliseconds / 1000).toFixed(1)} s  ${file}\n`)
  }
  yield `  ${files.size} files, ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`
  if (slow.length > 0) yield `  slower than a second:\n${slow.join('')}`
  const path = process.env['LOTSE_TEST_COUNTS']
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(total)}\n`)
}
