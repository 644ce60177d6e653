import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { VolumeFile } from '../../node/volumes/volume-host.ts'
import { utf8 } from '../../words/bytes.ts'
import { writeFilesAtomically } from './atomic-files.ts'

const file = (path: string, text: string, mode = 0o644): VolumeFile => ({ path, content: utf8(text), mode })

test('files change all at once behind one link', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'lotse-files-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const read = (path: string): Promise<string> => readFile(join(directory, path), 'utf8')
  assert.equal(await writeFilesAtomically(directory, [file('app.conf', 'one'), file('keys/secret', 'x', 0o400)], undefined), true)
  assert.equal(await read('app.conf'), 'one')
  assert.equal(await readlink(join(directory, 'app.conf')), '..data/app.conf')
  assert.equal((await stat(join(directory, 'keys/secret'))).mode & 0o777, 0o400)
  const data = await readlink(join(directory, '..data'))

  assert.equal(await writeFilesAtomically(directory, [file('app.conf', 'one'), file('keys/secret', 'x', 0o400)], undefined), false)
  assert.equal(await readlink(join(directory, '..data')), data)

  assert.equal(await writeFilesAtomically(directory, [file('app.conf', 'two'), file('new', 'n')], undefined), true)
  assert.equal(await read('app.conf'), 'two')
  const names = (await readdir(directory)).map((name) => (/^\.\.\d/.test(name) ? 'DATA' : name)).sort()
  assert.deepEqual(names, ['..data', 'DATA', 'app.conf', 'new'])

  assert.equal(await writeFilesAtomically(directory, [], undefined), true)
  assert.deepEqual((await readdir(directory)).filter((name) => !name.startsWith('..')), [])
})

test('paths that lead elsewhere are refused', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'lotse-files-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  for (const path of ['', '/etc/passwd', '../x', 'a/../../x', '..data', '..x/y', 'a//b']) {
    await assert.rejects(writeFilesAtomically(directory, [file(path, '')], undefined), /invalid path/, path)
  }
  assert.deepEqual(await readdir(directory), [])
})
