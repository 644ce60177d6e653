import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync, closeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { prefixRange } from '../../store/key-range.ts'
import type { Store } from '../../store/store.ts'
import { openLmdbStore } from './open-lmdb-store.ts'

const root = mkdtempSync(join(tmpdir(), 'lotse-open-'))
after(() => rmSync(root, { recursive: true }))
const ALL = prefixRange('')
const PAGE_BYTES = 4096
const ENTRIES = 400

/** A closed store with 400 values of 1 KiB in three transactions, and one of 100 KiB. */
async function makeStore(name: string): Promise<string> {
  const directory = join(root, name)
  const store = await openLmdbStore({ directory })
  for (let part = 0; part < 4; part++) {
    await Promise.all(Array.from({ length: ENTRIES / 4 }, (_, index) => put(store, `key-${part}-${index}`, 1024)))
  }
  await put(store, 'large', 100_000)
  await store.close()
  return directory
}

function put(store: Store, key: string, bytes: number): Promise<unknown> {
  return store.commit({ expect: [], writes: [{ key, value: Buffer.alloc(bytes, 'v') }] })
}

const original = await makeStore('original')

function copyOf(name: string): { directory: string; file: string } {
  const directory = join(root, name)
  cpSync(original, directory, { recursive: true })
  return { directory, file: join(directory, 'data.mdb') }
}

async function openAndCount(directory: string): Promise<number> {
  const store = await openLmdbStore({ directory })
  try {
    const result = await store.read(ALL, { at: 'latest', limit: 10_000 })
    return result.outcome === 'page' ? result.page.entries.length : -1
  } finally {
    await store.close()
  }
}

test('a store is found again as it was left, and its revisions go on', async () => {
  const { directory } = copyOf('again')
  assert.equal(await openAndCount(directory), ENTRIES + 1)
  const store = await openLmdbStore({ directory })
  assert.equal(await store.latest(), ENTRIES + 1)
  await store.compact(ENTRIES + 1)
  await store.close()
  const compacted = await openLmdbStore({ directory })
  assert.equal(await compacted.latest(), ENTRIES + 1)
  assert.deepEqual(await compacted.commit({ expect: [], writes: [{ key: 'next', value: Buffer.alloc(1) }] }), { outcome: 'committed', revision: ENTRIES + 2 })
  assert.deepEqual(await compacted.read(ALL, { at: 5, limit: 1 }), { outcome: 'compacted', oldest: ENTRIES + 1 })
  await compacted.close()
})

test('files and directory belong to their owner alone', () => {
  const modes = ['', 'data.mdb', 'lock', 'FORMAT'].map((name) => (statSync(join(original, name)).mode & 0o777).toString(8))
  assert.deepEqual(modes, ['700', '600', '600', '600'])
})

test('a second opener learns who holds the directory', async () => {
  const { directory } = copyOf('locked')
  const store = await openLmdbStore({ directory })
  const expected = `The data directory ${directory} is in use by the process with pid ${process.pid}. Stop that first, or give this one another directory with --data-dir.`
  await assert.rejects(openLmdbStore({ directory }), { name: 'DataDirectoryError', message: expected })
  const program = `import(${JSON.stringify(join(import.meta.dirname, 'open-lmdb-store.ts'))}).then((m) => m.openLmdbStore({ directory: ${JSON.stringify(directory)} })).catch((error) => console.log(error.message))`
  const child = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' })
  assert.equal(child.stdout.trim(), expected, child.stderr)
  await store.close()
  assert.equal(await openAndCount(directory), ENTRIES + 1)
})

