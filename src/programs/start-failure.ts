import { isObject } from '../objects/json.ts'

/** What a part said of itself when it could not start: the error of its last words, without the log around it. */
export function startFailure(log: string): string | undefined {
  const last = log.trimEnd().split('\n').at(-1) ?? ''
  try {
    const line: unknown = JSON.parse(last)
    if (isObject(line) && line['message'] === 'cannot start' && typeof line['error'] === 'string') return line['error']
  } catch {
    // It ended by something else than itself; the end of the log is all there is to show.
  }
  return undefined
}
