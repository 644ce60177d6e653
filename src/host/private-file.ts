import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Writes a file that only its owner may read, and its directory where that is missing. A reader sees the old content or the new,
 * never a part of it, also when the machine fails in between.
 */
export function writePrivateFile(file: string, content: string): void {
  draftOf(file, content)()
}

/** The same of several files that belong together: all drafts are on the disk before the first of them is put in place. */
export function writePrivateFiles(files: readonly (readonly [file: string, content: string])[]): void {
  for (const put of files.map(([file, content]) => draftOf(file, content))) put()
}

function draftOf(file: string, content: string): () => void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.new`
  writeFileSync(draft, content, { mode: 0o600, flush: true })
  return () => renameSync(draft, file)
}

/** Undefined when there is no such file. */
export function readFileIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
