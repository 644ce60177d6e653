import { watch } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { parseTime } from '../../words/instant.ts'
import { parseLogLine } from '../cri/log-line.ts'
import type { LogLine } from '../cri/log-line.ts'
import type { LogOptions } from './log-options.ts'

export interface LogSource {
  readonly path: string
  /** A log that is followed ends when its container does. */
  isRunning(): Promise<boolean>
}

/** Resolves when more may be written; false when nobody reads any more. */
export type LogSink = (bytes: Buffer) => Promise<boolean>

const BLOCK_BYTES = 64 * 1024
/** The runtime cuts lines long before; a file that was not written by it must not fill our memory. */
const LINE_LIMIT_BYTES = 1024 * 1024
const LOOK_EVERY_MS = 500
const NEWLINE = 0x0a
const EMPTY: Buffer = Buffer.alloc(0)

/** Sends a container's log. The file may be rotated meanwhile: the rest of the old one is sent, then the new one. */
export async function sendLog(source: LogSource, options: LogOptions, sink: LogSink, signal: AbortSignal): Promise<void> {
  let file = await openLog(source.path)
  if (file === undefined) return
  try {
    const formatter = logFormatter(options)
    let offset = options.tailLines === undefined ? 0 : await tailOffset(file, options.tailLines)
    let rest = EMPTY
    let ended = false
    while (!signal.aborted) {
      const block = Buffer.allocUnsafe(BLOCK_BYTES)
      const { bytesRead } = await file.read(block, 0, BLOCK_BYTES, offset)
      if (bytesRead > 0) {
        offset += bytesRead
        const { lines, remainder } = splitLines(rest, block.subarray(0, bytesRead))
        rest = remainder
        const output = formatter(lines)
        if (output.bytes.length > 0 && !(await sink(output.bytes))) return
        if (output.isFull) return
        continue
      }
      if (!options.follow || ended) break
      const successor: FileHandle | undefined = await openSuccessor(source.path, file)
      if (successor !== undefined) {
        await file.close()
        file = successor
        offset = 0
        continue
      }
      if (await changed(source.path, signal)) continue
      // Looked at before the last read: what the container wrote until its end is there.
      ended = !(await source.isRunning())
    }
    const last = formatter(rest.length === 0 ? [] : [rest])
    if (last.bytes.length > 0) await sink(last.bytes)
  } finally {
    await file.close()
  }
}

/** Where the last lines begin. Counts lines of the file, so parts of a long line count each, as in the kubelet. */
async function tailOffset(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat()
  if (lines === 0) return size
  const block = Buffer.allocUnsafe(BLOCK_BYTES)
  let left = lines
  let end = size
  while (end > 0) {
    const start = Math.max(0, end - BLOCK_BYTES)
    const { bytesRead } = await file.read(block, 0, end - start, start)
    for (let index = bytesRead - 1; index >= 0; index -= 1) {
      // The end of the last line is no beginning of another.
      if (block[index] !== NEWLINE || start + index === size - 1) continue
      left -= 1
      if (left === 0) return start + index + 1
    }
    end = start
  }
  return 0
}

function splitLines(rest: Buffer, block: Buffer): { lines: Buffer[]; remainder: Buffer } {
  const bytes = rest.length === 0 ? block : Buffer.concat([rest, block])
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  const remainder = bytes.subarray(start)
  if (remainder.length <= LINE_LIMIT_BYTES) return { lines, remainder }
  return { lines: [...lines, remainder], remainder: EMPTY }
}

interface Formatted {
  readonly bytes: Buffer
  /** The byte limit is reached. */
  readonly isFull: boolean
}

function logFormatter(options: LogOptions): (lines: readonly Buffer[]) => Formatted {
  let left = options.limitBytes ?? Number.MAX_SAFE_INTEGER
  let atLineStart = true
  /** Lines are in the order of their times: after the first that counts all others do. */
  let sinceReached = options.since === undefined
  const matches = (line: LogLine): boolean => {
    if (!sinceReached) sinceReached = (parseTime(line.time) ?? 0) >= (options.since ?? 0)
    return sinceReached && (options.stream === 'all' || options.stream === line.stream)
  }
  return (lines) => {
    const parts: Buffer[] = []
    for (const raw of lines) {
      const line = parseLogLine(raw)
      if (line === undefined || !matches(line)) continue
      if (options.timestamps && atLineStart) parts.push(Buffer.from(`${line.time} `))
      parts.push(line.content)
      if (!line.partial) parts.push(Buffer.from('\n'))
      atLineStart = !line.partial
    }
    const bytes = Buffer.concat(parts).subarray(0, left)
    left -= bytes.length
    return { bytes, isFull: left === 0 }
  }
}

async function openLog(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** The file that took this one's place, if one did. */
async function openSuccessor(path: string, file: FileHandle): Promise<FileHandle | undefined> {
  const [there, ours] = await Promise.all([stat(path).catch(() => undefined), file.stat()])
  if (there === undefined || there.ino === ours.ino) return undefined
  return openLog(path)
}

/** False when nothing happened for a while. */
function changed(path: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (isChanged: boolean): void => {
      clearTimeout(timer)
      watcher?.close()
      signal.removeEventListener('abort', onAbort)
      resolve(isChanged)
    }
    const onAbort = (): void => finish(false)
    const timer = setTimeout(() => finish(false), LOOK_EVERY_MS)
    const watcher = watchFile(path, () => finish(true))
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** Without a watch (there are limits on them) the timer alone must do. */
function watchFile(path: string, onChange: () => void): { close(): void } | undefined {
  try {
    const watcher = watch(path, onChange)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
