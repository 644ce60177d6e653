import assert from 'node:assert/strict'
import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { prefixRange } from '../../store/key-range.ts'
import type { Store } from '../../store/store.ts'
import { openJournal, readJournal } from './journal.ts'
import { BLOCK_BYTES, encodeRecord, type WrittenCommit } from './journal-record.ts'
import { openLmdbStore } from './open-lmdb-store.ts'

const root = mkdtempSync(join(tmpdir(), 'lotse-journal-'))
after(() => rmSync(root, { recursive: true }))
const ALL = prefixRange('')
const MIB = 1024 * 1024

function commitOf(revision: number, value: string | undefined, key = `key-${revision}`): WrittenCommit {
  const entry = value === undefined ? undefined : { key, value: Buffer.from(value), created: revision, modified: revision }
  return { revision, changes: [{ key, entry, replaced: revision % 3 === 0 ? revision - 1 : undefined }] }
}

function summary(commits: readonly WrittenCommit[]): unknown[] {
  return commits.map(({ revision, changes }) => [revision, ...changes.map(({ key, entry, replaced }) => [key, entry && Buffer.from(entry.value).toString(), entry?.created, entry?.modified, replaced])])
}

test('a journal reads as it was written', async () => {
  const file = join(root, 'as-written')
  const journal = openJournal(file)
  const several = { revision: 3, changes: [...commitOf(3, 'a'.repeat(9000), 'Zürich/ä').changes, ...commitOf(3, undefined, 'gone').changes, ...commitOf(3, '', 'empty').changes] }
  const groups = [[commitOf(1, 'one'), commitOf(2, undefined)], [several], [commitOf(4, 'four')]]
  for (const group of groups) await journal.append(group)
  assert.deepEqual(summary(readJournal(file, 0)), summary(groups.flat()))
  assert.deepEqual(summary(readJournal(file, 1)), summary(groups.flat().slice(1)), 'what the data file has is left out')
  assert.deepEqual(readJournal(file, 4), [])
  journal.close()
  openJournal(file).close()
  assert.deepEqual(readJournal(file, 0), [], 'a journal that was opened anew has nothing of before')
  assert.equal((statSync(file).mode & 0o777).toString(8), '600')
})

test('whatever is written and released, all that was not released is read', async () => {
  const step = fc.record({ bytes: fc.integer({ min: 0, max: 900_000 }), release: fc.integer({ min: 0, max: 30 }) })
  const file = join(root, 'ring')
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
    const journal = openJournal(file)
    let released = 0
    let revision = 0
    for (const { bytes, release } of steps) {
      const group = [commitOf(revision + 1, 'x'.repeat(bytes))]
      if (!journal.fits(group)) journal.release(released = revision)
      assert(journal.fits(group), 'an empty journal has room')
      await journal.append(group)
      revision++
      if (release < revision - released) journal.release(released += release)
    }
    assert.deepEqual(readJournal(file, released).map((commit) => commit.revision), Array.from({ length: revision - released }, (_, index) => released + 1 + index))
    journal.close()
  }), { numRuns: 8 })
})

test('a journal takes no more than it has room for, and has room again when that is released', async () => {
  const journal = openJournal(join(root, 'full'))
  assert(!journal.fits([commitOf(1, 'x'.repeat(2 * MIB))]), 'no record is larger than 1 MiB')
  let revision = 0
  for (; journal.fits([commitOf(revision + 1, 'x'.repeat(MIB - 10_000))]); revision++) await journal.append([commitOf(revision + 1, 'x'.repeat(MIB - 10_000))])
  assert.equal(revision, 8)
  journal.release(1)
  assert(journal.fits([commitOf(9, 'x'.repeat(MIB - 10_000))]))
  journal.close()
})

test('after a failed write the journal takes nothing until what may be there is void', async () => {
  const file = join(root, 'failed')
  const journal = openJournal(file)
  await journal.append([commitOf(1, 'one')])
  const descriptor = openSync(file, 'r+')
  // As if the disk had written the record and then failed to say so.
  const record = Buffer.alloc(BLOCK_BYTES)
  encodeRecord(readFileSync(file).subarray(16, 32), [commitOf(2, 'never acknowledged')], record)
  writeSync(descriptor, record, 0, record.length, 2 * BLOCK_BYTES)
  closeSync(descriptor)
  journal.close()
  await assert.rejects(journal.append([commitOf(2, 'never acknowledged')]), { code: 'EBADF' })
  assert(!journal.fits([commitOf(2, 'other')]))
  assert.throws(() => journal.forgetUncertain(), { code: 'EBADF' })
  assert(!journal.fits([commitOf(2, 'other')]), 'as long as it cannot be made void')
})

