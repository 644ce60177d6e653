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

/**
 * While a new object may still be changed (it has no uid then) it goes by what its name begins with, also where its controller has chosen
 * the rest: all pods of a ReplicaSet are refused in the same words, which makes one event of them.
 */
function nameToShow({ key, object, operation }: AdmissionRequest): string {
  if (operation !== 'CREATE' || object === undefined) return key.name
  const { uid, generateName = '' } = object.metadata
  const isDraft = uid === undefined && generateName !== '' && key.name.startsWith(generateName)
  return isDraft ? generateName : key.name || generateName || 'Unknown'
}
