import type { ServerRequest } from '../apiserver/http.ts'
import type { Log } from '../words/ports.ts'
import { StatusError } from '../words/status-error.ts'
import { thrownMessage } from '../words/thrown.ts'

/**
 * Notes what went wrong with a request after its handler, where an answer was being written. A client that went away (the end of every
 * followed log) is nothing to note, what a Status says (a node that cannot be reached) is no defect, and anything else is.
 */
export function noteFailedRequest(log: Log, request: Pick<ServerRequest, 'path' | 'signal'>, error: unknown): void {
  if (request.signal.aborted) return
  const fields = { path: request.path, error: thrownMessage(error) }
  if (error instanceof StatusError) log.info('A request could not be answered to its end', fields)
  else log.error('A request was not handled', fields)
}
