import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeWhole } from './whole-file.ts'

test('a file is replaced whole, for its owner alone; what fails names it and leaves nothing behind', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lotse-whole-'))
  try {
    const path = join(directory, 'deep/file')
    writeWhole(path, 'one')
    writeWhole(path, 'two')
    assert.deepEqual([readFileSync(path, 'utf8'), statSync(path).mode & 0o777, readdirSync(join(directory, 'deep'))], ['two', 0o600, ['file']])
    writeFileSync(join(directory, 'file'), '')
    assert.throws(() => writeWhole(join(directory, 'file/below'), 'x'), new RegExp(`^Error: ${directory}/file/below cannot be written: E(EXIST|NOTDIR)`))
    // A directory cannot be replaced by a file.
    assert.throws(() => writeWhole(join(directory, 'deep'), 'x'), /deep cannot be written: /)
    assert.deepEqual(readdirSync(directory).sort(), ['deep', 'file'])
  } finally {
    rmSync(directory, { recursive: true })
  }
})
