import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DEFAULT_WATCH_LIMITS, type WatchLimits } from '../../store/fan-out.ts'
import type { Store } from '../../store/store.ts'
import { silentLog, type Log } from '../../words/ports.ts'
import { Backlog, needOf } from './backlog.ts'
import { checkDataFile, damaged } from './check-data-file.ts'
import { DataDirectoryError } from './data-directory-error.ts'
import { lockDataDirectory, type DataLock } from './data-lock.ts'
import { openDatabase, type Database } from './database.ts'
import { damagedJournal, openJournal, readJournal, type Journal } from './journal.ts'
import { LmdbStore } from './lmdb-store.ts'
import { thrownMessage } from '../../words/thrown.ts'

export interface LmdbStoreOptions {
  /** Made when it is missing; all files of the store are in it. */
  readonly directory: string
  readonly log?: Log
  readonly watchLimits?: Partial<WatchLimits>
}

const FORMAT = 'lotse-store 1'

/** Opens the embedded store, or makes a new one. Throws DataDirectoryError when the directory is in use, damaged or of another version. */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<Store> {
  const { directory, log = silentLog } = options
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const lock = lockDataDirectory(directory)
  try {
    return await openLocked(options, lock, log)
  } catch (error) {
    lock.release()
    throw error
  }
}

async function openLocked(options: LmdbStoreOptions, lock: DataLock, log: Log): Promise<Store> {
  const { directory } = options
  const file = join(directory, 'data.mdb')
  const wasInitialised = readFormat(directory)
  checkDataFile(file, { mustExist: wasInitialised })
  const database = await openChecked(file)
  try {
    await checkFormat(database, { directory, file, wasInitialised })
    const journal = await takeUpJournal(database, directory, log)
    const backlog = new Backlog({ journal, database, log, applied: database.latest() })
    const store = new LmdbStore({ directory, database, backlog, lock, log, limits: { ...DEFAULT_WATCH_LIMITS, ...options.watchLimits } })
    await store.resumeCompaction()
    return store
  } catch (error) {
    await database.close()
    throw error
  }
}

/** The file FORMAT says that this directory holds a store, also when the data file itself is lost. */
function readFormat(directory: string): boolean {
  const file = join(directory, 'FORMAT')
  if (!existsSync(file)) return false
  const format = readFileSync(file, 'utf8').trim()
  if (format === FORMAT) return true
  throw new DataDirectoryError(
    `The data directory ${directory} has the format "${format.slice(0, 40)}", this program reads "${FORMAT}". Use the version that wrote it, or another directory.`)
}

async function openChecked(file: string): Promise<Database> {
  try {
    return await openDatabase(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
      throw new DataDirectoryError(`The disk is too full for a new data file ${file}. Free some space and start again.`)
    }
    throw damaged(file, `cannot be opened (${thrownMessage(error)})`)
  }
}

async function checkFormat(database: Database, at: { directory: string; file: string; wasInitialised: boolean }): Promise<void> {
  const format = database.meta('format')
  if (format === undefined && at.wasInitialised) {
    throw damaged(at.file, 'has lost its contents')
  }
  if (format !== undefined && format !== FORMAT) {
    throw new DataDirectoryError(
      `The data file ${at.file} has the format "${format.slice(0, 40)}", this program reads "${FORMAT}". Use the version that wrote it.`,
    )
  }
  if (format === undefined) await database.writeMeta('format', FORMAT)
  if (!at.wasInitialised) await writeFile(join(at.directory, 'FORMAT'), `${FORMAT}\n`, { mode: 0o600, flush: true })
}

/** What a crash left in the journal goes into the data file; then the journal begins anew. Undefined where the disk has no room for one. */
async function takeUpJournal(database: Database, directory: string, log: Log): Promise<Journal | undefined> {
  const file = join(directory, 'journal')
  const bytes = statSync(file, { throwIfNoEntry: false })?.size
  if (bytes === undefined && database.meta('journal') !== undefined) throw damagedJournal(file, 'is missing')
  if (bytes !== undefined && bytes > 0) {
    const commits = readJournal(file, database.latest())
    if (commits.length > 0) await database.writeCommits(commits, needOf(commits))
  }
  try {
    const journal = openJournal(file)
    if (database.meta('journal') === undefined) await database.writeMeta('journal', 'used')
    return journal
  } catch (error) {
    log.warn('There is no room for a journal; writing will be slower', { file, why: thrownMessage(error) })
    return undefined
  }
}
