/** One line of a log file as CRI runtimes write it: TIME STREAM TAGS CONTENT */
export interface LogLine {
  /** RFC 3339 with nanoseconds, as written. */
  readonly time: string
  readonly stream: 'stdout' | 'stderr'
  /** The line goes on in the stream's next entry: it was longer than the runtime's buffer, or had no end of line. */
  readonly partial: boolean
  readonly content: Buffer
}

const SPACE = 0x20

/** Takes a line without its end of line; undefined when it is none of a log. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const afterTime = line.indexOf(SPACE)
  const afterStream = line.indexOf(SPACE, afterTime + 1)
  if (afterTime <= 0 || afterStream < 0) return undefined
  const tagEnd = line.indexOf(SPACE, afterStream + 1)
  const end = tagEnd < 0 ? line.length : tagEnd
  const stream = line.toString('latin1', afterTime + 1, afterStream)
  if (stream !== 'stdout' && stream !== 'stderr') return undefined
  // Tags are separated by colons; P and F is the only one that there is.
  const tag = line.toString('latin1', afterStream + 1, end).split(':')[0]
  if (tag !== 'P' && tag !== 'F') return undefined
  const content = line.subarray(Math.min(end + 1, line.length))
  return { time: line.toString('latin1', 0, afterTime), stream, partial: tag === 'P', content }
}
