import { forbidden, type StatusError } from '../words/status-error.ts'
import type { AdmissionRequest } from './access.ts'

/**
 * 403 for a request that something admission asks is against:
 *   pods "web-7d4b9c" is forbidden: no PriorityClass with name none was found
 */
export function forbiddenRequest(request: AdmissionRequest, why: string): StatusError {
  const { kind } = request
  return forbidden({ group: kind.group, resource: kind.plural }, nameToShow(request), why)
}

/** What has no name yet goes by what its name will begin with: all pods of a ReplicaSet are refused in the same words, which makes one event of them. */
function nameToShow({ key, object, operation }: AdmissionRequest): string {
  if (key.name !== '' || operation !== 'CREATE') return key.name
  return object?.metadata.generateName || 'Unknown'
}
