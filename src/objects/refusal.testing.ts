import assert from 'node:assert/strict'
import { StatusError } from '../words/status-error.ts'

/** The StatusError that is thrown, undefined when nothing is. Anything else that is thrown is a defect. */
export function refusalOf(run: () => unknown): StatusError | undefined {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof StatusError, error instanceof Error ? error.stack : String(error))
    return error
  }
  return undefined
}

/** The message of a 400, or 'accepted'. */
export function badRequestOf(run: () => unknown): string {
  const error = refusalOf(run)
  assert.equal(error?.code ?? 400, 400)
  return error?.message ?? 'accepted'
}
