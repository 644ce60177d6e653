import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { thrownMessage } from '../words/thrown.ts'

/** Replaces a file whole: a reader sees the old or the new one, never a part. Only its owner may read it. */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.new`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(temporary, text, { mode: 0o600 })
    renameSync(temporary, path)
  } catch (error) {
    removeIfThere(temporary)
    // The system's own words name no file where the disk is full.
    throw new Error(`${path} cannot be written: ${thrownMessage(error)}`, { cause: error })
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // What kept it from being made keeps it from being there.
  }
}
