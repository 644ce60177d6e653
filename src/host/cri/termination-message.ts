import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { parseLogLine } from './log-line.ts'

/** Documented bounds of a termination message: 4096 bytes of the file; 2048 bytes or 80 lines of the log. */
const FILE_LIMIT_BYTES = 4096
const LOG_LIMIT_BYTES = 2048
const LOG_LIMIT_LINES = 80

/** What the container wrote, without anything beyond the limit. */
export function readTerminationFile(file: string): string {
  return readPart(file, 0, FILE_LIMIT_BYTES)
}

/** The last lines of a container's log, without their times. */
export function readLogTail(file: string): string {
  // Each line has a time and a stream's name before it: read more, then cut.
  const raw = readPart(file, -LOG_LIMIT_BYTES * 4, LOG_LIMIT_BYTES * 4)
  const texts: string[] = []
  for (const line of raw.split('\n')) {
    const parsed = parseLogLine(Buffer.from(line))
    if (parsed !== undefined) texts.push(parsed.content.toString('utf8') + (parsed.partial ? '' : '\n'))
  }
  return lastBytes(texts.slice(-LOG_LIMIT_LINES).join(''), LOG_LIMIT_BYTES)
}

function lastBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text)
  return bytes.length <= limit ? text : bytes.subarray(bytes.length - limit).toString('utf8')
}

/** from below 0 counts from the file's end. A file that is not there reads as nothing. */
function readPart(file: string, from: number, limit: number): string {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch {
    return ''
  }
  try {
    const { size } = fstatSync(descriptor)
    const start = from < 0 ? Math.max(0, size + from) : from
    const buffer = Buffer.alloc(Math.min(limit, Math.max(0, size - start)))
    const read = readSync(descriptor, buffer, 0, buffer.length, start)
    return buffer.subarray(0, read).toString('utf8')
  } finally {
    closeSync(descriptor)
  }
}
