import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { apiDescriptions } from './api-descriptions.ts'

test('texts come from the file, and from none there are none', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lotse-texts-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'texts.json')
  const read = async (): Promise<string | undefined> => (await apiDescriptions(path)())('core.v1.Pod')?.['spec']
  assert.equal(await read(), undefined, 'no file')
  writeFileSync(path, '{"core.v1.Pod":{"spec":"What is wanted."}}')
  assert.equal(await read(), 'What is wanted.')
  writeFileSync(path, '{"core.v1.Pod":{"sp')
  assert.equal(await read(), undefined, 'half a file')
  writeFileSync(path, 'null')
  assert.equal(await read(), undefined, 'no table')
})
