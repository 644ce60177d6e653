import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { effectRooms, rooms } from '../../architecture.ts'
import { importsOf, sourceFiles, type SourceFile } from './source-files.ts'

/** Packages without effects that a pure room may import. */
const PURE_PACKAGES = ['js-yaml', 're2js']

function reachable(room: string, seen = new Set<string>()): Set<string> {
  if (seen.has(room)) return seen
  seen.add(room)
  for (const next of rooms[room]?.imports ?? []) reachable(next, seen)
  return seen
}

function wrongImports(file: SourceFile): string[] {
  const allowed = reachable(file.room)
  return importsOf(file).flatMap((target) => {
    if (!target.startsWith('.')) return wrongPackage(file, target)
    const path = normalize(join(dirname(file.path), target))
    if (path === 'package.json') return []
    const room = path.split('/')[1] ?? ''
    if (allowed.has(room) || (file.isTest && (rooms[room]?.pure === true))) return []
    return [`${file.path} imports ${target}: ${file.room} may import only ${[...allowed].join(', ')} (architecture.ts)`]
  })
}

function wrongPackage(file: SourceFile, target: string): string[] {
  if (file.isTest || effectRooms.includes(file.room) || PURE_PACKAGES.includes(target)) return []
  return [`${file.path} imports ${target}: effects belong behind a port, with the adapter in src/host`]
}

test('every import follows the table in architecture.ts', () => {
  assert.deepEqual(sourceFiles().flatMap(wrongImports), [])
})

test('every folder of src is a room of the table, with a README', () => {
  const src = join(import.meta.dirname, '../../src')
  assert.deepEqual(readdirSync(src).sort(), Object.keys(rooms).sort())
  assert.deepEqual(Object.keys(rooms).filter((room) => !existsSync(join(src, room, 'README.md'))), [])
})

test('sibling controllers never import each other', () => {
  const wrong = sourceFiles('src/controllers/*/**/*.ts').flatMap((file) => {
    const own = file.path.split('/')[2]
    return importsOf(file)
      .filter((target) => target.startsWith('.'))
      .map((target) => normalize(join(dirname(file.path), target)))
      .filter((path) => path.startsWith('src/controllers/') && path.split('/').length > 3 && path.split('/')[2] !== own)
      .map((path) => `${file.path} imports ${path}: share it in src/controllers/ itself or in reconcile`)
  })
  assert.deepEqual(wrong, [])
})