test('a damaged file is said with its name, and left as it is', async () => {
  const damages: [string, (file: string) => void, RegExp][] = [
    ['missing', (file) => rmSync(file), /is missing/],
    ['empty', (file) => truncateSync(file, 0), /is empty/],
    ['half', (file) => truncateSync(file, 60 * PAGE_BYTES), /is cut off/],
    ['one page', (file) => truncateSync(file, PAGE_BYTES), /damaged beginning/],
    ['few bytes', (file) => truncateSync(file, 100), /damaged beginning/],
    ['no data file', (file) => writeFileSync(file, 'hello '.repeat(2000)), /damaged beginning/],
    ['zeroed meta', (file) => overwrite(file, 0, Buffer.alloc(PAGE_BYTES)), /damaged/],
    ['zeroed middle', (file) => overwrite(file, 2 * PAGE_BYTES, Buffer.alloc(statSync(file).size - 2 * PAGE_BYTES)), /is damaged at page/],
    ['rubbish', (file) => overwrite(file, 2 * PAGE_BYTES, Buffer.alloc(40 * PAGE_BYTES, 'rubbish')), /is damaged at page/],
    ['free space behind the page', (file) => overwrite(file, freeTreeRoot(file) + 22, Buffer.from([0xff, 0xff])), /is damaged at page/],
    ['a value longer than the page', (file) => overwrite(file, lastFreeList(file) - 16, Buffer.from([0xff, 0xff])), /is damaged at page/],
    ['more free pages than are listed', (file) => overwrite(file, lastFreeList(file), Buffer.from([0xff])), /is damaged at page/],
    ['a free page that is a meta', (file) => overwrite(file, lastFreeList(file) + 8, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])), /is damaged at page/],
    ['a free page behind the last', (file) => overwrite(file, lastFreeList(file) + 8, Buffer.from([0, 0, 0, 1])), /is damaged at page/],
  ]
  for (const [name, damage, message] of damages) {
    const { directory, file } = copyOf(name)
    damage(file)
    const before = name === 'missing' ? undefined : readFileSync(file)
    await assert.rejects(openLmdbStore({ directory }), (error: Error) => {
      assert.equal(error.name, 'DataDirectoryError', `${name}: ${error.stack}`)
      assert.match(error.message, message, name)
      assert(error.message.includes(file) && error.message.includes('Restore it from a backup'), name)
      return true
    })
    assert.equal(before === undefined ? existsSync(file) : !readFileSync(file).equals(before), false, `${name}: left as it was`)
  }
})

test('a value whose bytes changed on the disk is not served', async () => {
  const { directory, file } = copyOf('flipped')
  const content = readFileSync(file)
  const place = content.indexOf('v'.repeat(2000)) + 100
  overwrite(file, place, Buffer.from('w'))
  const store = await openLmdbStore({ directory })
  await assert.rejects(store.read(ALL, { at: 'latest', limit: 10_000 }), { name: 'DataDirectoryError', message: /has lost revision 401 of large/ })
  await store.close()
})

test('another format is refused', async () => {
  const { directory } = copyOf('format')
  writeFileSync(join(directory, 'FORMAT'), 'lotse-store 2\n')
  await assert.rejects(openLmdbStore({ directory }), { name: 'DataDirectoryError', message: /has the format "lotse-store 2", this program reads "lotse-store 1"/ })
})

/** Where the leaf begins that lists the free pages: the newer of the two metas tells. */
function freeTreeRoot(file: string): number {
  const bytes = readFileSync(file)
  const transactionOf = (meta: number): bigint => bytes.readBigUInt64LE(meta + 152)
  const newest = transactionOf(0) > transactionOf(PAGE_BYTES) ? 0 : PAGE_BYTES
  return Number(bytes.readBigUInt64LE(newest + 48 + 40)) * PAGE_BYTES
}

/** Its last value, behind a key of one word: a count, then pages. */
function lastFreeList(file: string): number {
  const bytes = readFileSync(file)
  const root = freeTreeRoot(file)
  const header = 24
  const lastPointer = root + header + bytes.readUInt16LE(root + 20) - 2
  return root + header + bytes.readUInt16LE(lastPointer) + 8 + 8
}

function overwrite(file: string, position: number, bytes: Buffer): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, bytes, 0, bytes.length, position)
  closeSync(descriptor)
}
