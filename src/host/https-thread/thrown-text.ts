import { StatusError, type StatusDetails, type StatusReason } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'

interface ThrownText {
  readonly message: string
  /** Of a StatusError. */
  readonly status?: { readonly code: number; readonly reason: StatusReason; readonly details?: StatusDetails | undefined }
}

/** What was thrown in one thread, for another. */
export function textOfThrown(thrown: unknown): string {
  const text: ThrownText = thrown instanceof StatusError
    ? { message: thrown.message, status: { code: thrown.code, reason: thrown.reason, details: thrown.details } }
    : { message: thrownMessage(thrown) }
  return JSON.stringify(text)
}

/** text: of textOfThrown. */
export function thrownOfText(text: string): Error {
  const { message, status } = JSON.parse(text) as ThrownText
  return status === undefined ? new Error(message) : new StatusError(status.code, status.reason, message, status.details)
}
