import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { sourceFiles, type SourceFile } from './source-files.ts'

const ROOT = join(import.meta.dirname, '../..')
const READMES = 'src/**/README.md'

interface Table {
  readonly heading: string
  /** What the first cells name: `memory.ts`, `volumes/plan-volumes.ts`, `lmdb/`. */
  readonly named: readonly string[]
}

/** The first columns of a document's tables. */
function tablesOf({ lines }: SourceFile): Table[] {
  const tables: { heading: string; named: string[] }[] = []
  lines.forEach((line, index) => {
    const cell = /^\| ([^|]+) \|/.exec(line)?.[1]
    if (cell === undefined) return
    if (lines[index + 1]?.startsWith('| ---') === true) tables.push({ heading: cell, named: [] })
    else tables.at(-1)?.named.push(...(cell.match(/[\w./-]+(?:\.ts|\/)(?![\w/])/g) ?? []))
  })
  return tables
}

test('every file that a README names in a table is there', () => {
  const missing = sourceFiles(READMES).flatMap((readme) => {
    const folder = dirname(readme.path)
    const named = tablesOf(readme).flatMap((table) => table.named)
    return named.filter((name) => !existsSync(join(ROOT, folder, name))).map((name) => `${readme.path} names ${name}: it moved or went`)
  })
  assert.deepEqual(missing, [])
})

/** A folder is told by its own README or in one row; tests are found beside what they test. */
test('a README with a table of files names all files of its folder', () => {
  const untold = sourceFiles(READMES).flatMap((readme) => {
    const folder = dirname(readme.path)
    const tables = tablesOf(readme).filter(({ heading }) => heading === 'file' || heading === 'files')
    if (tables.length === 0) return []
    const named = new Set(tables.flatMap((table) => table.named.map(normalize)))
    const entries = readdirSync(join(ROOT, folder), { withFileTypes: true }).map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    return entries
      .filter((entry) => (entry.endsWith('/') ? !existsSync(join(ROOT, folder, entry, 'README.md')) : /(?<!\.test|\.d)\.ts$/.test(entry)))
      .filter((entry) => !named.has(entry) && ![...named].some((name) => entry.endsWith('/') && name.startsWith(entry)))
      .map((entry) => `${readme.path} does not tell of ${entry}: add it to the table`)
  })
  assert.deepEqual(untold, [])
})

test('every link of the documents leads somewhere', () => {
  const documents = ['*.md', 'docs/**/*.md', READMES].flatMap((pattern) => sourceFiles(pattern))
  const broken = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !existsSync(join(ROOT, dirname(path), target)))
      .map((target) => `${path} links to ${target}`)
  )
  assert.deepEqual(broken, [])
})

const MAX_WORDS_FILES = 15

test(`src/words has at most ${MAX_WORDS_FILES} files`, () => {
  const files = sourceFiles('src/words/*.ts').map(({ path }) => basename(path)).filter((name) => !name.endsWith('.test.ts'))
  assert.ok(files.length <= MAX_WORDS_FILES, `${files.length} files: what only some rooms say belongs to the lowest of them`)
})
