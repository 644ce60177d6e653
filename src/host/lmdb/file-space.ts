import { open, statfs, type FileHandle } from 'node:fs/promises'

/**
 * Makes room in the data file before LMDB writes, and fails where there is none. LMDB 0.9.90, as the lmdb package 3.5.6 carries it,
 * overruns a buffer of its own when a write fails with "no space left" (mdb_page_flush formats a message into 100 bytes), which kills
 * the process. So LMDB only ever writes where the file has blocks already: we fill it with zeros ahead of its last used page.
 * Where the file system writes every change to a new place, that is no guarantee, and free space is asked for as well.
 */
export interface FileSpace {
  /** Rejects with the system's error when there is no room for a write of at most so many pages and bytes. Never during a write. */
  ensure(need: SpaceNeed): Promise<void>
  /** Whether a later ensure of this need will find room, whatever happens to the disk meanwhile. */
  hasRoomFor(need: SpaceNeed): boolean
  close(): Promise<void>
}

export interface SpaceNeed {
  readonly changes: number
  readonly bytes: number
  /** Deletions and compaction may use the last reserve: they are the way out of a full disk. */
  readonly mayUseReserve: boolean
}

const CHUNK_BYTES = 4 * 1024 * 1024
const RESERVE_BYTES = 1024 * 1024
/** Upper bounds: a change touches a leaf and its ancestors in two trees, which may split; a transaction also writes the list of free pages. */
const PAGES_PER_CHANGE = 8
const PAGES_PER_WRITE = 64
const COPY_ON_WRITE_FREE_BYTES = 32 * 1024 * 1024
/** statfs(2): btrfs, ZFS, bcachefs. */
const COPY_ON_WRITE_TYPES = new Set([0x9123683e, 0x2fc12fc1, 0xca451a4e])

class NoSpaceError extends Error {
  override readonly name = 'NoSpaceError'
  /** As LMDB and the system count: ENOSPC. */
  readonly code = 28
}

/** usedBytes: where LMDB's last used page ends, as of its last transaction. */
export async function openFileSpace(file: string, pageBytes: number, usedBytes: () => number): Promise<FileSpace> {
  const handle = await open(file, 'r+')
  const isCopyOnWrite = COPY_ON_WRITE_TYPES.has((await statfs(file)).type)
  let fileBytes = (await handle.stat()).size
  /** No less than what is used: asking LMDB each time would cost a small write a tenth of its time. */
  let atMostUsedBytes = Infinity
  let aheadBytes = CHUNK_BYTES
  const growthBytesOf = ({ changes, bytes }: SpaceNeed): number => (PAGES_PER_WRITE + PAGES_PER_CHANGE * changes) * pageBytes + 2 * bytes
  const marginBytesOf = (need: SpaceNeed): number => growthBytesOf(need) + (need.mayUseReserve ? 0 : RESERVE_BYTES)
  const ensure = async (need: SpaceNeed): Promise<void> => {
    if (isCopyOnWrite) await assertFree(file)
    const growthBytes = growthBytesOf(need)
    // What follows will be no less: room for it is made now, so that it need not wait, but not the last room of the disk.
    // After a burst the want halves with each write.
    aheadBytes = Math.max(CHUNK_BYTES, aheadBytes / 2, 3 * growthBytes)
    if (fileBytes < atMostUsedBytes + marginBytesOf(need) + aheadBytes / 2) {
      atMostUsedBytes = usedBytes()
      fileBytes = (await handle.stat()).size
      const wanted = atMostUsedBytes + marginBytesOf(need)
      if (fileBytes < wanted + aheadBytes / 2) {
        fileBytes = await extend(handle, fileBytes, { wanted, target: wanted + Math.min(aheadBytes, await freeBytesOf(file) / 4) })
      }
    }
    atMostUsedBytes += growthBytes
  }
  const hasRoomFor = (need: SpaceNeed): boolean => !isCopyOnWrite && fileBytes >= atMostUsedBytes + marginBytesOf(need)
  return { ensure, hasRoomFor, close: () => handle.close() }
}

/** As far as target; fails only where there is no room up to wanted. */
async function extend(handle: FileHandle, from: number, { wanted, target }: { wanted: number; target: number }): Promise<number> {
  const zeros = Buffer.alloc(256 * 1024)
  let end = from
  try {
    while (end < target) end += (await handle.write(zeros, 0, Math.min(zeros.length, target - end), end)).bytesWritten
  } catch (error) {
    if (end < wanted) throw error instanceof Error && 'code' in error && error.code === 'ENOSPC' ? new NoSpaceError('no space left') : error
  }
  return end
}

async function freeBytesOf(file: string): Promise<number> {
  const { bavail, bsize } = await statfs(file)
  return bavail * bsize
}

async function assertFree(file: string): Promise<void> {
  if (await freeBytesOf(file) < COPY_ON_WRITE_FREE_BYTES) throw new NoSpaceError('too little space left')
}
