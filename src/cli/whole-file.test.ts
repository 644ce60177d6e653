import assert from 'node:assert/strict'
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
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

test('who owned a file owns it still; what is put in the way is not written to', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lotse-whole-'))
  try {
    const [path, other] = [join(directory, 'file'), join(directory, 'other')]
    writeFileSync(path, 'one')
    writeFileSync(other, 'untouched')
    const owner = process.getuid?.() === 0 ? 1234 : (process.getuid?.() ?? 0)
    chownSync(path, owner, process.getuid?.() === 0 ? 1234 : statSync(path).gid)
    symlinkSync(other, `${path}.${process.pid}.new`)
    writeWhole(path, 'two')
    assert.deepEqual([readFileSync(path, 'utf8'), statSync(path).uid, statSync(path).mode & 0o777], ['two', owner, 0o600])
    assert.equal(readFileSync(other, 'utf8'), 'untouched')
  } finally {
    rmSync(directory, { recursive: true })
  }
})
