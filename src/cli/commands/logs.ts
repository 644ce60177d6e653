import { closeSync, existsSync, openSync, readSync, statSync, watchFile } from 'node:fs'
import { UsageError } from '../errors.ts'
import { existingCluster, type Invocation } from '../invocation.ts'

export interface LogsOptions {
  readonly part: string | undefined
  readonly follow: boolean
  readonly tailLines: number | undefined
}

const FOLLOW_INTERVAL_MS = 200
const CHUNK_BYTES = 256 * 1024

/** Prints the files part by part; with follow, goes on until it is interrupted. */
export async function logs(invocation: Invocation, options: LogsOptions): Promise<void> {
  const files = invocation.machine.logFiles(existingCluster(invocation))
  const parts = options.part === undefined ? Object.keys(files) : [options.part]
  if (options.part !== undefined && files[options.part] === undefined) {
    throw new UsageError(`there is no part ${JSON.stringify(options.part)}; the parts are ${Object.keys(files).join(', ')}`)
  }
  const prefix = (part: string): string => (parts.length === 1 ? '' : `[${part}] `)
  const ends = parts.map((part) => print(invocation, files[part] ?? '', prefix(part), options.tailLines))
  if (!options.follow) return
  parts.forEach((part, index) => follow(invocation, files[part] ?? '', prefix(part), ends[index] ?? 0))
  await new Promise(() => undefined)
}

/** Returns the offset up to which it printed. */
function print(invocation: Invocation, path: string, prefix: string, tailLines: number | undefined): number {
  if (!existsSync(path)) return 0
  const end = statSync(path).size
  const start = tailLines === undefined ? 0 : tailStart(path, end, tailLines)
  printRange(invocation, path, prefix, start, end)
  return end
}

function printRange(invocation: Invocation, path: string, prefix: string, start: number, end: number): void {
  let rest = ''
  for (let offset = start; offset < end; offset += CHUNK_BYTES) {
    const lines = (rest + readRange(path, offset, Math.min(end, offset + CHUNK_BYTES))).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) invocation.data.write(`${prefix}${line}\n`)
  }
  if (rest !== '') invocation.data.write(`${prefix}${rest}\n`)
}

function readRange(path: string, start: number, end: number): string {
  const descriptor = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(end - start)
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, start)).toString('utf8')
  } finally {
    closeSync(descriptor)
  }
}

/** Where the last lines start, found from the end. */
function tailStart(path: string, end: number, lines: number): number {
  let found = lines === 0 ? 1 : 0
  for (let chunkEnd = end; chunkEnd > 0; chunkEnd -= CHUNK_BYTES) {
    const chunkStart = Math.max(0, chunkEnd - CHUNK_BYTES)
    const chunk = Buffer.from(readRange(path, chunkStart, chunkEnd), 'utf8')
    for (let index = chunk.length - 1; index >= 0; index -= 1) {
      if (chunk[index] !== 10) continue
      found += 1
      if (found > lines) return chunkStart + index + 1
    }
  }
  return 0
}

function follow(invocation: Invocation, path: string, prefix: string, from: number): void {
  let offset = from
  watchFile(path, { interval: FOLLOW_INTERVAL_MS }, (current) => {
    if (current.size < offset) offset = 0
    if (current.size > offset) printRange(invocation, path, prefix, offset, current.size)
    offset = current.size
  })
}
