import { StatusError, forbidden } from '../../words/status-error.ts'
import type { RequestInfo, User } from '../access.ts'

/** The 403 that users and tools know: User "x" cannot list resource "pods" in API group "" in the namespace "default". */
export function denial(user: User, info: RequestInfo, reason: string): StatusError {
  const why = reason === '' ? '' : `: ${reason}`
  if (!info.isResource) {
    return new StatusError(403, 'Forbidden', `forbidden: User ${JSON.stringify(user.name)} cannot ${info.verb} path ${JSON.stringify(info.path)}${why}`, {})
  }
  const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`
  const where = info.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(info.namespace)}`
  const sentence = `User ${JSON.stringify(user.name)} cannot ${info.verb} resource ${JSON.stringify(resource)}`
    + ` in API group ${JSON.stringify(info.group)} ${where}${why}`
  return forbidden({ group: info.group, resource: info.resource }, info.name, sentence)
}
