import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { storeSizeMetrics } from './store-size.ts'

test('files count by what was written into them', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lotse-store-size-'))
  const source = storeSizeMetrics(directory)
  const bytes = (): number | undefined => source()[0]?.samples[0]?.value
  assert.equal(bytes(), 0)
  writeFileSync(join(directory, 'data.mdb'), Buffer.alloc(64 * 1024, 'x'))
  writeFileSync(join(directory, 'holes'), '')
  truncateSync(join(directory, 'holes'), 1024 ** 3)
  const size = bytes() ?? 0
  assert(size >= 64 * 1024 && size < 1024 ** 2, String(size))
  rmSync(directory, { recursive: true })
})
