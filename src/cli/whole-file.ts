import { closeSync, fchownSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { thrownMessage } from '../words/thrown.ts'

/**
 * Replaces a file whole: a reader sees the old or the new one, never a part. Only its owner may read it: who owned it before, also where
 * root writes for somebody else.
 */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.new`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    removeIfThere(temporary)
    writeFor(statSync(path, { throwIfNoEntry: false }), temporary, text)
    renameSync(temporary, path)
  } catch (error) {
    removeIfThere(temporary)
    // The system's own words name no file where the disk is full.
    throw new Error(`${path} cannot be written: ${thrownMessage(error)}`, { cause: error })
  }
}

/** Where the directory is somebody else's, a file or link that is put in the way is not written to. */
function writeFor(owner: Stats | undefined, path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    if (owner !== undefined && process.getuid?.() === 0) fchownSync(file, owner.uid, owner.gid)
    writeFileSync(file, text)
  } finally {
    closeSync(file)
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // What kept it from being made keeps it from being there.
  }
}