/** A store whose newest commits are in the journal alone: the data file is as it was before them. */
async function crashed(name: string, values: readonly (string | Buffer)[]): Promise<{ directory: string; journal: string }> {
  const running = join(root, `${name}-running`)
  const directory = join(root, name)
  const store = await openLmdbStore({ directory: running })
  await put(store, 'first', 'value')
  await store.read(ALL, { at: 'latest', limit: 1 })
  cpSync(running, directory, { recursive: true })
  for (const [index, value] of values.entries()) await put(store, `key-${index}`, value)
  cpSync(join(running, 'journal'), join(directory, 'journal'))
  await store.close()
  return { directory, journal: join(directory, 'journal') }
}

function put(store: Store, key: string, value: string | Buffer): Promise<unknown> {
  return store.commit({ expect: [], writes: [{ key, value: typeof value === 'string' ? Buffer.from(value) : value }] })
}

async function openAndRead(directory: string): Promise<Record<string, string>> {
  const store = await openLmdbStore({ directory })
  try {
    const result = await store.read(ALL, { at: 'latest', limit: 1000 })
    assert(result.outcome === 'page')
    return Object.fromEntries(result.page.entries.map((entry) => [entry.key, Buffer.from(entry.value).toString()]))
  } finally {
    await store.close()
  }
}

test('what a crash left in the journal is found again', async () => {
  const { directory } = await crashed('crashed', ['a', 'b', 'c'])
  assert.deepEqual(await openAndRead(directory), { first: 'value', 'key-0': 'a', 'key-1': 'b', 'key-2': 'c' })
  assert.deepEqual(await openAndRead(directory), { first: 'value', 'key-0': 'a', 'key-1': 'b', 'key-2': 'c' }, 'and stays')
})

test('a record whose writing was cut short was never acknowledged, and is left out', async () => {
  const { directory, journal } = await crashed('torn', ['a', 'b', 'c'.repeat(3 * BLOCK_BYTES)])
  overwrite(journal, placeOf(journal, 'ccc') + 2 * BLOCK_BYTES, Buffer.alloc(BLOCK_BYTES))
  assert.deepEqual(Object.keys(await openAndRead(directory)), ['first', 'key-0', 'key-1'])
})

test('a journal that lacks acknowledged writes is said with what to do, and left as it is', async () => {
  const damages: [string, (file: string) => void, RegExp][] = [
    ['missing', (file) => rmSync(file), /journal is missing\. Writes that were acknowledged last may be in it/],
    ['cut off', (file) => truncateSync(file, 100), /has a damaged beginning/],
    ['zeroed beginning', (file) => overwrite(file, 0, Buffer.alloc(BLOCK_BYTES)), /has a damaged beginning/],
    ['flipped', (file) => overwrite(file, placeOf(file, 'bbb'), Buffer.from('x')), /has lost revision 3, but has later ones/],
  ]
  for (const [name, damage, message] of damages) {
    const { directory, journal } = await crashed(`damaged-${name}`, ['aaa', 'bbb', 'ccc'])
    damage(journal)
    const before = name === 'missing' ? '' : readFileSync(journal, 'base64')
    await assert.rejects(openLmdbStore({ directory }), { name: 'DataDirectoryError', message }, name)
    assert.equal(name === 'missing' ? '' : readFileSync(journal, 'base64'), before, name)
    writeFileSync(journal, '')
    assert.deepEqual(Object.keys(await openAndRead(directory)), ['first'], 'an empty file is how a person goes on without')
  }
})

test('a value that looks like a record is a value', async () => {
  const record = Buffer.alloc(2 * BLOCK_BYTES)
  encodeRecord(Buffer.alloc(16, 'k'), [commitOf(3, 'forged', 'forged')], record)
  // The value begins 77 bytes into its block: behind two headers and its key.
  const value = Buffer.concat([Buffer.alloc(BLOCK_BYTES - 77), record])
  const { directory, journal } = await crashed('forged', [value, 'after'])
  assert.equal(placeOf(journal, 'k'.repeat(16)) % BLOCK_BYTES, 0)
  assert.deepEqual(Object.keys(await openAndRead(directory)), ['first', 'key-0', 'key-1'])
})

function placeOf(file: string, text: string): number {
  return readFileSync(file).indexOf(text)
}

function overwrite(file: string, position: number, bytes: Buffer): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, bytes, 0, bytes.length, position)
  closeSync(descriptor)
}
