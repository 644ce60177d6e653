import { statfs } from 'node:fs/promises'
import { getSystemErrorMap } from 'node:util'

const MDB_MAP_FULL = -30792
const MDB_PANIC = -30795
/** Less than this is a full disk, whatever the error is called: LMDB reports a write that was cut short as an input/output error. */
const FULL_DISK_BYTES = 1024 * 1024

/** What went wrong and what a person can do about it. */
export async function explainWriteError(error: unknown, directory: string): Promise<string> {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : 0
  const failed = `Writing to the data directory ${directory} failed`
  if (code === MDB_MAP_FULL) return `${failed}: the process may not map a larger file (ulimit -v). Raise the limit and start again.`
  if (code === MDB_PANIC) return `${failed}: the disk failed in the middle of a write. Check the disk and start the server again.`
  const name = getSystemErrorMap().get(-code)?.[0] ?? 'unknown error'
  const freeBytes = await freeBytesOf(directory)
  if (name === 'ENOSPC' || name === 'EDQUOT' || (freeBytes !== undefined && freeBytes < FULL_DISK_BYTES)) {
    return `${failed}: the disk is full (${freeBytes ?? 'unknown'} bytes free). Free some space; writing resumes by itself.`
  }
  if (name === 'EFBIG') {
    return `${failed}: the data file has reached the file size limit of this process (ulimit -f). Raise it and start again.`
  }
  const why = error instanceof Error ? error.message : 'unknown error'
  return `${failed}: ${why} (${name}). Check the disk; reading goes on, and writing resumes when the disk does.`
}

async function freeBytesOf(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  } catch {
    return undefined
  }
}
