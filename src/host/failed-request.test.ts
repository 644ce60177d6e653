import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../words/ports.ts'
import { serviceUnavailable } from '../words/status-error.ts'
import { noteFailedRequest } from './failed-request.ts'

function noted(error: unknown, signal: AbortSignal): string[] {
  const lines: string[] = []
  const log = { ...silentLog, info: (message: string) => lines.push(`info ${message}`), error: (message: string) => lines.push(`error ${message}`) }
  noteFailedRequest(log, { path: '/x', signal }, error)
  return lines
}

test('what the log says of a request that failed while it was answered', () => {
  const alive = new AbortController().signal
  assert.deepEqual(noted(new Error('aborted'), AbortSignal.abort()), [])
  assert.deepEqual(noted(serviceUnavailable('the agent of node n broke off its answer'), alive), ['info A request could not be answered to its end'])
  assert.deepEqual(noted(new TypeError('x is undefined'), alive), ['error A request was not handled'])
})
