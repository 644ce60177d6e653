import type { JsonObject } from '../../objects/json.ts'
import type { PolicyInput } from '../../policy/admission-policy/compiled-policy.ts'
import type { AuthorizationDecision, AuthorizationQuestion, DecisionPort } from '../../policy/cel/library/authorizer.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { AdmissionRequest, Authorizer, ObjectReader, RequestInfo, User } from '../access.ts'
import { serviceAccountGroups, serviceAccountUserName } from '../access/subjects.ts'
import { reviewOf, type ReviewedObjects } from '../webhooks/admission-review.ts'

/** A request as expressions see it. */
export function policyInput(request: AdmissionRequest, of: ReviewedObjects, params: unknown, reader: ObjectReader, authorizer: Authorizer): PolicyInput {
  const { kind, key, subresource, user } = request
  const namespace = key.namespace === '' ? undefined : reader.get(kinds.Namespace, { namespace: '', name: key.namespace })
  return {
    object: of.object, oldObject: of.old, params, namespaceObject: namespace,
    request: requestOf(request, of), decisions: decisionPort(authorizer, user),
    requested: { group: kind.group, resource: kind.plural, subresource, namespace: key.namespace, name: key.name },
  }
}

/** The AdmissionRequest of a webhook's review, without its objects, which are variables of their own. */
function requestOf(request: AdmissionRequest, of: ReviewedObjects): JsonObject {
  const { object: _object, oldObject: _old, uid: _uid, ...rest } = reviewOf('', 'v1', request, of)['request'] as JsonObject
  return rest
}

function decisionPort(authorizer: Authorizer, user: User): DecisionPort {
  return {
    decide({ serviceAccount, verb, about }: AuthorizationQuestion): AuthorizationDecision {
      const asked = serviceAccount === undefined ? user : userOf(serviceAccount.namespace, serviceAccount.name)
      const base = { verb, group: '', version: '*', resource: '', subresource: '', namespace: '', name: '', path: '' }
      const info: RequestInfo = about.kind === 'path'
        ? { ...base, isResource: false, path: about.path }
        : { ...base, isResource: true, group: about.group, resource: about.resource, subresource: about.subresource, namespace: about.namespace, name: about.name }
      const decision = authorizer.authorize(asked, info)
      if (decision instanceof Promise) return { allowed: false, reason: '', error: 'the authorizer cannot tell at once' }
      return { allowed: decision.allowed, reason: decision.reason, error: '' }
    },
  }
}

function userOf(namespace: string, name: string): User {
  return { name: serviceAccountUserName(namespace, name), uid: '', groups: [...serviceAccountGroups(namespace), 'system:authenticated'], extra: {} }
}
