import type { Clock, Log, LogFields } from '../words/ports.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LogOptions {
  /** Where lines go; process.stderr fits. */
  readonly stream: LineStream
  readonly clock: Clock
  readonly level: LogLevel
  /** json: one object a line, for machines. text: short lines for people. */
  readonly format: 'json' | 'text'
}

export interface LineStream {
  write(line: string): unknown
  /** What the reader has not taken yet. */
  readonly writableLength?: number
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }
/** When nobody reads the log, lines beyond this are dropped and counted. */
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024

/** A log that writes one line at a time. A reader that is too slow loses lines, never memory: a later line says how many. */
export function createLog(options: LogOptions): Log {
  const { stream } = options
  let dropped = 0
  const write = (line: string): void => {
    if ((stream.writableLength ?? 0) > MAX_BACKLOG_BYTES) {
      dropped++
      return
    }
    if (dropped > 0) {
      const lost = dropped
      dropped = 0
      stream.write(lineOf(options, 'warn', 'Log lines were dropped, as nobody read them', { lines: lost }))
    }
    stream.write(line)
  }
  return logWith(options, write, {})
}

function logWith(options: LogOptions, write: (line: string) => void, common: LogFields): Log {
  const at = (level: LogLevel) => (message: string, fields?: LogFields): void => {
    if (RANK[level] < RANK[options.level]) return
    write(lineOf(options, level, message, fields === undefined ? common : { ...common, ...fields }))
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => logWith(options, write, { ...common, ...fields }),
  }
}

function lineOf(options: LogOptions, level: LogLevel, message: string, fields: LogFields): string {
  const time = new Date(options.clock.now()).toISOString()
  if (options.format === 'json') return `${JSON.stringify({ time, level, message, ...fields })}\n`
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined).map(([name, value]) => ` ${name}=${textOfField(value)}`)
  return `${time.slice(11, 23)} ${level.padEnd(5)} ${oneLine(message)}${pairs.join('')}\n`
}

function textOfField(value: LogFields[string]): string {
  const text = String(value)
  return /^[\w./:@-]+$/.test(text) ? text : JSON.stringify(text)
}

/** A message never breaks out of its line. */
function oneLine(message: string): string {
  return message.replaceAll(/\p{Cc}+/gu, ' ')
}
