import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog, type LogOptions } from './log.ts'

function logged(options: Partial<LogOptions>, backlogBytes = (): number => 0): { lines: string[]; options: LogOptions } {
  const lines: string[] = []
  const stream = {
    write: (line: string) => lines.push(line),
    get writableLength() {
      return backlogBytes()
    },
  }
  const clock = { now: () => Date.UTC(2026, 10, 23, 5, 14, 26, 123), after: () => () => undefined }
  return { lines, options: { stream, clock, level: 'info', format: 'text', ...options } }
}

test('text lines are short and never broken', () => {
  const { lines, options } = logged({})
  const log = createLog(options)
  log.debug('hidden')
  log.with({ node: 'a' }).warn('Two\nlines', { error: 'say "no"\n', count: 2, none: undefined })
  assert.deepEqual(lines, ['05:14:26.123 warn  Two lines node=a error="say \\"no\\"\\n" count=2\n'])
})

test('json lines carry all fields', () => {
  const { lines, options } = logged({ format: 'json' })
  createLog(options).with({ node: 'a' }).info('Ready', { port: 6443 })
  assert.deepEqual(lines, ['{"time":"2026-11-23T05:14:26.123Z","level":"info","message":"Ready","node":"a","port":6443}\n'])
})

test('a reader that is too slow loses lines and is told how many', () => {
  let backlog = 0
  const { lines, options } = logged({ format: 'json' }, () => backlog)
  const log = createLog(options)
  backlog = 5 * 1024 * 1024
  log.info('lost')
  log.info('lost')
  backlog = 0
  log.info('kept')
  assert.deepEqual(lines.map((line) => [JSON.parse(line).message, JSON.parse(line).lines]), [['Log lines were dropped, as nobody read them', 2], ['kept', undefined]])
})
