import type { JsonObject } from '../../objects/json.ts'
import type { PolicyInput } from '../../policy/admission-policy/policy-expressions.ts'
import type { DecisionPort } from '../../policy/cel/library/authorizer.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { AdmissionRequest, ObjectReader } from '../access.ts'
import { reviewOf, type ReviewedObjects } from '../webhooks/admission-review.ts'

/** A request as expressions see it. */
export function policyInput(
  request: AdmissionRequest, of: ReviewedObjects, params: unknown, reader: ObjectReader, decisions: DecisionPort,
): PolicyInput {
  const { kind, key, subresource } = request
  const namespace = key.namespace === '' ? undefined : reader.get(kinds.Namespace, { namespace: '', name: key.namespace })
  return {
    object: of.object, oldObject: of.old, params, namespaceObject: namespace,
    request: requestOf(request, of), decisions,
    requested: { group: kind.group, resource: kind.plural, subresource, namespace: key.namespace, name: key.name },
  }
}

/** The AdmissionRequest of a webhook's review, without its objects, which are variables of their own. */
function requestOf(request: AdmissionRequest, of: ReviewedObjects): JsonObject {
  const { object: _object, oldObject: _old, uid: _uid, ...rest } = reviewOf('', 'v1', request, of)['request'] as JsonObject
  return rest
}
