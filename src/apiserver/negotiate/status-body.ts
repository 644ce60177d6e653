import type { JsonObject } from '../../objects/json.ts'
import type { StatusError } from '../../words/status-error.ts'

/** metav1.Status of a failure. continueToken: where an expired list may go on. */
export function failureBody(error: StatusError, continueToken = ''): JsonObject {
  return {
    kind: 'Status', apiVersion: 'v1', metadata: continueToken === '' ? {} : { continue: continueToken }, status: 'Failure',
    message: error.message,
    ...(error.reason === '' ? {} : { reason: error.reason }),
    ...(error.details === undefined ? {} : { details: error.details }),
    code: error.code,
  }
}

/** metav1.Status of a delete that removed the object. */
export function successBody(details: { group: string; kind: string; name: string; uid: string | undefined }): JsonObject {
  return {
    kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success',
    details: { name: details.name, ...(details.group === '' ? {} : { group: details.group }), kind: details.kind, uid: details.uid },
  }
}
