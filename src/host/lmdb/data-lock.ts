import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DataDirectoryError } from './data-directory-error.ts'

export interface DataLock {
  release(): void
}

/** SQLite's result code for "another connection holds a lock". */
const SQLITE_BUSY = 5

/**
 * Makes this process the only one that uses the directory. Node offers no file locks; SQLite, which is part of Node, does:
 * an exclusive transaction on an empty file is a kernel lock that ends with the process, however that ends. A pid file alone
 * would be stale after a crash, and two processes that clear it away at the same time would both go on.
 */
export function lockDataDirectory(directory: string): DataLock {
  const ownerFile = join(directory, 'lock.pid')
  const database = new DatabaseSync(join(directory, 'lock'), { timeout: 0 })
  try {
    // By path: to open and close the file here would drop the lock that this process may have on it already (POSIX record locks).
    chmodSync(join(directory, 'lock'), 0o600)
    // Nothing is ever written, so no journal file is wanted: on a full disk it could not be made.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) throw heldElsewhere(directory, ownerFile)
    throw error
  }
  noteOwner(ownerFile)
  return { release: () => database.close() }
}

/** Only for the message to others: a full disk must not keep the store from being read. */
function noteOwner(ownerFile: string): void {
  try {
    writeFileSync(ownerFile, `${process.pid}\n`, { mode: 0o600 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'))) throw error
  }
}

function heldElsewhere(directory: string, ownerFile: string): DataDirectoryError {
  const who = ownerOf(ownerFile)
  return new DataDirectoryError(
    `The data directory ${directory} is in use by ${who}. Stop that first, or give this one another directory with --data-dir.`)
}

function ownerOf(ownerFile: string): string {
  try {
    const pid = readFileSync(ownerFile, 'utf8').trim()
    return pid === '' ? 'another process' : `the process with pid ${pid}`
  } catch {
    return 'another process'
  }
}
