import type { JsonObject } from '../../../objects/json.ts'
import type { OpenApiSchema } from '../../../policy/cel/openapi-schema.ts'
import type { RequestInfo, User } from '../../access.ts'
import { askedSelectors } from '../asked-selectors.ts'

const text: OpenApiSchema = { type: 'string' }
const texts: OpenApiSchema = { type: 'array', items: text }
const requirement: OpenApiSchema = { type: 'object', properties: { key: text, operator: text, values: texts } }
const selector: OpenApiSchema = { type: 'object', properties: { rawSelector: text, requirements: { type: 'array', items: requirement } } }

/** The variable request of an authorizer's match conditions: the spec of a SubjectAccessReview v1. */
export const accessReviewSchema: OpenApiSchema = {
  type: 'object',
  properties: {
    resourceAttributes: {
      type: 'object',
      properties: {
        namespace: text, verb: text, group: text, version: text, resource: text, subresource: text, name: text,
        fieldSelector: selector, labelSelector: selector,
      },
    },
    nonResourceAttributes: { type: 'object', properties: { path: text, verb: text } },
    user: text, groups: texts, extra: { type: 'object', additionalProperties: texts }, uid: text,
  },
}

/** What is asked, with every field there: conditions need not ask whether there is one. */
export function wholeSpec(user: User, info: RequestInfo): JsonObject {
  const { namespace, verb, group, version, resource, subresource, name, path } = info
  const asked = info.isResource
    ? { resourceAttributes: { namespace, verb, group, version, resource, subresource, name, ...askedSelectors(info) } }
    : { nonResourceAttributes: { path, verb } }
  return { ...asked, user: user.name, groups: user.groups, extra: user.extra, uid: user.uid }
}

/** The same as it is sent: without what is empty. v1beta1 calls the groups group. */
export function sentSpec(user: User, info: RequestInfo, version: 'v1' | 'v1beta1'): JsonObject {
  const whole = wholeSpec(user, info)
  const { groups, ...others } = whole
  const named = version === 'v1' ? whole : { ...others, group: groups }
  return Object.fromEntries(Object.entries(named).flatMap(([key, value]) => {
    if (key === 'resourceAttributes' || key === 'nonResourceAttributes') return [[key, withoutEmpty(value as JsonObject)]]
    return isEmpty(value) ? [] : [[key, value]]
  }))
}

function withoutEmpty(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== ''))
}

function isEmpty(value: unknown): boolean {
  return value === ''
    || (Array.isArray(value) && value.length === 0)
    || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
}
